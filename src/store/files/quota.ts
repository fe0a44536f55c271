import { isRecord, parseJson } from "../../text/json.ts";
import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, readTextIfPresent, readTextIfReadable } from "../../machine/file-system.ts";
import { openToAppend } from "../../machine/guarded-file.ts";
import type { Availability } from "../../quota/availability.ts";
import type { AccountNews } from "../../quota/block.ts";
import {
  compactHistory,
  formatHistory,
  type HistoryStep,
  needsCompaction,
  parseHistory,
} from "../../quota/history.ts";
import type { Limit } from "../../quota/limit.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import type { AccountUsage, UsageByAccount } from "../library-store.ts";
import { readOwnTextIfReadable } from "../own-text.ts";

/** Reads limits.json. What cannot be read counts as not known. */
export function readUsageFile(fs: FileSystem, path: string): UsageByAccount {
  const usage: UsageByAccount = new Map();
  const document = parseJson(readOwnTextIfReadable(fs, path) ?? "");
  const accounts = isRecord(document) ? document["accounts"] : null;
  for (const [id, entry] of Object.entries(isRecord(accounts) ? accounts : {})) {
    const read = readAccountUsage(entry);
    if (read) usage.set(id, read);
  }
  return usage;
}

/** What is kept of one account; null for what is damaged as a whole. */
export function readAccountUsage(entry: unknown): AccountUsage | null {
  if (!isRecord(entry) || !Array.isArray(entry["limits"])) return null;
  const { availability, news } = entry;
  return {
    limits: entry["limits"].filter(isLimit),
    availability: isAvailability(availability) ? availability : null,
    ...(isNews(news) ? { news } : {}),
  };
}

export function writeUsageFile(fs: FileSystem, path: string, usage: UsageByAccount): void {
  writeFileAtomic(fs, path, `${JSON.stringify({ version: 1, accounts: Object.fromEntries(usage) })}\n`);
}

function isLimit(value: unknown): value is Limit {
  if (!isRecord(value)) return false;
  const { limitId, window, usedPercent, windowMinutes, resetsAtMs, observedAtMs, source } = value;
  return (
    typeof limitId === "string" &&
    typeof window === "string" &&
    typeof source === "string" &&
    typeof usedPercent === "number" &&
    typeof observedAtMs === "number" &&
    isNumberOrNull(windowMinutes) &&
    isNumberOrNull(resetsAtMs)
  );
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || typeof value === "number";
}

function isAvailability(value: unknown): value is Availability {
  if (!isRecord(value) || typeof value["upstreamFailures"] !== "number") return false;
  const { block, authFailures } = value;
  return (
    typeof authFailures === "number" &&
    (block === null || (isRecord(block) && typeof block["untilMs"] === "number"))
  );
}

function isNews(value: unknown): value is AccountNews {
  if (!isRecord(value)) return false;
  const { atMs, plan, credits, hasWindows } = value;
  return (
    typeof atMs === "number" &&
    typeof hasWindows === "boolean" &&
    (plan === null || typeof plan === "string") &&
    (credits === null || isCredits(credits))
  );
}

function isCredits(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { hasCredits, isUnlimited, balance } = value;
  const isText = balance === null || typeof balance === "string";
  return typeof hasCredits === "boolean" && typeof isUnlimited === "boolean" && isText;
}

/** A file smaller than this is not worth the look whether it could be smaller. */
const compactionBytes = 256 * 1024;

/**
 * Adds steps to the history. To be called while the lock of the store is held, as inside `updateUsage`: now and then
 * the file is written anew.
 */
export function appendHistory(
  fs: FileSystem,
  path: string,
  steps: readonly HistoryStep[],
  nowMs: number,
): void {
  if (steps.length === 0) return;
  try {
    const fd = openToAppend(fs, path);
    try {
      // A line that a killed command left unfinished must not swallow ours.
      fs.writeSync(fd, `\n${formatHistory(steps)}`);
      if (fs.fstatSync(fd).size < compactionBytes) return;
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, `write ${path}`);
  }
  const all = parseHistory(readTextIfPresent(fs, path) ?? "");
  if (needsCompaction(all, nowMs)) writeFileAtomic(fs, path, formatHistory(compactHistory(all, nowMs)));
}

/** Ids are random and short; what is longer was not made by Codex. */
const idPattern = /^[\w.:-]{1,128}$/;

/**
 * The sessions that a rotation proxy has served, one id a line. Their logs name the account that began them, which is
 * not the one whose figures they hold.
 */
export function readProxiedSessions(fs: FileSystem, path: string): ReadonlySet<string> {
  return new Set((readTextIfReadable(fs, path) ?? "").split("\n").filter((line) => idPattern.test(line)));
}

/** Adds ids that are not there yet. */
export function appendProxiedSessions(fs: FileSystem, path: string, ids: Iterable<string>): void {
  const known = readProxiedSessions(fs, path);
  const added = [...ids].filter((id) => idPattern.test(id) && !known.has(id));
  if (added.length === 0) return;
  try {
    const fd = openToAppend(fs, path);
    try {
      // A line that a killed process left unfinished must not swallow ours.
      fs.writeSync(fd, `\n${added.join("\n")}\n`);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, `write ${path}`);
  }
}

/** Whether a file of ours that may be lost is damaged; one that is missing, or cannot be opened, is not. */
export function isDamagedJson(fs: FileSystem, path: string): boolean {
  const text = readOwnTextIfReadable(fs, path);
  try {
    if (text !== null) JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** How many lines of a file with one JSON object a line are none. */
export function damagedLines(fs: FileSystem, path: string): number {
  const lines = (readTextIfReadable(fs, path) ?? "").split("\n");
  return lines.filter((line) => line !== "" && !(line.startsWith("{") && line.endsWith("}"))).length;
}
