import type { Account } from "./account.ts";
import type { FlagReason } from "./marks.ts";

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
