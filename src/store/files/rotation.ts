import { join } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, namesIn, readTextIfPresent, removeIfPresent } from "../../machine/file-system.ts";
import { openEmptied } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import { type Liveness, livenessOf, processStat } from "../../machine/processes.ts";
import { isRecord, numberField, parseJson, textField } from "../../text/json.ts";
import { writeFileAtomic } from "../atomic-write.ts";

/** What other commands must know of the rotation proxy that runs. The key is a secret. */
export interface RotationEntry {
  readonly process: ProcessIdentity;
  readonly port: number;
  readonly key: string;
  readonly startedAtMs: number;
  /** What the background process prints; null for one in the foreground. */
  readonly logFile: string | null;
  /** Of a gateway: where its database is. A password may stand in it. */
  readonly database?: string;
}

/** The servers that a store may have, one of each. */
export type ServerKind = "rotation" | "gateway";

const servers = {
  rotation: {
    running: "rotation_running",
    name: "rotation proxy",
    hint: "Use that one: codex auth rotation enable-hint. Or end it first: codex auth rotation stop",
  },
  gateway: {
    running: "gateway_running",
    name: "gateway",
    hint: "Use that one: codex auth gateway status. Or end it first: codex auth gateway stop",
  },
} as const;

/** `dead`: it was killed and could not take its entry away. `unknown`: the system does not tell. */
export interface RotationReading {
  readonly entry: RotationEntry;
  readonly liveness: Exclude<Liveness, "self">;
  readonly isOwn: boolean;
  /** Stopped by Ctrl-Z or SIGSTOP: it answers nobody until it goes on. */
  readonly isSuspended: boolean;
}

/** The entry of the one server of its kind of a store, `rotation.json` or `gateway.json`, and its log. */
export interface RotationFile {
  /** Null when there is no entry. */
  read(): RotationReading | null;
  /** Enters this process, and returns the entry. Throws `rotation_running` or `gateway_running`. */
  claim(entry: Omit<RotationEntry, "process">): Promise<RotationEntry>;
  /** Removes the entry of this process, also from a disk that is full. */
  release(): void;
  /** Removes the entry of a dead process; where that is not possible now it stays, and is dead all the same. */
  sweep(): Promise<void>;
  readonly path: string;
  readonly logFile: string;
  /** Empties the log and opens it, mode 0600. Throws where no entry could be written, and `rotation_running` or `gateway_running`. */
  openLog(): Promise<number>;
  readLog(): string;
}

type Locked = <T>(work: () => Promise<T>) => Promise<T>;

export function rotationFile(
  paths: Paths,
  { fs, self }: { fs: FileSystem; self: () => ProcessIdentity },
  locked: Locked,
  kind: ServerKind,
): RotationFile {
  const path = join(paths.storeDir, `${kind}.json`);
  const logFile = join(paths.storeDir, `${kind}.log`);
  const read = () => readRotation(fs, path, self());
  return {
    read,
    claim: (fields) =>
      locked(async () => {
        refuseSecondServer(read(), kind);
        const entry = { ...fields, process: self() };
        writeFileAtomic(fs, path, `${JSON.stringify(entry)}\n`);
        return entry;
      }),
    // Without the lock: nobody else replaces the entry of a process that lives.
    release: () => {
      if (read()?.isOwn) removeIfPresent(fs, path);
    },
    sweep: () =>
      locked(async () => {
        if (read()?.liveness === "dead") removeIfPresent(fs, path);
      }).catch(() => undefined),
    path,
    logFile,
    openLog: () =>
      locked(async () => {
        refuseSecondServer(read(), kind);
        return openEmpty(fs, logFile);
      }),
    readLog: () => readTextIfPresent(fs, logFile) ?? "",
  };
}

/** Throws `rotation_running` or `gateway_running` when the entry belongs to a process that is not proven dead. */
export function refuseSecondServer(found: RotationReading | null, kind: ServerKind): void {
  if (found === null || found.liveness === "dead") return;
  const { port, process } = found.entry;
  const { running, name, hint } = servers[kind];
  const message = `A ${name} runs already: http://127.0.0.1:${port} (process ${process.pid}).`;
  throw new CodexAuthError(running, message, { hint });
}

/** Throws while a server of ours runs, which would write into a store that is gone or changes its form. */
export function refuseRunningServers(store: Record<ServerKind, { read(): RotationReading | null }>): void {
  refuseRunningServer(store.rotation.read(), "rotation");
  refuseRunningServer(store.gateway.read(), "gateway");
}

function refuseRunningServer(found: RotationReading | null, kind: ServerKind): void {
  if (found === null || found.liveness === "dead") return;
  const message = `The ${servers[kind].name} still runs (process ${found.entry.process.pid}).`;
  throw new CodexAuthError("store_in_use", message, {
    hint: `End it: codex auth ${kind} stop. Nothing was changed.`,
  });
}

function readRotation(fs: FileSystem, path: string, self: ProcessIdentity): RotationReading | null {
  const entry = parseEntry(readTextIfPresent(fs, path) ?? "");
  if (entry === null) return null;
  const liveness = livenessOf(entry.process, self);
  const isOwn = liveness === "self";
  const isSuspended = liveness === "alive" && processStat(entry.process.pid)?.state === "T";
  return { entry, liveness: isOwn ? "alive" : liveness, isOwn, isSuspended };
}

/** Null for what we did not write: the file is replaced whole, so it is never half written. */
function parseEntry(text: string): RotationEntry | null {
  const value = parseJson(text);
  const process = isRecord(value) ? identity(value["process"]) : null;
  const [port, startedAtMs] = [numberField(value, "port"), numberField(value, "startedAtMs")];
  const key = textField(value, "key");
  if (process === null || startedAtMs === undefined || key === undefined) return null;
  // The key stands in an address that is asked, and the process may be sent a signal.
  if (port === undefined || !isCount(port, 65_535) || !/^[\w-]{16,256}$/.test(key)) return null;
  const database = textField(value, "database");
  const logFile = textField(value, "logFile") ?? null;
  return { process, port, key, startedAtMs, logFile, ...(database === undefined ? {} : { database }) };
}

function identity(value: unknown): ProcessIdentity | null {
  const [pid, host] = [numberField(value, "pid"), textField(value, "host")];
  if (pid === undefined || !isCount(pid, 2 ** 31) || host === undefined) return null;
  const optional = (name: string) => textField(value, name) ?? null;
  return {
    pid,
    host,
    start: optional("start"),
    boot: optional("boot"),
    machine: optional("machine"),
    pidNamespace: optional("pidNamespace"),
  };
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= most;
}

/** Of two that start at once both write here, so none takes the file from the other. A pipe there is refused. */
function openEmpty(fs: FileSystem, path: string): number {
  try {
    return openEmptied(fs, path);
  } catch (error) {
    throw fileError(error, `write ${path}`);
  }
}

/** The proxies that live as long as one command, each in a file of its own. */
export interface RotationRuns {
  /** Those that live, newest first; the files of dead ones are removed. */
  read(): RotationEntry[];
  /** How many of those that live began before this process, which began at `startedAtMs`. */
  countBefore(startedAtMs: number): number;
  /** Enters this process; returns what takes it out again. Where it cannot be written, nobody finds it. */
  enter(entry: Pick<RotationEntry, "port" | "key" | "startedAtMs">): () => void;
}

const runName = /^rotation-\d+\.json$/;

export function rotationRuns(
  { storeDir }: Pick<Paths, "storeDir">,
  { fs, self }: { fs: FileSystem; self: () => ProcessIdentity },
): RotationRuns {
  const living = () => {
    const entries = namesIn(fs, storeDir).flatMap((name) => {
      const path = join(storeDir, name);
      const found = runName.test(name) ? readRotation(fs, path, self()) : null;
      if (found?.liveness === "dead") discard(fs, path);
      return found === null || found.liveness === "dead" ? [] : [found.entry];
    });
    return entries.toSorted((a, b) => b.startedAtMs - a.startedAtMs);
  };
  return {
    read: living,
    countBefore: (startedAtMs) => {
      const { pid } = self();
      const isBefore = ({ startedAtMs: other, process }: RotationEntry) =>
        other < startedAtMs || (other === startedAtMs && process.pid < pid);
      return living().filter((each) => each.process.pid !== pid && isBefore(each)).length;
    },
    enter: (fields) => {
      const own = self();
      const path = join(storeDir, `rotation-${own.pid}.json`);
      try {
        writeFileAtomic(fs, path, `${JSON.stringify({ ...fields, logFile: null, process: own })}\n`);
      } catch {
        return () => undefined;
      }
      return () => discard(fs, path);
    },
  };
}

/** What stays is dead, and counts as none. */
function discard(fs: FileSystem, path: string): void {
  try {
    removeIfPresent(fs, path);
  } catch {
    // The next one tries again.
  }
}
