import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

export const storeFolderForeign: Check = {
  id: "store_folder_foreign",
  area: "store",
  severity: "error",
  title: "CODEX_AUTH_DIR names a folder that is not ours",
  look: ({ problem, paths: { storeDir } }) =>
    problem?.code === "store_folder_foreign"
      ? [{ message: problem.message, fix: `export CODEX_AUTH_DIR=${shellWord(`${storeDir}/codex-auth`)}` }]
      : [],
};
