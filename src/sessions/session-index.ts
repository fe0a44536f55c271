import type { Limit } from "../accounts/limit.ts";
import { field, isRecord, parseJson, readNumber, readText } from "../accounts/unknown-value.ts";
import type { SessionFile } from "./session-files.ts";
import type { SessionHead, SessionTokens } from "./session-lines.ts";

/** Where the caller keeps the index: a cache, so losing it costs one full scan. */
export interface IndexStorage {
  /** Null when there is none. */
  readonly read: () => string | null;
  readonly write: (text: string) => void;
}

/** What is known of one log. */
export interface IndexedSession {
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
export type SessionIndex = ReadonlyMap<string, IndexedSession>;

// 2: forks no longer count what they repeat of their parent.
const indexVersion = 2;

export function formatIndex(index: SessionIndex): string {
  return JSON.stringify({ version: indexVersion, files: Object.fromEntries(index) });
}

/** An index that is missing, damaged or of another version is empty. */
export function parseIndex(text: string | null): SessionIndex {
  const value = text === null ? null : parseJson(text);
  const files = field(value, "files");
  if (field(value, "version") !== indexVersion || !isRecord(files)) return new Map();
  return new Map(
    Object.entries(files).filter((entry): entry is [string, IndexedSession] => isIndexed(entry[1])),
  );
}

/** The same file as indexed, unchanged. */
export function isUnchanged(indexed: IndexedSession | undefined, file: SessionFile): boolean {
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
