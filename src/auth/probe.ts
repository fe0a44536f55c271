import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Store } from "../store/store.ts";
import type { Fetch } from "../upstream/network-failure.ts";
import { readResetCredits, readUsage } from "../upstream/usage.ts";
import type { UsageAnswer, UsageRequest } from "../upstream/usage.ts";
import type { UsageReport } from "../upstream/usage-payload.ts";
import { renewalFailure, usageFailure } from "./probe-failure.ts";
import type { ProbeFailure } from "./probe-failure.ts";
import { isValid } from "./refresh-outcome.ts";
import type { RefreshNeed, RefreshOutcome } from "./refresh-outcome.ts";
import { usableLogin } from "./usable-login.ts";

export interface ProbeEffects {
  fetch: Fetch;
  now: () => number;
  store: Store;
  renew: (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;
  /** As `backendOf` gives it. */
  baseUrl: string;
}

/** What asking upstream about one account has shown. `login` is the one that was asked with last. */
export type Probe = {
  account: Account;
  login: Login;
  /** Epoch ms of the answer's figures. */
  atMs: number;
} & (
  | { kind: "usage"; usage: UsageReport; resetCredits: number | null }
  | { kind: "failure"; failure: ProbeFailure }
);

export interface ProbeOptions {
  /** Also for an account that was set aside. */
  isFlagged?: boolean;
  /** A person wants to know, so that a renewal which rests is tried. */
  isAsked?: boolean;
}

/**
 * Asks the usage endpoint about an account. A token is renewed only when it has ended, or when upstream says 401 for
 * exactly this one; then the question is put once more, and a second 401 is final.
 */
export async function probeAccount(
  fx: ProbeEffects,
  account: Account,
  { isFlagged = false, isAsked = false }: ProbeOptions = {},
): Promise<Probe> {
  const probe = { account, login: account.login, atMs: fx.now() };
  try {
    // Not the margin of `usableLogin`: a token is never renewed for a question that the old one can still ask.
    const hasEnded = !isValid(account.login, fx.now());
    const ended = { kind: isFlagged ? "verify" : "expiring", isAsked } as const;
    if (hasEnded) probe.login = await usableLogin(fx, account, ended);
    const first = await ask(fx, probe.login, hasEnded);
    if (first.kind === "usage" || first.failure.next !== "refresh") return await concluded(fx, probe, first);
    const { accessToken } = probe.login;
    const kind = isFlagged ? "verify" : "rejected";
    probe.login = await usableLogin(fx, account, { kind, accessToken, isAsked });
    return await concluded(fx, probe, await ask(fx, probe.login, true));
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
    return { ...probe, kind: "failure", failure: renewalFailure(error) };
  }
}

function ask(fx: ProbeEffects, login: Login, isAfterRefresh: boolean): Promise<UsageAnswer> {
  return readUsage(fx.fetch, { ...request(fx, login), isAfterRefresh });
}

function request({ baseUrl, now }: ProbeEffects, { accessToken, identity }: Login): UsageRequest {
  const accountId = identity.kind === "seat" ? identity.accountId : null;
  return { baseUrl, accessToken, accountId, nowMs: now() };
}

async function concluded(
  fx: ProbeEffects,
  probe: { account: Account; login: Login; atMs: number },
  answer: UsageAnswer,
): Promise<Probe> {
  const atMs = fx.now();
  if (answer.kind === "failure")
    return { ...probe, atMs, kind: "failure", failure: usageFailure(answer.failure) };
  const { usage } = answer;
  // Only who has run out wants to know whether a credit resets a window.
  const resets = isExhausted(usage) ? await readResetCredits(fx.fetch, request(fx, probe.login)) : null;
  return { ...probe, atMs, kind: "usage", usage, resetCredits: resets?.availableCount ?? null };
}

/** Upstream says so, whatever the percentages are. */
export function isExhausted({ isAllowed, isLimitReached }: UsageReport): boolean {
  return isAllowed === false || isLimitReached === true;
}
