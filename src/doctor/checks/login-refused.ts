import { usageFailure, workspaceFailure } from "../../auth/probe/probe.ts";
import { remedyOf } from "../../pool/state.ts";
import { isValid } from "../../auth/renew/outcome.ts";
import { usableLogin } from "../../auth/renew/usable-login.ts";
import { type BackendRequest, findWorkspace, readUsage } from "../../openai/ask.ts";
import { backendOf } from "../../openai/backend.ts";
import { type Account, nameAmong } from "../../pool/account.ts";
import type { Snapshot } from "../../store/store.ts";
import { type FoundFault, poolCheck } from "../check.ts";
import type { Facts } from "../facts.ts";

/** A token that is refused so soon after it was issued is not helped by yet another one. */
const renewedMs = 10 * 60_000;

/** Asks about each account with the token that it has, and renews nothing. */
export const loginRefused = poolCheck({
  id: "login_refused",
  area: "network",
  severity: "warning",
  title: "OpenAI refuses the login of an account",
  isLive: true,
  look: async (snapshot, facts) => {
    const seen: FoundFault[] = [];
    for (const account of askedAccounts(snapshot, facts)) {
      const answer = await readUsage(facts.ctx.fetch, backendRequest(facts, account));
      if (answer.kind === "usage") continue;
      // Whether OpenAI can be reached is another finding, and the next account would wait in vain too.
      if (answer.failure.kind === "network") break;
      const foundFault = foundFaultOf(account, answer.failure, facts);
      if (foundFault)
        seen.push({ ...foundFault, severity: account.id === snapshot.active?.id ? "error" : "warning" });
    }
    return seen;
  },
});

type Failure = Parameters<typeof usageFailure>[0];

/** Only what concerns the login; limits and server errors are no fault of it. */
function foundFaultOf(
  account: Account,
  failure: Failure,
  { ctx, nowMs, snapshot }: Facts,
): FoundFault | null {
  const { message, answer, httpStatus } = usageFailure(failure, account);
  const evidence = [`status ${httpStatus ?? "none"}: ${message}`];
  const name = nameAmong(snapshot?.pool.accounts ?? [account])(account);
  if (failure.next === "refresh") {
    const text = `OpenAI refuses the access token of ${name}, although it has not ended.`;
    const { accessToken } = account.login;
    const fix = {
      isLive: true,
      does: `Renew the access token of ${name}.`,
      // Of the token that was asked about: one that was renewed meanwhile is another, which nobody refused.
      apply: async () =>
        void (await usableLogin(ctx, account, { kind: "rejected", accessToken, isAsked: true })),
    };
    const command = remedyOf("unclear", account);
    return { message: text, evidence, command, fix: canRenew(account, nowMs) ? fix : null };
  }
  if (answer !== "reauth" && answer !== "deactivated") return null;
  const command = remedyOf(answer === "reauth" ? "refused" : "closed", account);
  return { message: `OpenAI refuses the login of ${name}.`, evidence, command };
}

function canRenew({ login: { refreshToken, issuedAtSec } }: Account, nowMs: number): boolean {
  return refreshToken !== "" && nowMs - (issuedAtSec ?? 0) * 1000 > renewedMs;
}

const timeoutMs = 10_000;

/**
 * The accounts that a live check may ask about: with the token that they have, since a refresh token is not spent for
 * a look. One whose token has ended by the clock is left out: that is no fault, Codex renews it when it needs it.
 */
function askedAccounts({ pool }: Snapshot, { nowMs }: Facts): Account[] {
  return pool.accounts.filter(
    ({ login, pausedAt, flag }) =>
      login.kind === "chatgpt" && pausedAt === null && flag === null && isValid(login, nowMs),
  );
}

function backendRequest({ ctx, config, nowMs }: Facts, { login }: Account): BackendRequest {
  const { identity, accessToken } = login;
  const accountId = identity.kind === "seat" ? identity.accountId : null;
  const baseUrl = backendOf(ctx.env, config.settings?.chatgptBaseUrl);
  return { baseUrl, accessToken, accountId, nowMs, timeoutMs };
}

/**
 * Asks what Codex asks before its first request. A login that the usage endpoint refuses too is the finding
 * `login_refused`, and a network that does not answer is another one.
 */
export const workspaceUnroutable = poolCheck({
  id: "workspace_unroutable",
  area: "network",
  severity: "warning",
  title: "OpenAI does not say where the workspace of an account is, so Codex does not start with it",
  isLive: true,
  look: async (snapshot, facts) => {
    const seen: FoundFault[] = [];
    const nameOf = nameAmong(snapshot.pool.accounts);
    for (const account of askedAccounts(snapshot, facts)) {
      const request = backendRequest(facts, account);
      const failure = workspaceFailure(await findWorkspace(facts.ctx.fetch, request), account);
      if (failure === null) continue;
      // No answer at all: whether OpenAI can be reached is another finding.
      if (failure.answer !== null && failure.httpStatus === null) break;
      if (failure.httpStatus === 401 && (await isRefused(facts, request))) continue;
      seen.push({
        severity: account.id === snapshot.active?.id ? "error" : "warning",
        message: `${nameOf(account)}: ${failure.message}`,
        evidence: failure.requestId === null ? [] : [`request ${failure.requestId}`],
        command: failure.hint,
      });
    }
    return seen;
  },
});

async function isRefused({ ctx }: Facts, request: BackendRequest): Promise<boolean> {
  const answer = await readUsage(ctx.fetch, request);
  return answer.kind === "failure" && answer.failure.diagnostics.httpStatus === 401;
}
