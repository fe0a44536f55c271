/** Who can end the trouble that a code stands for. */
export type Fault = "user" | "environment" | "upstream" | "bug";

interface CatalogRow {
  readonly fault: Fault;
  readonly retry: boolean;
  readonly meaning: string;
}

/** Every code of a failing command. Codes are permanent; docs/errors.md lists them. */
export const commandErrors = {
  usage: row("user", "The command line is not understood."),
  account_not_found: row("user", "No account matches the selector."),
  ambiguous_account: row("user", "The selector matches several accounts; `candidates` lists them."),
  account_paused: row("user", "The account was taken out of use with `pause`."),
  account_active: row("user", "The account is the live login, so it is not removed without --force."),
  label_taken: row("user", "Another account has this label."),
  label_invalid: row("user", "The label could be read as a row number, an option or an e-mail address."),
  import_failed: row("user", "Nothing that could be imported was found."),
  export_refused: row("user", "The target of an export would expose credentials."),
  backup_not_found: row("user", "No backup matches the name."),
  confirmation_needed: row("user", "The command needs a yes, and there is no terminal to ask on."),
  login_restricted: row("user", "config.toml forbids this account; Codex would delete the login."),
  login_flagged: row("user", "The login was refused for good; a person must log in again."),
  login_expired: row("user", "The access token has ended and there is no refresh token."),
  login_denied: row("user", "The person did not consent to the login."),
  login_state_mismatch: row("user", "The answer of the browser belongs to another login."),
  login_timed_out: row("user", "Nobody signed in while the command waited.", true),
  login_other_account: row("user", "Another account signed in than the one that was asked for."),
  login_ports_busy: row("environment", "The ports for the answer of the browser are in use.", true),
  login_failed: row("upstream", "The issuer did not give a login."),
  login_secret_invalid: row("user", "Standard input holds no API key or access token."),
  device_login_disabled: row("upstream", "The issuer gives no device codes."),
  refresh_uncertain: row("upstream", "A renewal was sent and had no answer; the old token is kept.", true),
  network_unreachable: row("environment", "No connection could be made; nothing was sent.", true),
  upstream_refused: row("upstream", "OpenAI refused the request."),
  upstream_unavailable: row("upstream", "OpenAI did not answer, or with a server error.", true),
  codex_home_missing: row("environment", "CODEX_HOME does not exist."),
  config_unreadable: row("environment", "config.toml cannot be parsed."),
  config_edit_refused: row("environment", "An edit of config.toml would change more than was meant."),
  auth_file_unreadable: row("environment", "auth.json is torn, empty or has a field of the wrong type."),
  auth_file_hard_linked: row("environment", "auth.json is a hard link, which Codex refuses to replace."),
  auth_lock_blocked: row(
    "environment",
    "auth.lock or auth.json.lock is a folder, or Codex holds it too long.",
  ),
  pool_unreadable: row("environment", "pool.json is damaged."),
  pool_too_new: row("environment", "pool.json was written by a newer codex-auth."),
  store_locked: row("environment", "Another codex-auth command holds the store.", true),
  store_changed: row("environment", "The store changed while the command ran.", true),
  disk_full: row("environment", "The disk or quota is full.", true),
  permission_denied: row("environment", "A file or folder cannot be read or written."),
  io_error: row("environment", "The system refused a file operation.", true),
  command_failed: row("environment", "A program that the command started failed."),
  interrupted: row("user", "The command was stopped with Ctrl-C."),
  internal_error: row("bug", "A fault in codex-auth itself."),
} as const satisfies Record<string, CatalogRow>;

export type CommandErrorCode = keyof typeof commandErrors;

function row(fault: Fault, meaning: string, retry = false): CatalogRow {
  return { fault, retry, meaning };
}
