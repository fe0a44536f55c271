import { remedyOf } from "../../auth/remedies.ts";
import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import { poolCheck } from "../check.ts";
import { isoTime } from "./date-line.ts";

/** The live account is looked at in auth.json; one that was set aside has its own finding. */
export const accountExpired = poolCheck({
  id: "account_expired",
  area: "credentials",
  severity: "warning",
  title: "an account of the pool has ended and cannot be renewed",
  look: ({ pool, active }, { nowMs }) =>
    pool.accounts
      .filter((account) => account !== active && !account.flag && hasEnded(account, nowMs))
      .map((account) => ({
        message: `The access token of ${accountName(account)} has ended, and there is no refresh token.`,
        evidence: [`ended: ${isoTime(account.login.expiresAtSec ?? 0)}`],
        fix: remedyOf("ended", account),
      })),
});

function hasEnded({ login: { refreshToken, expiresAtSec } }: Account, nowMs: number): boolean {
  return refreshToken === "" && expiresAtSec !== null && expiresAtSec * 1000 <= nowMs;
}
