import { isBelow } from "../../store/home-place.ts";
import type { Check } from "../check.ts";

/** Codex 0.169 starts there, but makes no helper programs: "Refusing to create helper binaries under temporary dir". */
export const codexHomeTemporary: Check = {
  id: "codex_home_temporary",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME lies in the temporary folder",
  look: ({ fx: { env, fs, platform }, paths }) => {
    const folder = env["TMPDIR"] || env["TEMP"] || (platform === "win32" ? "" : "/tmp");
    if (folder === "" || !isBelow(fs, paths.codexHome, folder)) return [];
    return [
      {
        message:
          "CODEX_HOME lies in the temporary folder: its logins go when that is cleaned, and Codex makes no helper programs there.",
        evidence: [`CODEX_HOME is ${paths.codexHome}`, `the temporary folder is ${folder}`],
        fix: 'export CODEX_HOME="$HOME/.codex"',
      },
    ];
  },
};
