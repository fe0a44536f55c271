import type { Account } from "../store/account.ts";
import type { Flag } from "../store/refresh-mark.ts";
import { flagFor } from "./probe-record.ts";
import { isValid } from "./probe.ts";
import type { Probe } from "./probe.ts";
import { isTokenSpent } from "./refresh-outcome.ts";
import { flagText } from "./usable-login.ts";

/**
 * How an account that was set aside can be tested. `usage`: its access token still serves to ask; `renewal`: it has to
 * be renewed first; `none`: only a new login helps.
 */
type FlagTest = "usage" | "renewal" | "none";

export interface FlaggedAccount {
  account: Account;
  flag: Flag;
  test: FlagTest;
}

export function flaggedAccounts(accounts: readonly Account[], nowMs: number): FlaggedAccount[] {
  return accounts.flatMap((account) => {
    const { flag } = account;
    return flag ? [{ account, flag, test: testOf(account, flag, nowMs) }] : [];
  });
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

export function judgeFlag({ account, flag, test }: FlaggedAccount, probe: Probe | undefined): FlagVerdict {
  const unhealthy = { isHealthy: false, isLasting: false, isClear: true };
  if (!probe || test === "none")
    return { ...unhealthy, reason: `${flagText(flag.reason)}, and its access token has ended` };
  if (!isAccepted(probe)) return { ...unhealthy, isClear: isClear(probe), reason: failureText(flag, probe) };
  const isLasting = !isTokenSpent(flag) || probe.login.refreshToken !== account.login.refreshToken;
  const works = test === "renewal" ? "it was renewed, and its login works" : "its login works";
  const reason = isLasting ? works : `its login works${untilText(probe)}, but ${flagText(flag.reason)}`;
  return { isHealthy: true, isLasting, isClear: true, reason };
}

/** Who is told that a limit is reached has a login that works. */
function isAccepted(probe: Probe): boolean {
  return probe.kind === "usage" || probe.failure.answer === "usageLimit";
}

function isClear(probe: Probe): boolean {
  if (flagFor(probe) !== null || probe.kind === "usage") return true;
  const { answer, code } = probe.failure;
  return answer === "entitlement" || answer === "permission" || /^login_(?:flagged|expired)$/.test(code);
}

function failureText(flag: Flag, probe: Probe): string {
  const message = probe.kind === "failure" ? probe.failure.message : "";
  return isClear(probe) ? message : `${flagText(flag.reason)}; it could not be tested: ${message}`;
}

function untilText({ login: { expiresAtSec } }: Probe): string {
  return expiresAtSec === null ? "" : ` until ${new Date(expiresAtSec * 1000).toISOString()}`;
}
