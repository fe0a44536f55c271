import { configString } from "../../codex/config-tree.ts";
import { databaseNames } from "../../codex/migration-checksums.ts";
import { migrationFaults, migrationTable, type MigrationFault } from "../../codex/migrations.ts";
import { readDatabase } from "../../store/codex-databases.ts";
import { codexPrograms, programHolds } from "../../store/codex-program.ts";
import { windowsMount } from "../../store/home-place.ts";
import { resolveNamed } from "../../store/named-file.ts";
import { userHome } from "../../store/paths.ts";
import type { Check, Sighting } from "../check.ts";
import { ownHomeInWsl } from "../environment/codex-home-on-windows.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

interface DatabaseFault extends MigrationFault {
  database: string;
  path: string;
}

/** Codex goes on without these two. */
const optional = /^(logs|thread_history)_/;

/** Not mended: with the database, the names that a person gave to sessions go away. */
export const migrationModified: Check = {
  id: "migration_modified",
  area: "config",
  severity: "error",
  title: "a database of Codex was made by another build",
  look: (scene) => {
    const folder = databaseFolder(scene);
    const faults = databaseNames.flatMap((database) => faultsIn(scene, database, `${folder}/${database}`));
    return worstOfEach(faults).map((fault) => sighting(fault, scene));
  },
};

function databaseFolder({ fx, paths, config }: Scene): string {
  const named = config.tree && configString(config.tree, ["sqlite_home"]);
  const written = named ?? fx.env["CODEX_SQLITE_HOME"];
  return written ? resolveNamed(written, paths.codexHome, userHome(fx.env)) : paths.codexHome;
}

function faultsIn({ fx }: Scene, database: string, path: string): DatabaseFault[] {
  const rows = readDatabase(fx.fs, path, migrationTable) ?? [];
  return migrationFaults(database, rows)
    .filter((fault) => !isKnownToCodex(fx, fault))
    .map((fault) => Object.assign(fault, { database, path }));
}

/** A build that we do not know may have its own: the installed program holds every checksum that it accepts. */
function isKnownToCodex({ fs, env, platform }: Scene["fx"], { kind, checksum }: MigrationFault): boolean {
  if (kind !== "modified" || checksum === null) return false;
  return codexPrograms(fs, env["PATH"] ?? "", platform).some((program) =>
    programHolds(fs, program, checksum),
  );
}

/** One finding a database: it is moved as a whole. */
function worstOfEach(faults: readonly DatabaseFault[]): DatabaseFault[] {
  return faults.filter((fault, index) => faults.findIndex(({ path }) => path === fault.path) === index);
}

function sighting(fault: DatabaseFault, scene: Scene): Sighting {
  const { database, path, version } = fault;
  const isOptional = optional.test(database);
  const effect = isOptional
    ? `Codex does without ${database}`
    : `The interactive Codex, its app-server and editors do not start, and codex exec goes on without ${database}`;
  return {
    message: `${effect}: ${reasonOf(fault)}. ${advice(scene, database)}`,
    evidence: [`${path}: migration ${version}${fault.description && `, "${fault.description}"`}`],
    fix: isSharedWithWindows(scene) ? ownHomeInWsl : setAside(path),
    ...(isOptional && { severity: "warning" as const }),
  };
}

function reasonOf({ kind, version }: DatabaseFault): string {
  if (kind === "unfinished") return `migration ${version} was begun and never finished`;
  if (kind === "missing") return `it has no record of migration ${version}`;
  return `migration ${version} was previously applied but has been modified, as by a build for another system`;
}

function advice(scene: Scene, database: string): string {
  if (isSharedWithWindows(scene)) return "Windows and WSL share this CODEX_HOME: give WSL one of its own.";
  const lost = database.startsWith("state_")
    ? "the list of sessions comes back from their files, but without the names that you gave them"
    : "what was in it stays in the file that is moved";
  return `End every Codex and move the database away, and Codex makes a new one; ${lost}.`;
}

function isSharedWithWindows({ fx, paths }: Scene): boolean {
  return windowsMount(fx.fs, paths.codexHome) !== null;
}

/** With its -wal and -shm; an earlier one of that name is not in the way. */
function setAside(path: string): string {
  return `d=${shellWord(`${path.replace(/\.sqlite$/, "")}-set-aside-`)}$(date +%s); mkdir "$d" && mv ${shellWord(path)}* "$d"`;
}
