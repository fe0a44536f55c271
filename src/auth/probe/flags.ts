import { namesLoginEnd } from "../../errors/failure-rules.ts";
import type { UsageReport } from "../../openai/usage-payload.ts";
import type { Account } from "../../pool/account.ts";
import type { Flag } from "../../pool/marks.ts";
import { renewalTrouble, troubleText } from "../../pool/renewal-trouble.ts";
import { flagText } from "../../pool/state.ts";
import {
  type Availability,
  exhaustedUntilMs,
  failureOf,
  type PoolAvailability,
  recordFailure,
  recordFunds,
  recordLogin,
  recordReport,
  recordSuccess,
} from "../../quota/availability.ts";
import type { AccountNews } from "../../quota/block.ts";
import { type HistoryStep, historySteps } from "../../quota/history.ts";
import { type Limit, mainLimitId, mergeLimits } from "../../quota/limit.ts";
import type { UsageByAccount } from "../../store/library-store.ts";
import type { Store, Transaction } from "../../store/store.ts";
import { isTokenSpent, isValid } from "../renew/outcome.ts";
import { isExhausted, type Probe } from "./probe.ts";

/**
 * How an account that is flagged can be tested. `usage`: its access token still serves to ask; `renewal`: it has to
 * be renewed first; `none`: only a new login helps.
 */
type FlagTest = "usage" | "renewal" | "none";

export interface FlaggedAccount {
  account: Account;
  /** Null for one that is not flagged, but whose renewal is unclear or rests. */
  flag: Flag | null;
  test: FlagTest;
}

export function flaggedAccounts(accounts: readonly Account[], nowMs: number): FlaggedAccount[] {
  return accounts.flatMap((account) => {
    const { flag } = account;
    return flag ? [{ account, flag, test: testOf(account, flag, nowMs) }] : [];
  });
}

/** Those that have to be renewed before they can serve again, and whose last renewal brought no token. */
export function unclearAccounts(accounts: readonly Account[], nowMs: number): FlaggedAccount[] {
  return accounts.flatMap((account) => {
    const isWaiting = account.flag === null && !isValid(account.login, nowMs) && renewalTrouble(account);
    return isWaiting ? [{ account, flag: null, test: "renewal" as const }] : [];
  });
}

function whyAside({ account, flag }: FlaggedAccount): string {
  const trouble = flag ? null : renewalTrouble(account);
  return flag ? flagText(flag.reason) : trouble ? troubleText(trouble) : "it was not renewed";
}

/** A refresh token that the issuer refused for good is not sent again: the answer is known. */
function testOf({ login }: Account, flag: Flag, nowMs: number): FlagTest {
  if (login.kind !== "chatgpt") return "none";
  if (isValid(login, nowMs)) return "usage";
  return login.refreshToken === "" || isTokenSpent(flag) ? "none" : "renewal";
}

/** What a test has shown; `reason` is half a sentence. */
export interface FlagVerdict {
  isHealthy: boolean;
  /** Whether a healthy account can go back into use: one that cannot renew itself would soon be refused again. */
  isLasting: boolean;
  /** Whether the answer decides anything: a server that is down says nothing about a login. */
  isClear: boolean;
  reason: string;
}

function judgeFlag(flagged: FlaggedAccount, probe: Probe | undefined): FlagVerdict {
  const { account, flag, test } = flagged;
  const unhealthy = { isHealthy: false, isLasting: false, isClear: true };
  if (!probe || test === "none")
    return { ...unhealthy, reason: `${whyAside(flagged)}, and its access token has ended` };
  if (!isAccepted(probe))
    return { ...unhealthy, isClear: isClear(probe), reason: failureText(flagged, probe) };
  const isLasting = !flag || !isTokenSpent(flag) || probe.login.refreshToken !== account.login.refreshToken;
  const works = test === "renewal" ? "it was renewed, and its login works" : "its login works";
  const reason = isLasting ? works : `its login works${untilText(probe)}, but ${whyAside(flagged)}`;
  return { isHealthy: true, isLasting, isClear: true, reason };
}

/** Who is told that a limit is reached has a login that works. */
function isAccepted(probe: Probe): boolean {
  return probe.kind === "usage" || probe.failure.answer === "usageLimit";
}

function isClear(probe: Probe): boolean {
  if (flagFor(probe) !== null || probe.kind === "usage") return true;
  const { answer, code } = probe.failure;
  const isRefusal = answer === "entitlement" || answer === "permission" || answer === "reauth";
  return isRefusal || /^login_(?:flagged|expired)$/.test(code);
}

function failureText(flagged: FlaggedAccount, probe: Probe): string {
  const message = probe.kind === "failure" ? probe.failure.message : "";
  return isClear(probe) ? message : `${whyAside(flagged)}; it could not be tested: ${message}`;
}

function untilText({ login: { expiresAtSec } }: Probe): string {
  return expiresAtSec === null ? "" : ` until ${new Date(expiresAtSec * 1000).toISOString()}`;
}

export interface TestedFlag extends FlaggedAccount {
  probe: Probe | undefined;
  verdict: FlagVerdict;
  isRestored: boolean;
}

/** Asks about accounts that are flagged, and puts the healthy ones back into use. */
export async function settleFlags(
  store: Store,
  flagged: readonly FlaggedAccount[],
  { mayRestore, ask }: { mayRestore: boolean; ask: (accounts: readonly Account[]) => Promise<Probe[]> },
): Promise<TestedFlag[]> {
  const testable = flagged.filter(({ test }) => test !== "none").map(({ account }) => account);
  const probes = await ask(testable);
  // One that was only renewed was never out of use.
  const isKept = ({ flag }: FlaggedAccount) => mayRestore || flag === null;
  const tested = flagged.map((each) => {
    const probe = probes.find(({ account }) => account.id === each.account.id);
    const verdict = judgeFlag(each, probe);
    return { ...each, probe, verdict, isRestored: isKept(each) && verdict.isHealthy && verdict.isLasting };
  });
  if (probes.length > 0)
    await store.transaction("verify-flagged", (transaction) => {
      for (const { probe, flag, isRestored } of tested) {
        const found = probe ? (flagFor(probe) ?? flag) : null;
        // A renewal that was tested only may have flagged its account by itself.
        if (probe && (flag || found)) settleFlag(transaction, probe, isRestored ? null : found);
      }
    });
  const restored = tested.filter(({ isRestored }) => isRestored).map(({ account }) => account.id);
  if (restored.length > 0) await store.updateUsage((usage) => recordRestored(usage, restored));
  return tested;
}

/** A renewal has taken the flag away; whether it comes back is decided here, unless there is another login by now. */
function settleFlag({ pool }: Transaction, { account: { id }, login }: Probe, flag: Flag | null): void {
  const account = pool.accounts.find((each) => each.id === id);
  if (account?.login.accessToken !== login.accessToken) return;
  account.flag = flag === null ? null : (account.flag ?? flag);
}

/** Writes down in `usage` what probes have shown about quotas. Returns the steps for the history. */
export function recordProbes(
  usage: UsageByAccount,
  probes: readonly Probe[],
  poolSize: number,
): HistoryStep[] {
  const steps: HistoryStep[] = [];
  let pool = availabilities(usage);
  for (const probe of probes) {
    const { id } = probe.account;
    const known = usage.get(id) ?? { limits: [], availability: null };
    if (probe.kind === "usage") {
      const { limits } = probe.usage;
      steps.push(...historySteps(id, known.limits, limits));
      usage.set(id, { ...known, limits: limitsAfter(known.limits, probe.usage), news: newsOf(probe) });
    }
    pool = withProbe(pool, probe, poolSize);
  }
  for (const [id, availability] of pool) usage.set(id, { limits: [], ...usage.get(id), availability });
  return steps;
}

/** An account that lives on credits has no windows any more, whatever was known of them. */
function limitsAfter(known: readonly Limit[], { limits, hasWindows }: UsageReport): Limit[] {
  return mergeLimits(hasWindows ? known : known.filter(({ limitId }) => limitId !== mainLimitId), limits);
}

function newsOf({ atMs, usage: { plan, credits, hasWindows } }: Probe & { kind: "usage" }): AccountNews {
  return { atMs, plan, credits, hasWindows };
}

function availabilities(usage: UsageByAccount): PoolAvailability {
  const pool = new Map<string, Availability>();
  for (const [id, { availability }] of usage) if (availability) pool.set(id, availability);
  return pool;
}

function withProbe(pool: PoolAvailability, probe: Probe, poolSize: number): PoolAvailability {
  const { id } = probe.account;
  const moment = { accountId: id, nowMs: probe.atMs, poolSize };
  if (probe.kind === "failure") {
    const failure = failureOf(probe.failure.answer, probe.failure);
    return failure ? recordFailure(pool, failure, moment) : pool;
  }
  const { limits, reached } = probe.usage;
  const reported = recordReport(recordSuccess(pool, id), id, limits, probe.atMs);
  if (!isExhausted(probe.usage)) return recordFunds(reported, id);
  const resetsAtMs = exhaustedUntilMs(limits, probe.atMs);
  const failure = {
    kind: "usage-limit",
    resetsAtMs,
    limitId: mainLimitId,
    reached: reached ?? "window",
  } as const;
  return recordFailure(reported, failure, moment);
}

/** The logins of these accounts work again: what they were refused for is over. */
function recordRestored(usage: UsageByAccount, ids: readonly string[]): void {
  const pool = ids.reduce(recordLogin, availabilities(usage));
  for (const [id, availability] of pool) usage.set(id, { limits: [], ...usage.get(id), availability });
}

/**
 * The flag that a probe's answer asks for; null when the account may stay in use. A token that is refused although the
 * issuer has just given it is upstream's trouble as well as the login's: the account rests, and is not flagged.
 */
export function flagFor(probe: Probe): Flag | null {
  if (probe.kind === "usage") return null;
  const { answer, httpStatus, code } = probe.failure;
  if (answer !== "deactivated" && !(answer === "reauth" && namesLoginEnd(code))) return null;
  const reason = answer === "deactivated" ? "deactivated" : "rejected";
  return { reason, since: new Date(probe.atMs).toISOString(), evidence: `HTTP ${httpStatus} ${code}` };
}
