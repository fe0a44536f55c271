import { programsOnPath } from "../../store/programs.ts";
import type { Check } from "../check.ts";

/** Where we cannot take Codex's own locks, a last look before each write is all the protection there is. */
export const locksNotShared: Check = {
  id: "locks_not_shared",
  area: "store",
  severity: "warning",
  title: "the locks of Codex cannot be taken here",
  look: ({ fx: { fs, env, platform } }) => {
    const message =
      "Codex's own locks cannot be taken here: a save of Codex at the very same moment could be overwritten";
    if (platform !== "linux") {
      const evidence = [`system: ${platform}, which has no flock program`];
      return [
        {
          message: `${message}. Each file is compared right before it is replaced.`,
          evidence,
          fix: null,
          severity: "info",
        },
      ];
    }
    const path = env["PATH"] ?? "";
    if (path === "") return { skipped: "there is no PATH" };
    if (programsOnPath(fs, path, ["flock"]).length > 0) return [];
    const evidence = ["no program flock in PATH"];
    return [{ message: `${message}.`, evidence, fix: "sudo apt-get install util-linux" }];
  },
};
