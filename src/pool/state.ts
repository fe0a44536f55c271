import { activeBlock, type Block, blockWords, laterBlock } from "../quota/block.ts";
import { mainLimitId } from "../quota/limit.ts";
import { isoTime } from "../text/times.ts";
import type { Account } from "./account.ts";
import type { FlagReason } from "./marks.ts";
import { renewalBlock } from "./renewal-trouble.ts";

/**
 * What an account can do now. `limited`: a window, its credits or its spend cap is used up; `resting`: OpenAI asked to
 * wait or refused the login just after a renewal; `unclear`, `backing-off`: its access token has ended and the renewal
 * had no answer, or was not served; `flagged`: its login was refused, or another tool had set it aside; `expired`: its
 * token has ended and there is none to renew it with; `no-plan`: a key, which has no windows of a plan.
 */
export type StateKind =
  | "ready"
  | "no-plan"
  | "limited"
  | "resting"
  | "unclear"
  | "backing-off"
  | "paused"
  | "flagged"
  | "expired";

/** One account, worked out here for every command, the proxy and the gateway. */
export interface AccountState {
  readonly kind: StateKind;
  /** ISO time; null where nobody noted it. */
  readonly since: string | null;
  /** Epoch ms when it serves again, or is tried again; null when a person has to do something, or nothing is in its way. */
  readonly untilMs: number | null;
  /** What keeps it from serving until then. */
  readonly block: Block | null;
  /** Why its login was refused. */
  readonly reason: FlagReason | null;
  /** What to type; null when nothing is needed. */
  readonly remedy: string | null;
}

/** `block`: what is known of its quota; only what holds now for the main limit counts. What needs a person comes first. */
export function accountState(account: Account, block: Block | null, nowMs: number): AccountState {
  const { flag, pausedAt, login } = account;
  if (flag)
    return stopped(account, "flagged", { trouble: flag.reason, since: flag.since, reason: flag.reason });
  if (pausedAt !== null) return stopped(account, "paused", { trouble: "paused", since: pausedAt });
  if (hasEnded(account, nowMs)) return stopped(account, "expired", { trouble: "ended" });
  const now = activeBlock(blockOf(account, block, nowMs), nowMs, mainLimitId);
  if (now) return blocked(account, now);
  const hasPlan = login.kind === "chatgpt" || login.kind === "accessToken";
  return { ...nothing, kind: hasPlan ? "ready" : "no-plan" };
}

/** What keeps an account from serving, of its quota (`known`) and of its own renewal: whichever ends later. */
export function blockOf(account: Account, known: Block | null, nowMs: number): Block | null {
  return laterBlock(known, renewalBlock(account, nowMs));
}

/** Why nobody can renew a login, as half a sentence. */
export const notRenewable = "there is no refresh token";

/** What is said of a login that has ended and that nobody can renew, as half a sentence; `whose`: `of dev@team.example`. */
export function endedText(whose = ""): string {
  return `the access token${whose === "" ? "" : ` ${whose}`} has ended and ${notRenewable}`;
}

/** The token has ended and cannot be renewed. */
export function hasEnded(
  { login: { expiresAtSec, refreshToken } }: Pick<Account, "login">,
  nowMs: number,
): boolean {
  return refreshToken === "" && expiresAtSec !== null && expiresAtSec * 1000 <= nowMs;
}

const nothing: Omit<AccountState, "kind"> = {
  since: null,
  untilMs: null,
  block: null,
  reason: null,
  remedy: null,
};

function stopped(
  account: Account,
  kind: "flagged" | "paused" | "expired",
  {
    trouble,
    since = null,
    reason = null,
  }: { trouble: Trouble; since?: string | null; reason?: FlagReason | null },
): AccountState {
  return { ...nothing, kind, since, reason, remedy: remedyOf(trouble, account) };
}

const kindOfBlock = {
  exhausted: "limited",
  transient: "resting",
  auth: "resting",
  unclear: "unclear",
  "backing-off": "backing-off",
} as const;

function blocked(account: Account, block: Block): AccountState {
  const kind = kindOfBlock[block.kind];
  const remedy = kind === "unclear" || kind === "backing-off" ? remedyOf("unclear", account) : null;
  return { ...nothing, kind, since: isoTime(block.sinceMs), untilMs: block.untilMs, block, remedy };
}

/** One word for each state, for people, the same everywhere. */
export const stateWords: Readonly<Record<StateKind, string>> = {
  ready: "ready",
  "no-plan": "ready",
  limited: "limited",
  resting: "resting",
  unclear: blockWords.unclear,
  "backing-off": blockWords["backing-off"],
  paused: "paused",
  flagged: "sign-in needed",
  expired: "sign-in needed",
};

/** A flag that a sign-in does not end is one to test. */
function stateWord({ kind, reason }: Pick<AccountState, "kind" | "reason">): string {
  return reason === "reported" || reason === "deactivated" ? "to be tested" : stateWords[kind];
}

const flagTexts: Readonly<Record<FlagReason, string>> = {
  spent: "its refresh token is used up: it was renewed after this copy was made",
  "used-elsewhere": "its refresh token was used by another program or machine",
  interrupted: "its refresh token was lost in a renewal that was interrupted",
  expired: "its refresh token has expired",
  revoked: "it was revoked",
  rejected: "the issuer refused it",
  deactivated: "the account was deactivated",
  reported: "another tool had set it aside after a failure",
};

/** Why a login was refused, as half a sentence. */
export function flagText(reason: FlagReason): string {
  return flagTexts[reason];
}

/** Why an account takes no part in a choice, or null when it does: a block ends by itself, so it does not count. */
export function whyUnusable(account: Account, nowMs: number): string | null {
  const state = accountState(account, null, nowMs);
  switch (state.kind) {
    case "flagged":
      return `${stateWord(state)}: ${flagText(state.reason ?? "rejected")}`;
    case "paused":
      return stateWords.paused;
    case "no-plan":
      return "has no quota of a plan";
    case "expired":
      return `${stateWords.expired}: ${endedText()}`;
    case "ready":
    case "limited":
    case "resting":
    case "unclear":
    case "backing-off":
      break;
  }
  return null;
}

/** What keeps an account from being used until a person does something. */
type Trouble =
  | FlagReason
  /** The token has ended, and there is none to renew it with. */
  | "ended"
  /** OpenAI refuses the login. */
  | "refused"
  /** OpenAI says that the account or its workspace is closed. */
  | "closed"
  /** The access token is refused, or a renewal had no answer. */
  | "unclear"
  | "paused";

type Who = Pick<Account, "id" | "login">;

const commands = {
  signIn: signInCommand,
  test: () => "codex auth verify-flagged",
  ask: ({ id }: Who) => `codex auth check ${id}`,
  forget: ({ id }: Who) => `codex auth remove ${id}`,
  resume: ({ id }: Who) => `codex auth resume ${id}`,
};

/** Another key is another account, so only a sign-in is for the same one. */
function signInCommand({ id, login: { kind } }: Who): string {
  if (kind === "chatgpt") return `codex auth login --account ${id}`;
  if (kind === "apiKey") return "codex auth login --with-api-key";
  return kind === "accessToken" ? "codex auth login --with-access-token" : "codex auth login";
}

const remedies: Record<Trouble, keyof typeof commands> = {
  spent: "signIn",
  "used-elsewhere": "signIn",
  interrupted: "signIn",
  expired: "signIn",
  revoked: "signIn",
  rejected: "signIn",
  deactivated: "test",
  reported: "test",
  ended: "signIn",
  refused: "signIn",
  closed: "forget",
  unclear: "ask",
  paused: "resume",
};

/** What to do, and the command for it; the beginning of a sentence is for the caller to make. */
export function adviceOf(trouble: Trouble, account: Who): string {
  return `${adviceWords(trouble)}: ${remedyOf(trouble, account)}`;
}

function adviceWords(trouble: Trouble): string {
  if (trouble === "reported") return "test it";
  return trouble === "deactivated" ? "once it is open again" : "log in again";
}

/** The command that may end a trouble, with the account filled in. Hints and findings take it from here. */
export function remedyOf(trouble: Trouble, account: Who): string {
  return commands[remedies[trouble]](account);
}
