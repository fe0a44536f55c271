import type { Account } from "../store/account.ts";
import type { FlagReason } from "../store/refresh-mark.ts";

/** What keeps an account from being used until a person does something. */
export type Trouble =
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

/** The command that may end a trouble, with the account filled in. Hints and findings take it from here. */
export function remedyOf(trouble: Trouble, account: Who): string {
  return commands[remedies[trouble]](account);
}

/** What an account needs before it can be used again; null when nothing. */
export function remedyFor(account: Account, nowMs: number): string | null {
  if (account.flag) return remedyOf(account.flag.reason, account);
  if (account.pausedAt !== null) return remedyOf("paused", account);
  const { refreshToken, expiresAtSec } = account.login;
  const hasEnded = refreshToken === "" && expiresAtSec !== null && expiresAtSec * 1000 <= nowMs;
  return hasEnded ? remedyOf("ended", account) : null;
}
