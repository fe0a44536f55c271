import { usageFailure } from "../../auth/probe-failure.ts";
import { remedyOf } from "../../auth/remedies.ts";
import { usableLogin } from "../../auth/usable-login.ts";
import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import { readUsage } from "../../upstream/usage.ts";
import { poolCheck } from "../check.ts";
import type { Sighting } from "../check.ts";
import { askedAccounts, backendRequest } from "./asked-accounts.ts";

/** A token that is refused so soon after it was issued is not helped by yet another one. */
const renewedMs = 10 * 60_000;

/** Asks about each account with the token that it has, and renews nothing. */
export const loginRefused = poolCheck({
  id: "login_refused",
  area: "network",
  severity: "warning",
  title: "OpenAI refuses the login of an account",
  isLive: true,
  look: async (snapshot, scene) => {
    const seen: (Sighting & { account: Account })[] = [];
    for (const account of askedAccounts(snapshot, scene)) {
      const answer = await readUsage(scene.fx.fetch, backendRequest(scene, account));
      if (answer.kind === "usage") continue;
      // Whether OpenAI can be reached is another finding, and the next account would wait in vain too.
      if (answer.failure.kind === "network") break;
      const sighting = sightingOf(account, answer.failure, scene.nowMs);
      if (sighting)
        seen.push({ ...sighting, severity: account.id === snapshot.active?.id ? "error" : "warning" });
    }
    return seen;
  },
  mend: {
    describe: (_, sighting) => {
      const account = accountOf(sighting);
      return `Renew the access token of ${account && accountName(account)}.`;
    },
    apply: async ({ fx }, sighting) => {
      const account = accountOf(sighting);
      if (account)
        await usableLogin(fx, account, {
          kind: "rejected",
          accessToken: account.login.accessToken,
          isAsked: true,
        });
    },
  },
});

/** As it was asked about: one that was renewed meanwhile has another token, which nobody refused. */
function accountOf(sighting: Sighting): Account | null {
  return "account" in sighting ? (sighting.account as Account) : null;
}

type Failure = Parameters<typeof usageFailure>[0];

/** Only what concerns the login; limits and server errors are no fault of it. */
function sightingOf(
  account: Account,
  failure: Failure,
  nowMs: number,
): (Sighting & { account: Account }) | null {
  const { message, answer, httpStatus } = usageFailure(failure, account);
  const evidence = [`status ${httpStatus ?? "none"}: ${message}`];
  const name = accountName(account);
  if (failure.next === "refresh") {
    const text = `OpenAI refuses the access token of ${name}, although it has not ended.`;
    return {
      account,
      message: text,
      evidence,
      fix: remedyOf("unclear", account),
      canMend: canRenew(account, nowMs),
    };
  }
  if (answer !== "reauth" && answer !== "deactivated") return null;
  const fix = remedyOf(answer === "reauth" ? "refused" : "closed", account);
  return { account, message: `OpenAI refuses the login of ${name}.`, evidence, fix, canMend: false };
}

function canRenew({ login: { refreshToken, issuedAtSec } }: Account, nowMs: number): boolean {
  return refreshToken !== "" && nowMs - (issuedAtSec ?? 0) * 1000 > renewedMs;
}
