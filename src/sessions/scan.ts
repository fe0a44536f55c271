import type { Limit } from "../quota/limit.ts";
import { field, isRecord, jsonOrNull, readNumber, readText } from "../text/json.ts";
import { listSessionFiles, type LogFile, type SessionFile, withLog } from "./log-file.ts";
import { parseSessionHead, type SessionHead, type SessionTokens } from "./lines.ts";

/** Where the caller keeps the index: a cache, so losing it costs one full scan. */
export interface IndexStorage {
  /** Null when there is none. */
  readonly read: () => string | null;
  readonly write: (text: string) => void;
}

/** What is known of one log. */
interface IndexedSession {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly head: SessionHead | null;
  /** The newest limits; null until they were looked for. */
  readonly limits: readonly Limit[] | null;
  readonly usage: SessionUsage | null;
}

/** Tokens per UTC hour and model, and where counting goes on. */
export interface SessionUsage {
  /** Size of the file when it was counted; the last line may have been torn. */
  readonly atSize: number;
  readonly countedBytes: number;
  readonly model: string | null;
  readonly total: SessionTokens | null;
  readonly hours: readonly HourUsage[];
}

export interface HourUsage {
  readonly hourMs: number;
  readonly model: string | null;
  readonly tokens: SessionTokens;
}

/** By file name, which holds the session's id and survives a move to the archive. */
type SessionIndex = ReadonlyMap<string, IndexedSession>;

// 2: forks no longer count what they repeat of their parent. 3: the head has the folder.
const indexVersion = 3;

function formatIndex(index: SessionIndex): string {
  return JSON.stringify({ version: indexVersion, files: Object.fromEntries(index) });
}

/** An index that is missing, damaged or of another version is empty. */
export function parseIndex(text: string | null): SessionIndex {
  const value = text === null ? null : jsonOrNull(text);
  const files = field(value, "files");
  if (field(value, "version") !== indexVersion || !isRecord(files)) return new Map();
  return new Map(
    Object.entries(files).filter((entry): entry is [string, IndexedSession] => isIndexed(entry[1])),
  );
}

/** The same file as indexed, unchanged. */
function isUnchanged(indexed: IndexedSession | undefined, file: SessionFile): boolean {
  return indexed?.ino === file.ino && indexed.size === file.size && indexed.mtimeMs === file.mtimeMs;
}

function isIndexed(value: unknown): value is IndexedSession {
  const isFile = ["ino", "size", "mtimeMs"].every((name) => typeof field(value, name) === "number");
  return (
    isFile &&
    isNullOr(field(value, "head"), isHead) &&
    isNullOr(field(value, "limits"), (limits) => Array.isArray(limits) && limits.every(isLimit)) &&
    isNullOr(field(value, "usage"), isUsage)
  );
}

function isNullOr(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === null || (value !== undefined && check(value));
}

function isHead(value: unknown): boolean {
  return readText(field(value, "sessionId")) !== null && readNumber(field(value, "startedAtMs")) !== null;
}

function isLimit(value: unknown): boolean {
  const hasTexts = readText(field(value, "limitId")) !== null && readText(field(value, "window")) !== null;
  const isNumber = (name: string) => typeof field(value, name) === "number";
  const isNumberOrNull = (name: string) => field(value, name) === null || isNumber(name);
  if (!hasTexts || !["usedPercent", "observedAtMs"].every(isNumber)) return false;
  return ["windowMinutes", "resetsAtMs"].every(isNumberOrNull);
}

function isUsage(value: unknown): boolean {
  const hours = field(value, "hours");
  const isCounted = ["atSize", "countedBytes"].every((name) => typeof field(value, name) === "number");
  if (!isCounted || !Array.isArray(hours)) return false;
  return hours.every((hour) => typeof field(hour, "hourMs") === "number" && isRecord(field(hour, "tokens")));
}

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

interface ScannedSessions {
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
