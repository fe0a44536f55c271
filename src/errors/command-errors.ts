// Longer than 250 lines: one table, a row for each code.
import type { CatalogRow, Fault } from "./api-errors.ts";

/** Every code of a failing command. Codes are permanent; docs/errors.md lists them. */
export const commandErrors = {
  usage: row(
    "user",
    "The command line is not understood.",
    "codex auth <command> --help shows what it takes.",
  ),
  account_not_found: row(
    "user",
    "No account matches the selector.",
    "codex auth list shows rows, labels and e-mails.",
  ),
  ambiguous_account: row(
    "user",
    "The selector matches several accounts; `candidates` lists them.",
    "Give the row, or more of the name: codex auth list",
  ),
  account_active: row(
    "user",
    "The account is the live login, so it is not removed without --force.",
    "Switch to another account first: codex auth switch <account>",
  ),
  folder_rule_invalid: row(
    "user",
    "A .codex-auth file holds no name of an account.",
    "Write the label of one account into the file, or: codex auth use-here --clear",
  ),
  label_taken: row(
    "user",
    "Another account has this label.",
    "Choose another label, or rename the other account: codex auth label <account> <name>",
  ),
  label_invalid: row(
    "user",
    "The label could be read as a row number, an option or an e-mail address.",
    "Choose a word that begins with a letter and has no @.",
  ),
  import_failed: row(
    "user",
    "Nothing that could be imported was found.",
    "Give an auth.json, a folder of them, or the store of another tool: codex auth import --help",
  ),
  export_refused: row(
    "user",
    "The target of an export would expose credentials.",
    "Write to a file, or confirm with --yes.",
  ),
  backup_not_found: row("user", "No backup matches the name.", "codex auth backup list"),
  login_restricted: row(
    "user",
    "config.toml forbids this account; Codex would delete the login.",
    "Choose an allowed account, or remove the key that the text names from config.toml.",
  ),
  login_flagged: row(
    "user",
    "The login was refused for good; a person must log in again.",
    "codex auth verify-flagged tests it again; else sign in: codex auth login",
  ),
  login_expired: row(
    "user",
    "The access token has ended and there is no refresh token.",
    "Sign in again: codex auth login",
  ),
  login_denied: row(
    "user",
    "The person did not consent to the login.",
    "codex auth login, and allow it in the browser.",
  ),
  login_state_mismatch: row(
    "user",
    "The answer of the browser belongs to another login.",
    "Close old tabs of the sign-in page and start again: codex auth login",
  ),
  login_timed_out: row(
    "user",
    "Nobody signed in while the command waited.",
    "Start again and sign in within fifteen minutes: codex auth login",
    true,
  ),
  login_other_account: row(
    "user",
    "Another account signed in than the one that was asked for.",
    "Choose the account in the browser that was asked for, or add the new one: codex auth login",
  ),
  login_ports_busy: row(
    "environment",
    "The ports for the answer of the browser are in use.",
    "codex auth login --device-auth needs no port; codex auth doctor names the program that holds them.",
    true,
  ),
  login_failed: row(
    "upstream",
    "The login server did not give a login.",
    "Try again: codex auth login; codex auth doctor --live tests the way to auth.openai.com.",
  ),
  login_secret_invalid: row(
    "user",
    "Standard input holds no API key or access token.",
    "Send the key or token on standard input, and nothing else.",
  ),
  device_code_limited: row(
    "upstream",
    "The login server gives no more device codes for a while.",
    "Wait as long as the message says, or: codex auth login --manual",
    true,
  ),
  device_login_disabled: row(
    "upstream",
    "The login server gives no device codes.",
    "codex auth login --manual needs no device code.",
  ),
  refresh_uncertain: row(
    "upstream",
    "A renewal was sent and had no answer; the old token is kept.",
    "Do nothing for now; codex auth check settles it.",
    true,
  ),
  network_unreachable: row(
    "environment",
    "No connection could be made; nothing was sent.",
    "codex auth doctor --live tells time-out, name lookup, TLS and proxy apart.",
    true,
  ),
  upstream_refused: row(
    "upstream",
    "OpenAI refused the request.",
    "codex auth check says how each account stands.",
  ),
  upstream_unavailable: row(
    "upstream",
    "OpenAI did not answer, or with a server error.",
    "Try again in a few minutes; status.openai.com tells of known trouble.",
    true,
  ),
  workspace_unroutable: row(
    "upstream",
    "OpenAI does not say where the workspace of the account is, so Codex does not start with it.",
    "Use another account: codex auth switch <account>",
    true,
  ),
  codex_home_missing: row(
    "environment",
    "CODEX_HOME does not exist.",
    'mkdir -p "$CODEX_HOME", or: unset CODEX_HOME',
  ),
  backend_refused: row(
    "environment",
    "An address that stands for OpenAI must not get a token.",
    "Remove chatgpt_base_url from config.toml, or unset the variable that the message names, or use an https address.",
  ),
  config_unreadable: row(
    "environment",
    "config.toml cannot be parsed.",
    "codex auth doctor shows the line; codex auth fix corrects simple typing errors.",
  ),
  config_edit_refused: row(
    "environment",
    "An edit of config.toml would change more than was meant.",
    "Change config.toml by hand as the text says.",
  ),
  auth_file_unreadable: row(
    "environment",
    "auth.json is torn, empty or has a field of the wrong type.",
    "codex auth fix, or: codex auth switch <account>",
  ),
  auth_file_hard_linked: row(
    "environment",
    "auth.json is a hard link, which Codex refuses to replace.",
    "codex auth fix makes it a file of its own.",
  ),
  file_mounted: row(
    "environment",
    "auth.json, or another file that must be replaced, is mounted by itself.",
    "Mount the folder that holds it instead of the file.",
  ),
  auth_lock_blocked: row(
    "environment",
    "auth.lock or auth.json.lock is a folder, or Codex holds it too long.",
    "codex auth doctor names what holds it; a folder of that name can go: rmdir <folder>",
  ),
  login_in_use: row(
    "environment",
    "A running Codex may be renewing the login, so it was left alone.",
    "Let that Codex finish or end it, then run the command again.",
    true,
  ),
  lock_helper_failed: row(
    "environment",
    "The program that takes the locks of Codex could not be run.",
    "Make room for another process (ulimit -u), then run the command again. codex auth doctor tells more.",
    true,
  ),
  seal_key_missing: row(
    "user",
    "The pool is sealed, and its key is not here, or is none.",
    "Name it with CODEX_AUTH_KEY_FILE or CODEX_AUTH_KEY_COMMAND, or unlock the keyring.",
  ),
  keyring_unusable: row(
    "environment",
    "Codex keeps its login in the keyring of the system, which cannot be read or written.",
    "Unlock it, or install the program that reaches it (Linux: secret-tool), or: codex auth switch <account> --use-file-store",
  ),
  seal_key_wrong: row(
    "user",
    "The pool is sealed with another key, or the sealed file is damaged.",
    "Name the key with which it was sealed.",
  ),
  pool_unreadable: row(
    "environment",
    "pool.json is damaged.",
    "codex auth backup restore takes the last good copy.",
  ),
  pool_of_another_home: row(
    "environment",
    "The pool belongs to another CODEX_HOME.",
    "Take the pool along: codex auth move-here. Or use that CODEX_HOME, or unset CODEX_AUTH_DIR.",
  ),
  pool_too_new: row(
    "environment",
    "pool.json was written by a newer codex-auth.",
    "Update codex-auth: npm install --global codex-auth@latest",
  ),
  store_folder_foreign: row(
    "user",
    "CODEX_AUTH_DIR names a folder that holds other files and no pool.",
    "Name an empty folder, or one that does not exist yet.",
  ),
  store_locked: row(
    "environment",
    "Another codex-auth command holds the store.",
    "Wait for the other command to end; codex auth doctor shows which it is.",
    true,
  ),
  store_changed: row(
    "environment",
    "The store changed while the command ran.",
    "Run the command again.",
    true,
  ),
  disk_full: row(
    "environment",
    "The disk or quota is full.",
    "Free some space, then run the command again.",
    true,
  ),
  permission_denied: row(
    "environment",
    "A file or folder cannot be read or written.",
    "codex auth doctor names the file and its owner.",
  ),
  io_error: row(
    "environment",
    "The system refused a file operation.",
    "Run the command again; codex auth doctor looks at the files.",
    true,
  ),
  command_failed: row(
    "environment",
    "A program that the command started failed.",
    "The reason is what that program wrote.",
  ),
  program_not_found: row(
    "user",
    "The program that `exec` was to run does not exist; exit code 127.",
    "Check the name, and PATH.",
  ),
  program_not_executable: row(
    "user",
    "The program that `exec` was to run cannot be run; exit code 126.",
    "chmod +x it, or name another program.",
  ),
  proxy_host_refused: row(
    "user",
    "The rotation proxy listens on this machine only.",
    "Leave --host out: the proxy is for this machine only.",
  ),
  proxy_key_invalid: row(
    "user",
    "The client key of the rotation proxy is empty or does not fit into a URL.",
    "Leave the key out, and one is made.",
  ),
  proxy_port_busy: row(
    "environment",
    "The port of the rotation proxy cannot be listened on.",
    "Leave --port out, and a free one is taken.",
    true,
  ),
  rotation_running: row(
    "user",
    "A rotation proxy of this store runs already.",
    "codex auth rotation status shows it; codex auth rotation stop ends it.",
  ),
  rotation_not_running: row(
    "user",
    "No rotation proxy of this store runs.",
    "codex auth rotation start, or for one run: codex auth exec --rotate -- codex",
  ),
  rotation_unresponsive: row(
    "environment",
    "The rotation proxy runs but does not answer.",
    "codex auth rotation stop, then: codex auth rotation start",
    true,
  ),
  no_account_ready: row(
    "user",
    "No account can be used now, so none is recommended.",
    "codex auth forecast shows when the next one is ready.",
  ),
  store_in_use: row(
    "environment",
    "Something that is to be removed is in use by a running command.",
    "End the running commands first; codex auth doctor shows them.",
  ),
  accounts_would_be_lost: row(
    "user",
    "What exists only here, such as logins of the pool, would be removed.",
    "Write them out first: codex auth export <accounts> --format bundle --out <file>",
  ),
  gateway_port_busy: row(
    "environment",
    "The port of the gateway cannot be listened on.",
    "codex auth gateway start --port <n>, or without --port for a free one.",
    true,
  ),
  gateway_running: row(
    "user",
    "A gateway of this store runs already.",
    "codex auth gateway status shows it; codex auth gateway stop ends it.",
  ),
  gateway_not_running: row("user", "No gateway of this store runs.", "codex auth gateway start"),
  limit_invalid: row(
    "user",
    "A limit of a gateway key cannot be read, or is there twice.",
    "For example: --limit requests=100/day --limit cost=5usd/week",
  ),
  key_not_found: row(
    "user",
    "No key of the gateway has this name or id.",
    "codex auth gateway key list shows them.",
  ),
  key_name_taken: row(
    "user",
    "Another key of the gateway has this name.",
    "Choose another name, or give that key a new secret: codex auth gateway key rotate <name>",
  ),
  key_revoked: row(
    "user",
    "The key of the gateway was revoked.",
    "Make a new one, with another name: codex auth gateway key create <name>",
  ),
  database_unavailable: row(
    "environment",
    "The gateway's database cannot be reached, read or written.",
    "Check the file or the server, and that the disk has room.",
    true,
  ),
  database_driver_missing: row(
    "environment",
    "No program that can open the gateway's database is installed.",
    "Use Node 22.15 or later, or install the package that the message names.",
  ),
  database_copied: row(
    "user",
    "The database holds accounts and is a copy of the one in which they live.",
    "Use the original; where that is gone for good: codex auth gateway database claim",
  ),
  move_refused: row(
    "user",
    "The login cannot be moved between the pool and the database now.",
    "The message says why; nothing was moved.",
  ),
  database_too_new: row(
    "environment",
    "The gateway's database was made by a newer codex-auth.",
    "Update codex-auth on this machine.",
  ),
  interrupted: row(
    "user",
    "The command was stopped with Ctrl-C.",
    "Nothing was left half done; run it again when you like.",
  ),
  internal_error: row(
    "bug",
    "A fault in codex-auth itself.",
    "Please report it, with the output of: codex auth doctor",
  ),
} as const satisfies Record<string, CatalogRow>;

export type CommandErrorCode = keyof typeof commandErrors;

function row(fault: Fault, meaning: string, hint: string, retry = false): CatalogRow {
  return { fault, retry, meaning, hint };
}
