import { storedSchema } from "../../database/schema.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { readDatabase, readingAt } from "../../machine/databases.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { folderOf } from "../../machine/path-kind.ts";
import { isListening, portHolder } from "../../machine/ports.ts";
import { databaseFile } from "../../store/files/gateway.ts";
import type { RotationReading } from "../../store/files/rotation.ts";
import { closeToOthers, ownModeOf } from "../../store/files/mode.ts";
import { othersOfKey } from "../../store/seal/shared-secret.ts";
import type { Store } from "../../store/store.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { DoctorCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { moveDatabaseAside } from "../place-finding.ts";

/** Clients keep the address that they were given, and send their key to whoever answers there. */
export const gatewayPortHeld: DoctorCheck = {
  id: "gateway_port_held",
  area: "store",
  severity: "error",
  title: "another program answers where the gateway was",
  look: ({ ctx: { fs, store, platform } }) => {
    if (platform !== "linux") return { skipped: "this system does not tell who listens" };
    const found = readEntry(store);
    if (found?.liveness !== "dead" || isListening(fs, found.entry.port) !== true) return [];
    const { port } = found.entry;
    const holder = portHolder(fs, port);
    const who =
      holder === null || holder.pid === null ? "of another user" : `${holder.name}, process ${holder.pid}`;
    const message = `The gateway on port ${port} has ended without saying so, and another program (${who}) listens there now: clients that have the address send it their keys.`;
    const advice =
      "give clients the new address, and their keys a new secret: codex auth gateway key rotate <name>";
    return [
      {
        message,
        evidence: [`process ${found.entry.process.pid}, which has ended`, advice],
        command: "codex auth gateway start",
      },
    ];
  },
};

export const gatewayKilled: DoctorCheck = {
  id: "gateway_killed",
  area: "store",
  severity: "warning",
  title: "the gateway was killed",
  look: ({ ctx: { store } }) => {
    const found = readEntry(store);
    if (found?.liveness !== "dead") return [];
    const { port, process } = found.entry;
    const message = `The gateway on port ${port} was killed. Its clients get no answer; what ran then is charged when one starts again.`;
    const again = `to answer there again: codex auth gateway start --port ${port}`;
    const fix = {
      does: "Remove the record of the gateway that was killed.",
      apply: () => store.gateway.sweep(),
    };
    const evidence = [`process ${process.pid}, which has ended`, again];
    return [{ message, evidence, command: "codex auth fix", fix }];
  },
};

/** Null also for an entry that cannot be read, which has a check of its own. */
function readEntry({ gateway }: Store): RotationReading | null {
  try {
    return gateway.read();
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}

/** Not mended: the keys are nowhere else. */
export const gatewayDatabaseUnreadable: DoctorCheck = {
  id: "gateway_database_unreadable",
  area: "store",
  severity: "error",
  title: "the database of the gateway cannot be read",
  look: (facts) => {
    const path = databaseFile(facts.ctx.env, facts.paths);
    const problem = path === null ? null : problemOf(facts, path);
    if (path === null || problem === null) return [];
    if (problem === "may not be read by this user") {
      const message = `The gateway does not start: ${path} ${problem}.`;
      return [{ message, evidence: [path], command: `chmod u+rw ${shellWord(path)}` }];
    }
    const message = `The gateway does not start: ${path} ${problem}. Its keys and limits are nowhere else; with the file moved away a new, empty one is made.`;
    return [{ message, evidence: [path], command: moveDatabaseAside(path, `${folderOf(path)}/`) }];
  },
};

export const gatewayDatabaseTooNew: DoctorCheck = {
  id: "gateway_database_too_new",
  area: "store",
  severity: "error",
  title: "the database of the gateway was made by a newer codex-auth",
  look: (facts) => {
    const path = databaseFile(facts.ctx.env, facts.paths);
    const schema = path === null ? null : storedSchema(readDatabase(facts.ctx.fs, path, "store_info") ?? []);
    if (path === null || schema === null || !schema.isTooNew) return [];
    const message = `The gateway does not start: ${path} was made by a newer codex-auth. Update codex-auth on this machine.`;
    return [
      {
        message,
        evidence: [`schema ${schema.version}, and this codex-auth knows ${schema.known}`],
        command: "npm install --global codex-auth",
      },
    ];
  },
};

export const gatewayOpen: DoctorCheck = {
  id: "gateway_open",
  area: "store",
  severity: "warning",
  title: "the database or the key file of the gateway can be read by other users",
  look: (facts) => {
    if (facts.ctx.platform === "win32") return { skipped: "Windows has no modes" };
    return openFiles(facts).map(({ path, mode, risk }) => ({
      message: `${path} is open to other users: ${risk}.`,
      evidence: [`mode ${mode.toString(8).padStart(4, "0")}, where 0600 is right`],
      command: `chmod 600 ${shellWord(path)}`,
      fix: {
        does: `Let nobody but you read ${path} (mode 0600).`,
        apply: () => Promise.resolve(closeToOthers(facts.ctx.fs, facts.paths, path)),
      },
    }));
  },
};

interface OpenFile {
  readonly path: string;
  readonly mode: number;
  readonly risk: string;
}

const useRisk = "who uses the gateway and for what is not secret";
const keyRisk = "with this key and a copy of what it seals anybody has the logins in it";

function openFiles(facts: Facts): OpenFile[] {
  const { ctx, paths } = facts;
  const database = databaseFile(ctx.env, paths);
  const keyFile = ctx.env["CODEX_AUTH_KEY_FILE"];
  const ofDatabase = database === null ? [] : [database, `${database}-wal`, `${database}-shm`];
  const ours = [...ofDatabase, ctx.store.gatewayFiles.journalFile];
  const files = ours.map((path) => ({ path, risk: useRisk, openTo: 0o077 }));
  if (keyFile)
    files.push({ path: keyFile, risk: keyRisk, openTo: othersOfKey(statOf(ctx.fs, keyFile)?.uid) });
  return files.flatMap(({ path, risk, openTo }) => {
    const mode = ownModeOf(ctx.fs, paths, path);
    return mode !== null && (mode & openTo) !== 0 ? [{ path, mode, risk }] : [];
  });
}

const magic = "SQLite format 3\0";

/** A folder on the way that cannot be entered is named where all of it is. */
function statOf(fs: FileSystem, path: string) {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** An empty file is one that was made a moment ago. */
function problemOf({ ctx: { fs } }: Facts, path: string): string | null {
  const stat = statOf(fs, path);
  if (!stat) return null;
  if (!stat.isFile()) return "is no file";
  if (stat.size === 0) return null;
  const start = readingAt(fs, path, (read) => Buffer.from(read(0, magic.length)).toString("latin1"));
  if (start === null) return "may not be read by this user";
  if (start !== magic) return "is no database";
  return readDatabase(fs, path, "store_info") === null ? "is damaged" : null;
}
