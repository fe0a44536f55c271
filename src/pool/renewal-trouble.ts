import { type Account, fingerprint } from "./account.ts";
import type { RefreshMark, RenewalTrouble } from "./marks.ts";
import type { Block } from "../quota/block.ts";

/** After so many lost answers in a row; then once a day. */
const lostRestsMs = [60_000, 10 * 60_000, 3_600_000];
const dailyMs = 24 * 3_600_000;
const firstRestMs = 30_000;
const longestRestMs = 10 * 60_000;
/** A server may ask to wait, but not forever. */
const shortestAskedMs = 1_000;
const longestAskedMs = 3_600_000;

/**
 * When a token whose renewal failed may be sent again: the one rule for every command. After a lost answer the token
 * may be spent; but to send it again costs at most a login that was lost anyway, and never to send it costs one that
 * was good. A refusal to serve has spent nothing. So there is always a next time, which may be in the past.
 */
export function nextTryMs(trouble: RenewalTrouble, nowMs: number): number {
  const triedMs = Date.parse(trouble.triedAt ?? trouble.since);
  const rest = restMs(trouble);
  // The clocks of two machines differ a little. A time far ahead was written by a wrong clock, and holds nobody up.
  return triedMs <= nowMs + rest ? triedMs + rest : nowMs;
}

function restMs({ kind, attempts, refusals = 1, retryAfterMs = null }: RenewalTrouble): number {
  if (kind === "uncertain") return lostRestsMs[Math.max(0, attempts - 1)] ?? dailyMs;
  if (retryAfterMs !== null) return Math.min(longestAskedMs, Math.max(shortestAskedMs, retryAfterMs));
  return Math.min(longestRestMs, firstRestMs * 2 ** Math.max(0, refusals - 1));
}

/** The trouble with the refresh token that an account has now; null when there is none. */
export function renewalTrouble({ login, refresh }: Account): RenewalTrouble | null {
  if (refresh === null || refresh.kind === "intent") return null;
  return refresh.fingerprint === fingerprint(login.refreshToken) ? refresh : null;
}

/**
 * What keeps an account from serving for a while: null while its access token serves, and when its next use tries the
 * renewal again.
 */
export function renewalBlock(account: Account, nowMs: number): Block | null {
  const { expiresAtSec } = account.login;
  if (expiresAtSec === null || expiresAtSec * 1000 > nowMs) return null;
  const trouble = renewalTrouble(account);
  const untilMs = trouble === null ? nowMs : nextTryMs(trouble, nowMs);
  if (trouble === null || untilMs <= nowMs) return null;
  const kind = trouble.kind === "uncertain" ? "unclear" : trouble.kind;
  return { kind, sinceMs: Date.parse(trouble.since), untilMs };
}

/** The words for it, the same everywhere: half a sentence. */
export function troubleText({ kind, since, attempts, why = "no answer" }: RenewalTrouble): string {
  if (kind === "uncertain") return `renewal unclear: a request had no answer, since ${since} (${why})`;
  const earlier = attempts > 0 ? "; a request before it had no answer" : "";
  return `renewal backing off: it was not served, since ${since} (${why})${earlier}`;
}

/** What is known of a token before it is sent once more. A killed attempt counts as a lost answer. */
export function troubleBefore(refresh: RefreshMark | null, token: string): RenewalTrouble | null {
  if (refresh?.fingerprint !== token) return null;
  if (refresh.kind !== "intent") return refresh;
  const { startedAt, attempts, before } = refresh;
  return {
    kind: "uncertain",
    fingerprint: token,
    since: before?.since ?? startedAt,
    attempts: attempts + 1,
    triedAt: startedAt,
    why: "the process that asked was killed",
  };
}

interface Failure {
  before: RenewalTrouble | null;
  token: string;
  nowMs: number;
  why: string;
}

/** The request was sent, and nobody knows what became of it. */
export function afterLostAnswer({ before, token, nowMs, why }: Failure): RenewalTrouble {
  const lostBefore = before?.attempts ?? 0;
  const since = startOf(lostBefore > 0 ? before : null, nowMs);
  return { kind: "uncertain", fingerprint: token, since, attempts: lostBefore + 1, triedAt: iso(nowMs), why };
}

/** Nothing was spent. What an earlier request without an answer may have spent is not forgotten. */
export function afterRefusalToServe(
  { before, token, nowMs, why }: Failure,
  retryAfterMs: number | null,
): RenewalTrouble {
  const refusals = (before?.kind === "backing-off" ? (before.refusals ?? 0) : 0) + 1;
  const attempts = before?.attempts ?? 0;
  const since = startOf(before, nowMs);
  const known = { fingerprint: token, since, attempts, triedAt: iso(nowMs), why };
  return { kind: "backing-off", ...known, refusals, retryAfterMs };
}

function startOf(before: RenewalTrouble | null, nowMs: number): string {
  return before && Date.parse(before.since) <= nowMs ? before.since : iso(nowMs);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
