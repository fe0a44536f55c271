import { kindOfPath } from "../../store/home-place.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

export const codexHomeMissing: Check = {
  id: "codex_home_missing",
  area: "environment",
  severity: "error",
  title: "CODEX_HOME names no folder",
  look: ({ fx: { env, fs }, paths, homeProblem }) => {
    const given = env["CODEX_HOME"];
    if (!given || !paths.isHomeExplicit || homeProblem !== null) return [];
    const kind = kindOfPath(fs, paths.codexHome);
    if (kind === "folder") return [];
    const evidence = [`CODEX_HOME=${given}`];
    if (given.startsWith("~")) {
      const message =
        "Codex does not start: CODEX_HOME begins with ~, which neither the shell (in quotes) nor Codex replaces.";
      const isOwn = given === "~" || given.startsWith("~/");
      const fix = isOwn ? `export CODEX_HOME="$HOME${given.slice(1)}"` : "unset CODEX_HOME";
      return [{ message, evidence, fix }];
    }
    if (kind === "file")
      return [
        {
          message: "Codex does not start: CODEX_HOME is a file and no folder.",
          evidence,
          fix: "unset CODEX_HOME",
        },
      ];
    const message = "Codex does not start: the folder that CODEX_HOME names does not exist.";
    return [{ message, evidence, fix: `mkdir -p ${shellWord(paths.codexHome)}` }];
  },
};
