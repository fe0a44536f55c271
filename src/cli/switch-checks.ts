import { editConfig } from "../codex/config-edit.ts";
import { loginRestriction } from "../codex/login-restriction.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Context } from "./context.ts";
import { readLoginSettings } from "./login-settings.ts";
import { accountName } from "./select-account.ts";

interface Options {
  dryRun?: boolean;
  useFileStore?: boolean;
}

/**
 * Refuses a login that Codex would not use after the switch: one that config.toml forbids (the next `codex exec`
 * would delete auth.json), and any login while Codex reads the keyring. config.toml is changed only when told.
 */
export async function requireUsableLogin(
  ctx: Context,
  account: Account,
  { dryRun, useFileStore }: Options,
): Promise<void> {
  const settings = readLoginSettings(ctx);
  const restriction = loginRestriction(settings, account.login);
  if (restriction) {
    const message = `config.toml forbids ${accountName(account)}: ${restriction}.`;
    const hint =
      "Codex would delete auth.json at its next start. Switch to another account, or change that key.";
    throw new CodexAuthError("login_restricted", message, { hint });
  }
  const { credentialsStore } = settings;
  if (credentialsStore !== "keyring" && credentialsStore !== "ephemeral") return;
  if (useFileStore && !dryRun) return ctx.store.editConfig(useFile);
  if (useFileStore) return;
  const message = `config.toml sets cli_auth_credentials_store = "${credentialsStore}", so Codex does not read auth.json.`;
  const hint = 'To set it to "file" and switch: codex auth switch <account> --use-file-store';
  throw new CodexAuthError("login_restricted", message, { hint });
}

function useFile(text: string): string {
  return editConfig(text, [{ path: ["cli_auth_credentials_store"], value: "file" }]);
}
