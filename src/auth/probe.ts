import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Store } from "../store/store.ts";
import type { Fetch } from "../upstream/network-failure.ts";
import type { BackendRequest } from "../upstream/ask-backend.ts";
import { readResetCredits, readUsage } from "../upstream/usage.ts";
import type { UsageAnswer } from "../upstream/usage.ts";
import type { UsageReport } from "../upstream/usage-payload.ts";
import { findWorkspace } from "../upstream/workspace.ts";
import { renewalFailure, usageFailure, workspaceFailure } from "./probe-failure.ts";
import type { ProbeFailure } from "./probe-failure.ts";
import { isValid } from "./refresh-outcome.ts";
import type { RefreshNeed, RefreshOutcome } from "./renewal-words.ts";
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
  | {
      kind: "usage";
      usage: UsageReport;
      resetCredits: number | null;
      /** Why Codex would not find the workspace; null when nobody asked. */
      workspace: ProbeFailure | "found" | null;
    }
  | { kind: "failure"; failure: ProbeFailure }
);

export interface ProbeOptions {
  /** Also for an account that was set aside. */
  isFlagged?: boolean;
  /** A person wants to know, so that a renewal which rests is tried. */
  isAsked?: boolean;
  /** Also ask for the workspace, as Codex does before its first request. */
  asksWorkspace?: boolean;
}

/**
 * Asks the usage endpoint about an account. A token is renewed only when it has ended, or when upstream says 401 for
 * exactly this one; then the question is put once more, and a second 401 is final.
 */
export async function probeAccount(
  fx: ProbeEffects,
  account: Account,
  { isFlagged = false, isAsked = false, asksWorkspace = false }: ProbeOptions = {},
): Promise<Probe> {
  const probe = { account, login: account.login, atMs: fx.now() };
  try {
    // Not the margin of `usableLogin`: a token is never renewed for a question that the old one can still ask.
    const hasEnded = !isValid(account.login, fx.now());
    const ended = { kind: isFlagged ? "verify" : "expiring", isAsked } as const;
    if (hasEnded) probe.login = await usableLogin(fx, account, ended);
    const first = await ask(fx, probe.login, hasEnded || isKnownRefused(fx, account));
    if (first.kind === "usage" || first.failure.next !== "refresh")
      return await concluded({ ...fx, asksWorkspace }, probe, first);
    const { accessToken } = probe.login;
    const kind = isFlagged ? "verify" : "rejected";
    probe.login = await usableLogin(fx, account, { kind, accessToken, isAsked });
    return await concluded({ ...fx, asksWorkspace }, probe, await ask(fx, probe.login, true));
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
    return { ...probe, kind: "failure", failure: renewalFailure(error) };
  }
}

/** This very token was refused after its renewal a moment ago: yet another one would be spent for nothing. */
function isKnownRefused({ store, now }: ProbeEffects, { id, login }: Account): boolean {
  const block = store.usage().get(id)?.availability?.block ?? null;
  const isResting = block?.kind === "auth" && block.untilMs > now();
  return isResting && block.sinceMs >= (login.issuedAtSec ?? 0) * 1000;
}

function ask(fx: ProbeEffects, login: Login, isAfterRefresh: boolean): Promise<UsageAnswer> {
  return readUsage(fx.fetch, { ...request(fx, login), isAfterRefresh });
}

function request({ baseUrl, now }: ProbeEffects, { accessToken, identity }: Login): BackendRequest {
  const accountId = identity.kind === "seat" ? identity.accountId : null;
  return { baseUrl, accessToken, accountId, nowMs: now() };
}

async function concluded(
  fx: ProbeEffects & { asksWorkspace: boolean },
  probe: { account: Account; login: Login; atMs: number },
  answer: UsageAnswer,
): Promise<Probe> {
  const atMs = fx.now();
  if (answer.kind === "failure")
    return { ...probe, atMs, kind: "failure", failure: usageFailure(answer.failure, probe.account) };
  const { usage } = answer;
  // Only who has run out wants to know whether a credit resets a window.
  const resets = isExhausted(usage) ? await readResetCredits(fx.fetch, request(fx, probe.login)) : null;
  const workspace = fx.asksWorkspace
    ? (workspaceFailure(await findWorkspace(fx.fetch, request(fx, probe.login)), probe.account) ?? "found")
    : null;
  return { ...probe, atMs, kind: "usage", usage, resetCredits: resets?.availableCount ?? null, workspace };
}

/** Upstream says so, whatever the percentages are. */
export function isExhausted({ isAllowed, isLimitReached, reached }: UsageReport): boolean {
  return isAllowed === false || isLimitReached === true || reached !== null;
}
