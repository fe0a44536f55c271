import { field, isRecord, parseJson } from "../text/json.ts";
import { clockAt, type ClockOptions, durationAt, parseHttpDate, wholeDuration } from "./retry-times.ts";
import { headerMap, type HeaderSource } from "./upstream-body.ts";

/** When to try again, as the server said it. */
export interface RetryHint {
  /** Integer ms from now, at least 0, at most `maxRetryMs`. */
  readonly retryAfterMs: number;
  /** Integer epoch ms. */
  readonly resetsAtMs: number;
  /** True for a header or a field of the body, false for words in a message. */
  readonly isAuthoritative: boolean;
}

export interface RetryHintOptions {
  /** Minutes east of UTC of the clock that wrote times such as "3:05 PM"; the machine's zone when absent. */
  readonly utcOffsetMinutes?: number | undefined;
}

/** A text, headers, or a body (parsed or not). */
export type RetryHintSource = string | HeaderSource | object | null | undefined;

/** 366 days: a wait beyond it is refused as absurd. */
export const maxRetryMs = 366 * 24 * 3_600_000;

interface Candidate {
  readonly atMs: number;
  readonly isAuthoritative: boolean;
}

/**
 * Reads a retry hint in any form that OpenAI, its proxies or Codex use: `retry-after` (seconds or HTTP date),
 * `retry-after-ms`, `x-ratelimit-reset*`, `x-codex-*-reset-at` and `-reset-after-seconds`, the body fields
 * `resets_at`, `reset_at` (seconds or ms), `resets_in_seconds`, `retry_after`, `retry_after_ms`, and words such as
 * "try again in 3 days 4 hours" or "at Nov 25th, 2026 1:15 PM". `nowMs` is epoch ms. Windows that still have room
 * do not count. The longest wait wins. Undefined when nothing is said; negative, past, non-finite and absurd
 * values are as if not said. Never throws.
 */
export function parseRetryHint(
  source: RetryHintSource,
  nowMs: number,
  options: RetryHintOptions = {},
): RetryHint | undefined {
  const found = candidatesOf(source, { nowMs, ...options }).filter(({ atMs }) => isSane(atMs - nowMs));
  const latest = found.reduce<Candidate | undefined>(later, undefined);
  if (!latest) return undefined;
  const retryAfterMs = Math.max(0, Math.ceil(latest.atMs - nowMs));
  return { retryAfterMs, resetsAtMs: Math.ceil(latest.atMs), isAuthoritative: latest.isAuthoritative };
}

/** The later of two hints; either may be absent. */
export function longerHint(one: RetryHint | undefined, other: RetryHint | undefined): RetryHint | undefined {
  if (!one || !other) return one ?? other;
  return other.resetsAtMs > one.resetsAtMs ? other : one;
}

function later(best: Candidate | undefined, next: Candidate): Candidate {
  if (!best || next.atMs > best.atMs) return next;
  return next.atMs === best.atMs && next.isAuthoritative ? next : best;
}

function isSane(waitMs: number): boolean {
  return waitMs >= 0 && waitMs <= maxRetryMs;
}

function candidatesOf(source: unknown, clock: ClockOptions): Candidate[] {
  if (typeof source === "string") {
    const parsed = parseJson(source);
    return parsed === undefined ? wordCandidates(source, clock) : bodyCandidates(parsed, clock);
  }
  return [...headerCandidates(headerMap(source), clock.nowMs), ...bodyCandidates(source, clock)];
}

function wordCandidates(text: unknown, clock: ClockOptions): Candidate[] {
  if (typeof text !== "string") return [];
  return momentsInText(text, clock).map((atMs) => ({ atMs, isAuthoritative: false }));
}

function headerCandidates(headers: ReadonlyMap<string, string>, nowMs: number): Candidate[] {
  const found: (number | undefined)[] = [];
  for (const [name, value] of headers) found.push(headerMoment(name, value, headers, nowMs));
  return found.filter(isNumber).map(said);
}

function headerMoment(
  name: string,
  value: string,
  headers: ReadonlyMap<string, string>,
  nowMs: number,
): number | undefined {
  if (name === "retry-after") return after(nowMs, numberOf(value), 1000) ?? parseHttpDate(value);
  if (name === "retry-after-ms" || name === "x-ms-retry-after-ms") return after(nowMs, numberOf(value), 1);
  if (name.startsWith("x-ratelimit-reset")) {
    return hasRoom(headers, name) ? undefined : rateLimitMoment(value, nowMs);
  }
  const window = windowName(name);
  if (window === undefined || isUnderLimit(headers.get(`${window}-used-percent`))) return undefined;
  return name.endsWith("-reset-at") ? epochMs(value) : after(nowMs, numberOf(value), 1000);
}

/** `x-codex-primary` of `x-codex-primary-reset-at`; undefined for any other header. */
function windowName(name: string): string | undefined {
  const suffix = ["-reset-at", "-reset-after-seconds"].find((each) => name.endsWith(each));
  return suffix !== undefined && name.startsWith("x-") ? name.slice(0, -suffix.length) : undefined;
}

function hasRoom(headers: ReadonlyMap<string, string>, name: string): boolean {
  const remaining = numberOf(headers.get(name.replace("x-ratelimit-reset", "x-ratelimit-remaining")));
  return remaining !== undefined && remaining > 0;
}

function isUnderLimit(usedPercent: string | undefined): boolean {
  const used = numberOf(usedPercent);
  return used !== undefined && used < 100;
}

/** `6m0s`, seconds from now, or the epoch in seconds or ms. */
function rateLimitMoment(value: string, nowMs: number): number | undefined {
  const number = numberOf(value);
  if (number === undefined) {
    const wait = wholeDuration(value);
    return wait === undefined ? parseHttpDate(value) : nowMs + wait;
  }
  return number * 1000 > maxRetryMs ? epochMs(number) : nowMs + number * 1000;
}

function bodyCandidates(body: unknown, clock: ClockOptions): Candidate[] {
  const holders = [body, field(body, "error"), field(body, "detail")];
  holders.push(field(field(body, "response"), "error"));
  return holders.flatMap((holder) =>
    isRecord(holder) ? recordCandidates(holder, clock) : holder === body ? [] : wordCandidates(holder, clock),
  );
}

function recordCandidates(holder: object, clock: ClockOptions): Candidate[] {
  const { nowMs } = clock;
  const numbers = [
    epochMs(field(holder, "resets_at")),
    epochMs(field(holder, "reset_at")),
    after(nowMs, numberOf(field(holder, "resets_in_seconds")), 1000),
    after(nowMs, numberOf(field(holder, "reset_after_seconds")), 1000),
    after(nowMs, numberOf(field(holder, "retry_after")), 1000),
    after(nowMs, numberOf(field(holder, "retry_after_ms")), 1),
  ];
  const words = ["message", "error_description"].flatMap((key) => wordCandidates(field(holder, key), clock));
  return [...numbers.filter(isNumber).map(said), ...words];
}

/** Epoch seconds, ms or an ISO text as epoch ms. Seconds reach 1e11 only in the year 5138. */
function epochMs(value: unknown): number | undefined {
  const number = numberOf(value);
  if (number !== undefined) return number >= 1e11 ? number : number * 1000;
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}T/.test(value)) return undefined;
  const parsed = Date.parse(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

function after(nowMs: number, count: number | undefined, unitMs: number): number | undefined {
  return count === undefined ? undefined : nowMs + count * unitMs;
}

/** A number, or a text that is nothing but a plain decimal number. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !/^\d{1,16}(?:\.\d{1,9})?$/.test(value.trim())) return undefined;
  return Number(value);
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

function said(atMs: number): Candidate {
  return { atMs, isAuthoritative: true };
}

// What a wait is announced with. Each phrase ends where the duration or the time begins.
const announcement =
  /\b(?:try again|retry(?:ing)?|wait|resets?|resetting|available(?: again)?|back)(?: (?:at|in|after|on|for|until))?:? {0,3}(?:(?:about|approximately|another|around|at least|less than|~) {0,3})?/gi;

/** Every wait that a text announces, as epoch ms. Linear in the length of the text. */
function momentsInText(given: string, options: ClockOptions): number[] {
  // Formatted times can hold no-break spaces: "3:05\u202fPM".
  const text = given.replace(/[\u00a0\u202f]/g, " ");
  const whole = wholeDuration(text);
  if (whole !== undefined) return [options.nowMs + whole];
  const found: number[] = [];
  for (const match of text.matchAll(announcement)) {
    const at = match.index + match[0].length;
    const moment = clockAt(text, at, options) ?? afterDuration(text, at, options.nowMs);
    if (moment !== undefined) found.push(moment);
  }
  return found;
}

function afterDuration(text: string, at: number, nowMs: number): number | undefined {
  const found = durationAt(text, at, { bareSeconds: true });
  return found && nowMs + found.ms;
}
