import { type Credits, hourMs, minuteMs } from "./limit.ts";

/**
 * Why an account does not serve for a while. `exhausted`: a usage limit; `transient`: asked to slow down, or upstream
 * trouble; `auth`: the login was refused after a refresh. The others rest until its renewal is tried again: `unclear`:
 * a request had no answer; `backing-off`: the issuer would not serve.
 */
export type BlockKind = "exhausted" | "transient" | "auth" | "unclear" | "backing-off";

/** For a person, everywhere the same. */
export const blockWords: Readonly<Record<BlockKind, string>> = {
  exhausted: "limit reached",
  transient: "cooling down",
  auth: "login refused",
  unclear: "renewal unclear",
  "backing-off": "renewal backing off",
};

/** Only an answer of upstream, or its absence, blocks an account; a reported 100 % is advice. */
export interface Block {
  readonly kind: BlockKind;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The limit that was reached; blocks of other kinds hold for every limit. */
  readonly limitId?: string;
  /** Upstream named no time: `untilMs` is when it is worth another try. */
  readonly isGuess?: boolean;
  /** What is used up, when it is no window. */
  readonly reached?: ReachedKind;
}

/** The block that holds now for requests under `limitId`, or null. */
export function activeBlock(block: Block | null, nowMs: number, limitId: string): Block | null {
  if (block === null || block.untilMs <= nowMs) return null;
  return block.limitId === undefined || block.limitId === limitId ? block : null;
}

export const shortestBackoffMs = 3000;
const longestBackoffMs = 120_000;
const firstAuthMs = 10 * minuteMs;
const longestAuthMs = 2 * hourMs;
const unknownResetMs = 15 * minuteMs;
const pastResetMs = minuteMs;

/** 3, 6, 12 … 120 s after so many failures before. */
export function backoffMs(failures: number): number {
  return Math.min(longestBackoffMs, shortestBackoffMs * 2 ** failures);
}

export function transientBlock(nowMs: number, forMs: number): Block {
  return { kind: "transient", sinceMs: nowMs, untilMs: nowMs + forMs };
}

/** 10, 20, 40 … 120 minutes after so many refusals before. */
export function authBlock(nowMs: number, refusals: number): Block {
  const forMs = Math.min(longestAuthMs, firstAuthMs * 2 ** refusals);
  return { kind: "auth", sinceMs: nowMs, untilMs: nowMs + forMs };
}

/** Until the reset that upstream named. */
export function exhaustedBlock(
  {
    resetsAtMs,
    limitId,
    reached,
  }: {
    readonly resetsAtMs: number | null;
    readonly limitId?: string;
    readonly reached?: ReachedKind;
  },
  nowMs: number,
): Block {
  const namedMs = resetsAtMs ?? nowMs + unknownResetMs;
  // A reset in the past is a clock that is off: ask again soon, but not at once.
  const untilMs = namedMs > nowMs ? namedMs : nowMs + pastResetMs;
  return {
    kind: "exhausted",
    sinceMs: nowMs,
    untilMs,
    ...(limitId === undefined ? {} : { limitId }),
    ...(untilMs === resetsAtMs ? {} : { isGuess: true }),
    ...(reached === undefined || reached === "window" ? {} : { reached }),
  };
}

/** The one that ends last. */
export function laterBlock(a: Block | null, b: Block | null): Block | null {
  if (a === null || b === null) return a ?? b;
  return a.untilMs >= b.untilMs ? a : b;
}

/** Requests in flight fail in any order: a short block of another kind must not end a long one. */
export function longerBlock(before: Block | null, after: Block): Block {
  return before !== null && before.kind !== after.kind && before.untilMs > after.untilMs ? before : after;
}

/** Why an account is not served, in a few words. */
export function whyBlocked({ kind, reached }: Block): string {
  if (reached === "credits") return "no credits left";
  return reached === "spend-cap" ? "spend cap reached" : blockWords[kind];
}

/** When it is served again; a time that nobody named is called a guess. */
export function returnWords({ isGuess = false }: Block, time: string): string {
  return isGuess ? `perhaps back ${time} (a guess)` : `back ${time}`;
}

/** What is used up: a window, the credits of the workspace, or the cap that its owner has set. */
export type ReachedKind = "window" | "credits" | "spend-cap";

/** What the usage endpoint last said about an account beside its windows. */
export interface AccountNews {
  readonly atMs: number;
  /** Null when it named none. */
  readonly plan: string | null;
  readonly credits: Credits | null;
  /** False: the account has no windows and lives on credits. */
  readonly hasWindows: boolean;
}

/** The plan of an account: what was said last, the token when it was issued or the usage endpoint since. */
export function currentPlan(
  login: { readonly plan: string | null; readonly issuedAtSec: number | null },
  news: AccountNews | null | undefined,
): string | null {
  if (!news || news.plan === null) return login.plan;
  return news.atMs >= (login.issuedAtSec ?? 0) * 1000 ? news.plan : login.plan;
}
