import { withLog } from "./log-file.ts";
import type { LogFile } from "./log-file.ts";
import { listSessionFiles } from "./session-files.ts";
import type { SessionFile } from "./session-files.ts";
import { formatIndex, isUnchanged, parseIndex } from "./session-index.ts";
import type { IndexedSession, IndexStorage } from "./session-index.ts";
import { parseSessionHead } from "./session-lines.ts";
import type { SessionHead } from "./session-lines.ts";

export interface SessionScanOptions {
  /** CODEX_HOME folders. */
  readonly homes: readonly string[];
  readonly storage: IndexStorage;
  /** Called after each file that had to be read. */
  readonly onProgress?: (read: number, files: number) => void;
}

/** What one run looks for in a log that is not known already. */
export interface Probe {
  readonly isDone: (indexed: IndexedSession) => boolean;
  /** `indexed` is what was known of the file, also when it has changed since. */
  readonly read: (
    log: LogFile,
    file: SessionFile,
    indexed: IndexedSession | undefined,
    /** All logs, this one among them. */
    files: readonly SessionFile[],
  ) => Partial<IndexedSession>;
}

export interface ScannedSessions {
  readonly sessions: readonly IndexedSession[];
  /** How many of them had to be read. */
  readonly readFiles: number;
}

/** Reads what has changed since the index was written, and writes the index again. Unreadable logs are left out. */
export function scanSessions(options: SessionScanOptions, probe: Probe): ScannedSessions {
  const before = parseIndex(options.storage.read());
  const files = listSessionFiles(options.homes);
  const after = new Map<string, IndexedSession>();
  let readFiles = 0;
  for (const file of files) {
    const known = before.get(file.name);
    const isCurrent = known !== undefined && isUnchanged(known, file) && probe.isDone(known);
    const session = isCurrent ? known : readSession(file, known, { probe, files });
    if (session === null) continue;
    after.set(file.name, session);
    if (isCurrent) continue;
    readFiles++;
    options.onProgress?.(readFiles, files.length);
  }
  if (readFiles > 0 || after.size !== before.size) options.storage.write(formatIndex(after));
  return { sessions: [...after.values()], readFiles };
}

function readSession(
  file: SessionFile,
  known: IndexedSession | undefined,
  { probe, files }: { probe: Probe; files: readonly SessionFile[] },
): IndexedSession | null {
  return withLog(file, (log) => {
    const head = readHead(log, file, known);
    return { ...freshSession(file, known), head, ...probe.read(log, file, known, files) };
  });
}

/** What the other probe found stays only while the file is the same. */
function freshSession(file: SessionFile, known: IndexedSession | undefined): IndexedSession {
  const { ino, size, mtimeMs } = file;
  const isSame = known !== undefined && isUnchanged(known, file);
  return {
    ino,
    size,
    mtimeMs,
    head: null,
    limits: isSame ? known.limits : null,
    usage: isGrown(known, file) ? known.usage : null,
  };
}

/** The same log with lines added at its end. A shorter one was written anew. */
export function isGrown(known: IndexedSession | undefined, file: SessionFile): known is IndexedSession {
  return known?.ino === file.ino && known.size <= file.size;
}

function readHead(log: LogFile, file: SessionFile, known: IndexedSession | undefined): SessionHead | null {
  if (isGrown(known, file) && known.head !== null) return known.head;
  const [line = ""] = log.head().split("\n", 1);
  return parseSessionHead(line);
}
