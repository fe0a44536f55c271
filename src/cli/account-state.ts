import { activeBlock, blockWords } from "../accounts/block.ts";
import type { Block } from "../accounts/block.ts";
import { mainLimitId } from "../accounts/limit.ts";
import { renewalBlock, renewalTrouble, troubleText } from "../auth/renewal-trouble.ts";
import { remedyOf } from "../auth/remedies.ts";
import { flagText } from "../auth/usable-login.ts";
import type { Account } from "../store/account.ts";
import type { Flag } from "../store/refresh-mark.ts";
import { isoTime } from "./account-limits.ts";

/** The words for what an account can do now; docs/json.md tells what they mean. */
export const accountStates = [
  "ready",
  "limited",
  "flagged",
  "paused",
  "expired",
  "unclear",
  "backing-off",
] as const;
export type AccountState = (typeof accountStates)[number];

interface StateReport {
  state: AccountState;
  stateReason: string | null;
}

/** The one word about an account that matters most: what needs a person comes first. */
export function stateOf(account: Account, block: Block | null, nowMs: number): StateReport {
  const { flag, pausedAt } = account;
  if (flag) return { state: "flagged", stateReason: flagReason(account, flag) };
  if (pausedAt) return { state: "paused", stateReason: `paused since ${pausedAt}` };
  if (healthOf(account, nowMs) === "expired")
    return { state: "expired", stateReason: "the access token has ended and there is no refresh token" };
  const rest = renewalBlock(account, nowMs);
  if (rest) return { state: blockedState(rest), stateReason: restText(account, rest) };
  const active = activeBlock(block, nowMs, mainLimitId);
  return active
    ? { state: blockedState(active), stateReason: blockText(active) }
    : { state: "ready", stateReason: null };
}

export function blockedState({ kind }: Block): AccountState {
  return kind === "unclear" || kind === "backing-off" ? kind : "limited";
}

function restText(account: Account, { untilMs }: Block): string {
  const trouble = renewalTrouble(account);
  const next = `tried again at ${isoTime(untilMs)}, at once with: ${remedyOf("unclear", account)}`;
  return `${trouble === null ? blockWords.unclear : troubleText(trouble)}; ${next}`;
}

/** Why the account was set aside, since when, and what to do. */
function flagReason(account: Account, { reason, since }: Flag): string {
  const when = remedyTexts[reason] ?? "log in again";
  return `${flagText(reason)}, since ${since}; ${when}: ${remedyOf(reason, account)}`;
}

const remedyTexts: Partial<Record<Flag["reason"], string>> = {
  deactivated: "once it is open again",
  reported: "test it",
};

const blockTexts = {
  ...blockWords,
  exhausted: "the usage limit is reached",
  transient: "OpenAI asked to wait, or did not answer",
  auth: "the login was refused after a renewal",
  credits: "the workspace has no credits left",
  "spend-cap": "the spend cap of the workspace is reached",
};

function blockText({ kind, reached, untilMs, isGuess = false }: Block): string {
  const text = blockTexts[reached === undefined || reached === "window" ? kind : reached];
  const until = isoTime(untilMs);
  return isGuess
    ? `${text}; OpenAI named no time, so it is tried again after ${until}`
    : `${text}, until ${until}`;
}

/** `renewable`: the access token has ended, and the refresh token gets a new one at the next use. */
export function healthOf({ login }: Account, nowMs: number): "valid" | "renewable" | "expired" | "unknown" {
  if (login.expiresAtSec === null) return "unknown";
  if (login.expiresAtSec * 1000 > nowMs) return "valid";
  return login.refreshToken === "" ? "expired" : "renewable";
}
