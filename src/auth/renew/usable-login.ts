import type { Login } from "../../codex/auth-json.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { CommandErrorCode } from "../../errors/command-errors.ts";
import { codeInWords } from "../../openai/backend.ts";
import type { Account } from "../../pool/account.ts";
import { adviceOf, endedText, flagText, remedyOf } from "../../pool/state.ts";
import { capitalized } from "../../text/words.ts";
import type { RefreshNeed, RefreshOutcome } from "./need.ts";
import { isFreshEnough, isValid } from "./outcome.ts";

interface Renewing extends Pick<Context, "now" | "store" | "renew"> {
  /** Hears of a renewal that failed while the old token still serves. */
  onDelay?: (problem: CodexAuthError) => void;
}

/**
 * The login of an account with an access token that serves for a while; renewed only when it has to be. Where that
 * fails, a token that has not ended serves until it does.
 */
export async function usableLogin(
  ctx: Renewing,
  account: Account,
  need: RefreshNeed = { kind: "expiring" },
): Promise<Login> {
  if (isFreshEnough(account.login, need, ctx.now())) return account.login;
  const outcome = await ctx.renew(account.id, need);
  const { pool } = await ctx.store.read();
  const { login } = pool.accounts.find(({ id }) => id === account.id) ?? account;
  if (outcome.kind === "ready") return login;
  const problem = renewalError(outcome, account);
  const isServing = need.kind === "expiring" && outcome.kind !== "cancelled" && isValid(login, ctx.now());
  if (!isServing) throw problem;
  ctx.onDelay?.(problem);
  return login;
}

type Failed = Exclude<RefreshOutcome, { kind: "ready" }>;

function renewalError(outcome: Failed, account: Account): CodexAuthError {
  const { code, message, hint } = renewalProblem(outcome, account);
  return new CodexAuthError(code, message, { hint });
}

function renewalProblem(outcome: Failed, account: Account): Problem {
  if (outcome.kind === "flagged") {
    const message = `The login cannot be renewed: ${flagText(outcome.flag.reason)}.`;
    const { reason } = outcome.flag;
    const hint = capitalized(adviceOf(reason, account));
    return { code: "login_flagged", message, hint };
  }
  if (outcome.kind === "uncertain" || outcome.kind === "backing-off") {
    const isLost = outcome.kind === "uncertain";
    const message = `The access token is not renewed: ${outcome.why}.`;
    const kept = isLost
      ? "The refresh token is kept: it may be good."
      : "The refresh token is kept and good.";
    const hint = `${kept} The next try is at ${outcome.nextAt}; one at once: ${remedyOf("unclear", account)}`;
    return { code: isLost ? "refresh_uncertain" : "upstream_unavailable", message, hint };
  }
  if (outcome.kind === "left") {
    const message = `Codex is at work with this login (${outcome.who}) and may be renewing it, so its token was not sent.`;
    const hint = "Nothing was spent. Run the command again when that Codex has renewed it, or has ended.";
    return { code: "login_in_use", message, hint };
  }
  if (outcome.kind === "unreachable") {
    const hint = "Check the network, then run the command again.";
    return {
      code: "network_unreachable",
      message: `Cannot reach the login server of OpenAI: ${codeInWords(outcome.code)}. No token was sent.`,
      hint,
    };
  }
  if (outcome.kind === "cancelled") {
    const message = "The renewal was stopped before anything was sent.";
    return { code: "interrupted", message, hint: "Run the command again." };
  }
  const message = `${capitalized(endedText())}.`;
  return { code: "login_expired", message, hint: capitalized(adviceOf("ended", account)) };
}

interface Problem {
  code: CommandErrorCode;
  message: string;
  hint: string;
}
