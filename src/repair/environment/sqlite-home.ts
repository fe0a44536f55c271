import { kindOfPath } from "../../store/home-place.ts";
import type { Check } from "../check.ts";

/** A missing folder is made by Codex. Measured: a file there makes it go on without its database, and say nothing. */
export const sqliteHome: Check = {
  id: "sqlite_home_odd",
  area: "environment",
  severity: "warning",
  title: "CODEX_SQLITE_HOME names a place that cannot be meant",
  look: ({ fx: { env, fs } }) => {
    const given = env["CODEX_SQLITE_HOME"];
    if (!given) return [];
    const message = problemOf(given, () => kindOfPath(fs, given));
    return message === null
      ? []
      : [{ message, evidence: [`CODEX_SQLITE_HOME=${given}`], fix: "unset CODEX_SQLITE_HOME" }];
  },
};

function problemOf(given: string, kind: () => string): string | null {
  if (given.startsWith("~"))
    return "CODEX_SQLITE_HOME begins with ~, which Codex does not replace: it makes a folder of that name.";
  if (!/^(?:[A-Za-z]:)?[\\/]/.test(given))
    return "CODEX_SQLITE_HOME does not begin at the root: Codex makes another database in each folder where it starts.";
  return kind() === "file"
    ? "CODEX_SQLITE_HOME is a file: Codex goes on without its database, so sessions are not listed."
    : null;
}
