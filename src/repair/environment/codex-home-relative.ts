import { kindOfPath } from "../../store/home-place.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/** Codex takes it from the folder in which it starts. */
export const codexHomeRelative: Check = {
  id: "codex_home_relative",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME is another folder wherever one stands",
  look: ({ fx: { env, fs, platform }, paths }) => {
    const given = env["CODEX_HOME"] ?? "";
    const isAbsolute = platform === "win32" ? /^(?:[A-Za-z]:)?[\\/]/.test(given) : given.startsWith("/");
    if (given === "" || isAbsolute || kindOfPath(fs, paths.codexHome) !== "folder") return [];
    return [
      {
        message:
          "CODEX_HOME does not begin at the root, so each folder in which Codex starts has another login.",
        evidence: [`CODEX_HOME=${given}`, `here it is ${paths.codexHome}`],
        fix: `export CODEX_HOME=${shellWord(paths.codexHome)}`,
      },
    ];
  },
};
