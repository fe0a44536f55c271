import { hourMs } from "../quota/limit.ts";
import { field, jsonOrNull, readText } from "../text/json.ts";
import { type LogFile, type SessionFile, withLog } from "./log-file.ts";
import { type Attribute, attributeToCreator, type SessionAccount } from "./limits.ts";
import { parseTokenCount, parseTurnModel, type SessionTokens, type TokenCountLine } from "./lines.ts";
import {
  type HourUsage,
  isGrown,
  type Probe,
  scanSessions,
  type SessionScanOptions,
  type SessionUsage,
} from "./scan.ts";

export interface SessionUsageOptions extends SessionScanOptions {
  /** The local day of a time, for example `2026-11-20`. */
  readonly dayOf: (atMs: number) => string;
  readonly attribute?: Attribute;
  /** Only what was used at or after this time. */
  readonly sinceMs?: number;
}

export interface DayUsage {
  readonly day: string;
  /** Null when the log does not tell. */
  readonly model: string | null;
  /** Null when a proxy or an old log hides it. */
  readonly account: SessionAccount | null;
  /** Where Codex worked; null when the log does not tell. */
  readonly folder: string | null;
  readonly tokens: SessionTokens;
}

const needles = ['"token_count"', '"turn_context"'];
const noTokens: SessionTokens = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
const unread: SessionUsage = { atSize: 0, countedBytes: 0, model: null, total: null, hours: [] };

/** Tokens per day, model, account and folder, by day. A log that has grown is read from where counting stopped. */
export function readSessionUsage(options: SessionUsageOptions): DayUsage[] {
  const { dayOf, attribute = attributeToCreator(), sinceMs = 0 } = options;
  const days = new Map<string, DayUsage>();
  for (const { head, usage } of scanSessions(options, usageProbe).sessions) {
    for (const { hourMs: atMs, model, tokens } of usage?.hours ?? []) {
      if (atMs + hourMs <= sinceMs) continue;
      const account = head === null ? null : attribute(head, atMs);
      const day = dayOf(atMs);
      const folder = head?.folder ?? null;
      const key = JSON.stringify([day, model, account?.accountId, account?.userId, folder]);
      const before = days.get(key)?.tokens ?? noTokens;
      days.set(key, { day, model, account, folder, tokens: addTokens(before, tokens) });
    }
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
}

const usageProbe: Probe = {
  isDone: (indexed) => indexed.usage?.atSize === indexed.size,
  read: (log, file, indexed, files) => {
    const before = isGrown(indexed, file) ? indexed.usage : null;
    return { usage: countTokens(log, { atSize: file.size, before: before ?? unread, files }) };
  },
};

interface Counting {
  readonly atSize: number;
  readonly before: SessionUsage;
  readonly files: readonly SessionFile[];
}

function countTokens(log: LogFile, { atSize, before, files }: Counting): SessionUsage {
  let replayed = before.countedBytes === 0 ? replayedCounts(log, files) : 0;
  const hours = new Map(before.hours.map((hour) => [hourKey(hour), hour]));
  let { model, total } = before;
  const lines = log.linesFrom(before.countedBytes, needles);
  let next = lines.next();
  for (; next.done !== true; next = lines.next()) {
    model = parseTurnModel(next.value) ?? model;
    const line = parseTokenCount(next.value);
    if (line === null) continue;
    const isReplayed = replayed > 0;
    replayed -= 1;
    if (line.total === null) continue;
    const tokens = tokensSince(total, line);
    total = line.total;
    if (tokens === null || isReplayed) continue;
    const hour = { hourMs: Math.floor(line.atMs / hourMs) * hourMs, model, tokens };
    const known = hours.get(hourKey(hour))?.tokens ?? noTokens;
    hours.set(hourKey(hour), { ...hour, tokens: addTokens(known, tokens) });
  }
  return { atSize, countedBytes: next.value, model, total, hours: [...hours.values()] };
}

/**
 * What a line adds. Lines repeat their totals when only the limits changed, so the totals are compared; totals that
 * begin elsewhere (a fork, a compaction) leave the last response as the only certain figure.
 */
function tokensSince(before: SessionTokens | null, { total, last }: TokenCountLine): SessionTokens | null {
  if (total === null) return null;
  if (before === null || total.input < before.input || total.output < before.output) return last ?? total;
  const tokens = {
    input: total.input - before.input,
    cachedInput: Math.max(0, total.cachedInput - before.cachedInput),
    output: total.output - before.output,
    reasoning: Math.max(0, total.reasoning - before.reasoning),
  };
  return tokens.input === 0 && tokens.output === 0 ? null : tokens;
}

function addTokens(a: SessionTokens, b: SessionTokens): SessionTokens {
  return {
    input: a.input + b.input,
    cachedInput: a.cachedInput + b.cachedInput,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}

function hourKey({ hourMs, model }: Pick<HourUsage, "hourMs" | "model">): string {
  return `${hourMs}\n${model ?? ""}`;
}

// A forked session of Codex up to 0.160 begins with the lines of its parent, written again with the time of the fork;
// newer ones name their parent (`history_base`) and hold their own lines only.

const needlesForkReplay = ['"token_count"'];

/**
 * How many `token_count` lines at the beginning of a log its parent has written already. None when it is no fork, or
 * when the parent is not among `files`: then nobody else counts them.
 */
function replayedCounts(log: LogFile, files: readonly SessionFile[]): number {
  const parent = parentOf(log, files);
  if (parent === undefined) return 0;
  return withLog(parent, (parentLog) => countShared(counts(log), counts(parentLog))) ?? 0;
}

function parentOf(log: LogFile, files: readonly SessionFile[]): SessionFile | undefined {
  const [line = ""] = log.head().split("\n", 1);
  const payload = field(jsonOrNull(line), "payload");
  const id = readText(field(payload, "forked_from_id"));
  const isWhole = (field(payload, "history_base") ?? null) === null;
  return id !== null && isWhole ? files.find(({ name }) => name.endsWith(`-${id}.jsonl`)) : undefined;
}

function* counts(log: LogFile): Generator<TokenCountLine> {
  for (const text of log.linesFrom(0, needlesForkReplay)) {
    const line = parseTokenCount(text);
    if (line !== null) yield line;
  }
}

function countShared(own: Generator<TokenCountLine>, parents: Generator<TokenCountLine>): number {
  let shared = 0;
  for (const line of own) {
    const before = parents.next();
    if (before.done === true || !isSame(line, before.value)) break;
    shared += 1;
  }
  return shared;
}

function isSame(a: TokenCountLine, b: TokenCountLine): boolean {
  return hasSameTokens(a.total, b.total) && hasSameTokens(a.last, b.last);
}

function hasSameTokens(a: SessionTokens | null, b: SessionTokens | null): boolean {
  if (a === null || b === null) return a === b;
  return a.input === b.input && a.output === b.output && a.cachedInput === b.cachedInput;
}
