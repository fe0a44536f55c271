import { editConfig } from "../codex/config/edit.ts";
import type { ConfigArguments } from "../codex/config/layers.ts";
import { loginRestriction } from "../codex/config/toml.ts";
import { overrides } from "../codex/environment.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type Account, accountName } from "../pool/account.ts";
import type { Pool } from "../pool/pool.ts";
import { endedText, hasEnded } from "../pool/state.ts";
import type { LiveFile } from "../store/auth-file.ts";
import { readLoginSettings, unusedLoginNotes } from "../store/config-file.ts";
import { capitalized } from "../text/words.ts";

interface LoginCheck {
  /** config.toml makes Codex keep its login elsewhere than in auth.json, and the person asked to change that. */
  isStoreToChange: boolean;
  warnings: string[];
}

interface LoginWish {
  /** cli_auth_credentials_store may be changed. */
  useFileStore?: boolean;
  /** For a home of its own, of which no keyring knows. */
  isPrivate?: boolean;
  /** What is to be replaced. */
  live?: LiveFile;
  asked?: ConfigArguments | undefined;
  /** Among whose accounts it is named. */
  pool: Pick<Pool, "accounts">;
}

/**
 * Refuses a login that Codex would not use after the switch: one that config.toml forbids (the next `codex exec`
 * would delete it), and any login while Codex reads another place than ours. What only may go wrong is a warning.
 */
export function checkLogin(
  ctx: Context,
  account: Account,
  { useFileStore = false, isPrivate = false, live, asked, pool }: LoginWish,
): LoginCheck {
  const settings = readLoginSettings(ctx, asked);
  const restriction = loginRestriction(settings, account.login);
  if (restriction) {
    const message = `The configuration of Codex forbids ${accountName(account, pool.accounts)}: ${restriction.reason}.`;
    const effect = restriction.isDeleting
      ? "Codex would delete auth.json at its next start."
      : "Codex would act as if nobody were signed in.";
    const hint = `${effect} Take another account, or change that key.`;
    throw new CodexAuthError("login_restricted", message, { hint });
  }
  const { credentialsStore: kept, files } = settings;
  const warnings = [...loginWarnings(ctx, account), ...unusedNotes(ctx, asked)];
  const setElsewhere = files["cli_auth_credentials_store"];
  const isOurs = live?.place.kind === (kept === "file" ? "file" : "keyring");
  if (useFileStore && kept !== "file" && setElsewhere === undefined) {
    const unread = live?.refusal ? [unreadWarning(live.refusal)] : [];
    return { isStoreToChange: true, warnings: [...warnings, ...unread] };
  }
  if (!isPrivate && live?.refusal) throw live.refusal;
  if (isOurs || (kept === "file" && !live)) return { isStoreToChange: false, warnings };
  if (kept === "auto") {
    const isSure = isPrivate || live?.place.isAlone === true;
    return { isStoreToChange: false, warnings: isSure ? warnings : [...warnings, autoWarning] };
  }
  const unused = live?.place.name ?? "auth.json";
  const message = `${setElsewhere ?? "config.toml"} sets cli_auth_credentials_store = "${kept}", so Codex does not read ${unused}.`;
  const hint =
    setElsewhere === undefined
      ? 'To set it to "file" and switch: codex auth switch <account> --use-file-store'
      : "Change that key, or switch in another folder.";
  throw new CodexAuthError("login_restricted", message, { hint });
}

const autoWarning =
  'cli_auth_credentials_store = "auto": Codex reads auth.json only where it finds no login in a keyring. See: codex auth switch --help, --use-file-store';

function unreadWarning({ message }: CodexAuthError): string {
  return `${message} A login that Codex keeps there stays there; where Codex has renewed it, that account needs a new login here.`;
}

/** What keeps Codex from using any login of auth.json. */
function unusedNotes(ctx: Context, asked: ConfigArguments | undefined): string[] {
  const ofEnvironment = overrides(ctx.env).map(
    ({ name }) => `${name} is set: Codex uses it instead of auth.json. To end that: unset ${name}`,
  );
  return [...ofEnvironment, ...unusedLoginNotes(ctx, asked)];
}

export function withFileStore(text: string): string {
  return editConfig(text, [{ path: ["cli_auth_credentials_store"], value: "file" }]);
}

/** Logins that Codex accepts and that do not work all the same. */
function loginWarnings({ now }: Context, { login, pausedAt, flag }: Account): string[] {
  const warnings: string[] = [];
  if (login.kind === "chatgpt" && login.lastRefresh === null) {
    warnings.push(
      "This login has no last_refresh, so Codex sends its requests without a token. Log in again.",
    );
  }
  if (hasEnded({ login }, now())) {
    warnings.push(`${capitalized(endedText("of this login"))}. Log in again.`);
  }
  if (flag) warnings.push("This login was refused by OpenAI and needs a new sign-in. See: codex auth list");
  if (pausedAt) warnings.push("This account is paused; it stays out of automatic selection.");
  return warnings;
}
