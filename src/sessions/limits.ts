import {
  findWindows,
  hasStarted,
  type Limit,
  mainLimitId,
  mergeLimits,
  minuteMs,
  windowEndMs,
} from "../quota/limit.ts";
import { parseTokenCount, type SessionHead, type TokenCountLine } from "./lines.ts";
import type { LogFile } from "./log-file.ts";
import { type Probe, scanSessions, type SessionScanOptions } from "./scan.ts";

export interface SessionLimitsOptions extends SessionScanOptions {
  /** Figures from after this time are left out: a clock that was ahead would hide every newer report. */
  readonly nowMs?: number;
  /** Whose limits a session shows; by default its creator's, see attribution.ts. */
  readonly attribute?: Attribute;
}

export interface SessionLimits {
  readonly accounts: readonly { readonly account: SessionAccount; readonly limits: readonly Limit[] }[];
  readonly files: number;
  readonly readFiles: number;
  /** Sessions with limits that could not be given to an account. */
  readonly unattributed: number;
}

/** Lines of one log that are compared before its limits are believed. */
const comparedLines = 12;
/** A log whose last lines hold no limits (an API key) is not searched to its beginning. */
const fruitlessLines = 20;
const needle = '"token_count"';

/** The newest limits of every account that the local logs know, without any request. Reads the ends of the logs. */
export function readSessionLimits(options: SessionLimitsOptions): SessionLimits {
  const { sessions, readFiles } = scanSessions(options, limitsProbe);
  const { attribute = attributeToCreator(), nowMs = Infinity } = options;
  const byAccount = new Map<string, { account: SessionAccount; limits: readonly Limit[] }>();
  let unattributed = 0;
  for (const { head, limits: found } of sessions) {
    const limits = (found ?? []).filter((limit) => limit.observedAtMs <= nowMs);
    if (limits.length === 0) continue;
    const account = head === null ? null : attribute(head, newestMs(limits));
    if (account === null) {
      unattributed++;
      continue;
    }
    const key = JSON.stringify([account.accountId, account.userId]);
    const known = byAccount.get(key)?.limits ?? [];
    byAccount.set(key, { account, limits: mergeLimits(known, limits) });
  }
  return { accounts: [...byAccount.values()], files: sessions.length, readFiles, unattributed };
}

const limitsProbe: Probe = {
  isDone: (indexed) => indexed.limits !== null,
  read: (log) => ({ limits: newestLimits(log) }),
};

/** Of every limit id the newest report among the last lines; none when they are of several accounts. */
function newestLimits(log: LogFile): Limit[] {
  const lines = lastReports(log);
  for (const [index, after] of lines.entries()) {
    const before = lines.slice(index + 1).find((line) => isMain(line));
    if (isMain(after) && before !== undefined && haveWindowsJumped(before, after)) return [];
  }
  return lines.reduceRight<Limit[]>((known, { limits }) => mergeLimits(known, limits), []);
}

/** Newest first: the last lines, and the first one that the head of the log holds. */
function lastReports(log: LogFile): TokenCountLine[] {
  const reports: TokenCountLine[] = [];
  let fruitless = 0;
  for (const text of log.linesBackwards(needle)) {
    const line = parseTokenCount(text);
    if (line === null || line.limits.length === 0) fruitless++;
    else reports.push(line);
    if (fruitless >= fruitlessLines) break;
    if (reports.length >= comparedLines && reports.some((each) => isMain(each))) break;
  }
  const first = reports.length < comparedLines ? undefined : firstReport(log);
  return first === undefined ? reports : [...reports, first];
}

function firstReport(log: LogFile): TokenCountLine | undefined {
  for (const text of log.head().split("\n")) {
    const line = text.includes(needle) ? parseTokenCount(text) : null;
    if (line !== null && isMain(line)) return line;
  }
  return undefined;
}

function isMain({ limits }: TokenCountLine): boolean {
  return limits.some((limit) => limit.limitId === mainLimitId);
}

function newestMs(limits: readonly Limit[]): number {
  return Math.max(...limits.map((limit) => limit.observedAtMs));
}

// Whose figures a session log holds. The log names only the account that began the session, so that account is
// right unless
// - a rotating proxy stood between: our own inserts itself below the provider `openai` and leaves no mark in the log,
//   so the caller passes the ids of the sessions that it served; any other model provider is a foreign one;
// - the session was resumed under another login: nothing in the log says so (seen with 0.169.0), but the windows
//   of two accounts end at different times, so a log whose windows jump belongs to nobody.
// A caller that knows when which login was active can say better, and passes its own `Attribute`.

export interface SessionAccount {
  readonly accountId: string;
  readonly userId: string | null;
}

/** The account that a session used at a time, or null when that is not certain. */
export type Attribute = (session: SessionHead, atMs: number) => SessionAccount | null;

const directProvider = "openai";
/** Resets are whole seconds, computed anew for each report. */
const sameResetMs = 5 * minuteMs;

/** The creator of the session, unless a proxy is known or likely. `proxiedSessionIds` come from the proxy's records. */
export function attributeToCreator(proxiedSessionIds: ReadonlySet<string> = new Set()): Attribute {
  return ({ sessionId, accountId, userId, modelProvider }) => {
    if (accountId === null || proxiedSessionIds.has(sessionId)) return null;
    return modelProvider === null || modelProvider === directProvider ? { accountId, userId } : null;
  };
}

/** Whether two reports of one session cannot be about the same account, oldest first. */
export function haveWindowsJumped(before: TokenCountLine, after: TokenCountLine): boolean {
  const from = findWindows(before.limits);
  const to = findWindows(after.limits);
  return hasJumped(from.short, to.short) || hasJumped(from.long, to.long);
}

/** A window keeps its end until it has passed; an unused one moves ahead with every report. */
function hasJumped(before: Limit | null, after: Limit | null): boolean {
  if (before?.resetsAtMs === undefined || before.resetsAtMs === null) return false;
  if (after?.resetsAtMs === undefined || after.resetsAtMs === null) return false;
  const aheadMs = windowEndMs(after) - windowEndMs(before);
  if (aheadMs < -sameResetMs) return true;
  return aheadMs > sameResetMs && before.usedPercent > 0 && hasStarted(before, after.observedAtMs);
}
