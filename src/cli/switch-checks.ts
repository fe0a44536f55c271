import { editConfig } from "../codex/config-edit.ts";
import { loginRestriction } from "../codex/login-restriction.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Context } from "./context.ts";
import { overrides } from "../codex/environment.ts";
import { readLoginSettings, unusedLoginNotes } from "./login-settings.ts";
import { accountName } from "../store/account-name.ts";

interface LoginCheck {
  /** config.toml keeps Codex from reading auth.json, and the person asked to change that. */
  isStoreToChange: boolean;
  warnings: string[];
}

/**
 * Refuses a login that Codex would not use after the switch: one that config.toml forbids (the next `codex exec`
 * would delete auth.json), and any login while Codex reads another place. What only may go wrong is a warning.
 */
export function checkLogin(
  ctx: Context,
  account: Account,
  { useFileStore = false }: { useFileStore?: boolean },
): LoginCheck {
  const settings = readLoginSettings(ctx);
  const restriction = loginRestriction(settings, account.login);
  if (restriction) {
    const message = `The configuration of Codex forbids ${accountName(account)}: ${restriction}.`;
    const hint =
      "Codex would delete auth.json at its next start. Switch to another account, or change that key.";
    throw new CodexAuthError("login_restricted", message, { hint });
  }
  const { credentialsStore } = settings;
  const warnings = [...loginWarnings(ctx, account), ...unusedNotes(ctx)];
  if (credentialsStore === "file" || (useFileStore && !("cli_auth_credentials_store" in settings.files)))
    return { isStoreToChange: credentialsStore !== "file", warnings };
  if (credentialsStore === "auto") {
    const warning =
      'cli_auth_credentials_store = "auto": Codex reads auth.json only where it finds no login in a keyring. See: codex auth switch --help, --use-file-store';
    return { isStoreToChange: false, warnings: [...warnings, warning] };
  }
  const elsewhere = settings.files["cli_auth_credentials_store"];
  const message = `${elsewhere ?? "config.toml"} sets cli_auth_credentials_store = "${credentialsStore}", so Codex does not read auth.json.`;
  if (elsewhere !== undefined)
    throw new CodexAuthError("login_restricted", message, {
      hint: "Change that key, or switch in another folder.",
    });
  const hint = 'To set it to "file" and switch: codex auth switch <account> --use-file-store';
  throw new CodexAuthError("login_restricted", message, { hint });
}

/** What keeps Codex from using any login of auth.json. */
function unusedNotes(ctx: Context): string[] {
  const ofEnvironment = overrides(ctx.env).map(
    ({ name }) => `${name} is set: Codex uses it instead of auth.json. To end that: unset ${name}`,
  );
  return [...ofEnvironment, ...unusedLoginNotes(ctx)];
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
  const hasEnded = login.expiresAtSec !== null && login.expiresAtSec * 1000 <= now();
  if (hasEnded && login.refreshToken === "") {
    warnings.push("The access token of this login has ended, and it has no refresh token. Log in again.");
  }
  if (flag) warnings.push("This login was refused by OpenAI and needs a new login. See: codex auth list");
  if (pausedAt) warnings.push("This account is paused; it stays out of automatic selection.");
  return warnings;
}
