import type { AccountNews } from "../accounts/account-news.ts";
import type { Availability } from "../accounts/availability.ts";
import type { Limit } from "../accounts/limit.ts";
import { isObject } from "../codex/claims.ts";
import { parseJson } from "../errors/json-value.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import type { FileSystem } from "./file-system.ts";
import type { UsageByAccount } from "./library-store.ts";
import { readTextIfReadable } from "./files.ts";

/** Reads limits.json. What cannot be read counts as not known. */
export function readUsageFile(fs: FileSystem, path: string): UsageByAccount {
  const usage: UsageByAccount = new Map();
  const document = parseJson(readTextIfReadable(fs, path) ?? "");
  const accounts = isObject(document) ? document["accounts"] : null;
  for (const [id, entry] of Object.entries(isObject(accounts) ? accounts : {})) {
    if (!isObject(entry) || !Array.isArray(entry["limits"])) continue;
    const { availability, news } = entry;
    usage.set(id, {
      limits: entry["limits"].filter(isLimit),
      availability: isAvailability(availability) ? availability : null,
      ...(isNews(news) ? { news } : {}),
    });
  }
  return usage;
}

export function writeUsageFile(fs: FileSystem, path: string, usage: UsageByAccount): void {
  writeFileAtomic(fs, path, `${JSON.stringify({ version: 1, accounts: Object.fromEntries(usage) })}\n`);
}

function isLimit(value: unknown): value is Limit {
  if (!isObject(value)) return false;
  const { limitId, window, usedPercent, windowMinutes, resetsAtMs, observedAtMs, source } = value;
  return (
    [limitId, window, source].every((each) => typeof each === "string") &&
    [usedPercent, observedAtMs].every((each) => typeof each === "number") &&
    [windowMinutes, resetsAtMs].every((each) => each === null || typeof each === "number")
  );
}

function isAvailability(value: unknown): value is Availability {
  if (!isObject(value) || typeof value["upstreamFailures"] !== "number") return false;
  const { block, authFailures } = value;
  return (
    typeof authFailures === "number" &&
    (block === null || (isObject(block) && typeof block["untilMs"] === "number"))
  );
}

function isNews(value: unknown): value is AccountNews {
  if (!isObject(value)) return false;
  const { atMs, plan, credits, hasWindows } = value;
  return (
    typeof atMs === "number" &&
    typeof hasWindows === "boolean" &&
    (plan === null || typeof plan === "string") &&
    (credits === null || isCredits(credits))
  );
}

function isCredits(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { hasCredits, isUnlimited, balance } = value;
  const isText = balance === null || typeof balance === "string";
  return typeof hasCredits === "boolean" && typeof isUnlimited === "boolean" && isText;
}
