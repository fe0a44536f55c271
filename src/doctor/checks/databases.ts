import { configString } from "../../codex/config/tree.ts";
import {
  databaseNames,
  type MigrationFault,
  migrationFaults,
  migrationTable,
} from "../../codex/database/migrations.ts";
import { codexPrograms, programHolds } from "../../machine/codex-programs.ts";
import { readDatabase } from "../../machine/databases.ts";
import { kindOfPath, resolveNamed, windowsMount } from "../../machine/path-kind.ts";
import { userHome } from "../../machine/paths.ts";
import type { DoctorCheck, FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { moveDatabaseAside } from "../place-finding.ts";
import { ownHomeInWsl } from "./codex-home.ts";

interface DatabaseFault extends MigrationFault {
  database: string;
  path: string;
}

/** Codex goes on without these two. */
const optional = /^(logs|thread_history)_/;

/** Not mended: with the database, the names that a person gave to sessions go away. */
export const migrationModified: DoctorCheck = {
  id: "migration_modified",
  area: "config",
  severity: "error",
  title: "a database of Codex was made by another build",
  look: (facts) => {
    const folder = databaseFolder(facts);
    const faults = databaseNames.flatMap((database) => faultsIn(facts, database, `${folder}/${database}`));
    return worstOfEach(faults).map((fault) => foundFault(fault, facts));
  },
};

function databaseFolder({ ctx, paths, config }: Facts): string {
  const named = config.tree && configString(config.tree, ["sqlite_home"]);
  const written = named ?? ctx.env["CODEX_SQLITE_HOME"];
  return written ? resolveNamed(written, paths.codexHome, userHome(ctx.env)) : paths.codexHome;
}

function faultsIn({ ctx }: Facts, database: string, path: string): DatabaseFault[] {
  const rows = readDatabase(ctx.fs, path, migrationTable) ?? [];
  return migrationFaults(database, rows)
    .filter((fault) => !isKnownToCodex(ctx, fault))
    .map((fault) => Object.assign(fault, { database, path }));
}

/** A build that we do not know may have its own: the installed program holds every checksum that it accepts. */
function isKnownToCodex({ fs, env, platform }: Facts["ctx"], { kind, checksum }: MigrationFault): boolean {
  if (kind !== "modified" || checksum === null) return false;
  return codexPrograms(fs, env["PATH"] ?? "", platform).some((program) =>
    programHolds(fs, program, checksum),
  );
}

/** One finding a database: it is moved as a whole. */
function worstOfEach(faults: readonly DatabaseFault[]): DatabaseFault[] {
  return faults.filter((fault, index) => faults.findIndex(({ path }) => path === fault.path) === index);
}

function foundFault(fault: DatabaseFault, facts: Facts): FoundFault {
  const { database, path, version } = fault;
  const isOptional = optional.test(database);
  const effect = isOptional
    ? `Codex does without ${database}`
    : `The interactive Codex, its app-server and editors do not start, and codex exec goes on without ${database}`;
  return {
    message: `${effect}: ${reasonOf(fault)}. ${advice(facts, database)}`,
    evidence: [`${path}: migration ${version}${fault.description && `, "${fault.description}"`}`],
    command: isSharedWithWindows(facts)
      ? ownHomeInWsl
      : moveDatabaseAside(path, `${path.replace(/\.sqlite$/, "")}-`),
    ...(isOptional && { severity: "warning" as const }),
  };
}

function reasonOf({ kind, version }: DatabaseFault): string {
  if (kind === "unfinished") return `migration ${version} was begun and never finished`;
  if (kind === "missing") return `it has no record of migration ${version}`;
  return `migration ${version} was previously applied but has been modified, as by a build for another system`;
}

function advice(facts: Facts, database: string): string {
  if (isSharedWithWindows(facts)) return "Windows and WSL share this CODEX_HOME: give WSL one of its own.";
  const lost = database.startsWith("state_")
    ? "the list of sessions comes back from their files, but without the names that you gave them"
    : "what was in it stays in the file that is moved";
  return `End every Codex and move the database away, and Codex makes a new one; ${lost}.`;
}

function isSharedWithWindows({ ctx, paths }: Facts): boolean {
  return windowsMount(ctx.fs, paths.codexHome) !== null;
}

/** A missing folder is made by Codex. Measured: a file there makes it go on without its database, and say nothing. */
export const sqliteHome: DoctorCheck = {
  id: "sqlite_home_odd",
  area: "environment",
  severity: "warning",
  title: "CODEX_SQLITE_HOME names a place that cannot be meant",
  look: ({ ctx: { env, fs } }) => {
    const given = env["CODEX_SQLITE_HOME"];
    if (!given) return [];
    const message = problemOf(given, () => kindOfPath(fs, given));
    return message === null
      ? []
      : [{ message, evidence: [`CODEX_SQLITE_HOME=${given}`], command: "unset CODEX_SQLITE_HOME" }];
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
