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
  account_active: row("user", "The account is the live login, so it is not removed without --force."),
  folder_rule_invalid: row("user", "A .codex-auth file holds no name of an account."),
  label_taken: row("user", "Another account has this label."),
  label_invalid: row("user", "The label could be read as a row number, an option or an e-mail address."),
  import_failed: row("user", "Nothing that could be imported was found."),
  export_refused: row("user", "The target of an export would expose credentials."),
  backup_not_found: row("user", "No backup matches the name."),
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
  backend_refused: row("environment", "The address of OpenAI's backend must not get a token."),
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
  program_not_found: row("user", "The program that `exec` was to run does not exist; exit code 127."),
  program_not_executable: row("user", "The program that `exec` was to run cannot be run; exit code 126."),
  proxy_host_refused: row("user", "The rotation proxy listens on this machine only."),
  proxy_key_invalid: row("user", "The client key of the rotation proxy is empty or does not fit into a URL."),
  proxy_port_busy: row("environment", "The port of the rotation proxy cannot be listened on.", true),
  rotation_running: row("user", "A rotation proxy of this store runs already."),
  rotation_not_running: row("user", "No rotation proxy of this store runs."),
  rotation_unresponsive: row("environment", "The rotation proxy runs but does not answer.", true),
  no_account_ready: row("user", "No account can be used now, so none is recommended."),
  store_in_use: row("environment", "Something that is to be removed is in use by a running command."),
  accounts_would_be_lost: row("user", "Logins that exist only in the pool would be removed with it."),
  interrupted: row("user", "The command was stopped with Ctrl-C."),
  internal_error: row("bug", "A fault in codex-auth itself."),
} as const satisfies Record<string, CatalogRow>;

export type CommandErrorCode = keyof typeof commandErrors;

interface ApiErrorRow extends CatalogRow {
  /** The `type` of the error envelope. */
  readonly type: ErrorType;
  /** HTTP statuses that carry the code; the first is the usual one. */
  readonly statuses: readonly [number, ...number[]];
  /** What to do next, for a person. */
  readonly hint: string;
}

export type ErrorType =
  | "authentication_error"
  | "permission_error"
  | "entitlement_error"
  | "invalid_request_error"
  | "rate_limit_error"
  | "usage_limit_reached"
  | "server_error";

const fixRequest = "Correct the request; the same one fails again.";
const wait = "Wait until the reset, or add an account: codex auth login";
const later = "Try again in a moment.";
const showPool = "Run: codex auth rotation status";

/** Every code that the proxy, the live checks and the helpers put into an error envelope. Permanent too. */
export const apiErrors = {
  invalid_api_key: api(
    "authentication_error",
    [401],
    "user",
    "The credential is missing, wrong or expired.",
    {
      hint: "Log in again: codex auth login",
    },
  ),
  model_not_allowed: api("permission_error", [403], "user", "The account may not use this model.", {
    hint: "Choose another model or account.",
  }),
  insufficient_permissions: api("permission_error", [403], "user", "The account lacks a permission.", {
    hint: "Ask the owner of the workspace, or use another account.",
  }),
  usage_not_included: api("entitlement_error", [403], "user", "The account's plan does not include Codex.", {
    hint: "Upgrade the plan, or use another account: codex auth switch <account>",
  }),
  model_not_supported_with_chatgpt_account: api(
    "entitlement_error",
    [403],
    "user",
    "A ChatGPT login cannot use this model.",
    { hint: "Choose another model." },
  ),
  invalid_request_error: api("invalid_request_error", [400], "user", "The request is malformed.", {
    hint: fixRequest,
  }),
  not_found: api("invalid_request_error", [404], "user", "What the request names does not exist.", {
    hint: fixRequest,
  }),
  validation_error: api(
    "invalid_request_error",
    [422],
    "user",
    "A field of the request is wrong; `param` names it.",
    {
      hint: fixRequest,
    },
  ),
  rate_limit_exceeded: api("rate_limit_error", [429], "upstream", "Requests come too fast for one account.", {
    hint: later,
    retry: true,
  }),
  usage_limit_reached: api("usage_limit_reached", [429], "user", "The account's window is used up.", {
    hint: wait,
    retry: true,
  }),
  codex_runtime_rotation_pool_exhausted: api(
    "usage_limit_reached",
    [429, 503],
    "user",
    "No account of the pool can serve the request now; `reason` says why.",
    { hint: showPool, retry: true },
  ),
  codex_pinned_account_unavailable: api(
    "usage_limit_reached",
    [429, 503],
    "user",
    "The one account that this run is pinned to cannot serve the request now.",
    { hint: "Drop the pin, or wait. Run: codex auth rotation status", retry: true },
  ),
  runtime_rotation_proxy_unauthorized: api(
    "authentication_error",
    [401],
    "user",
    "The request did not carry the proxy's client key.",
    { hint: "Take address and key from: codex auth rotation env" },
  ),
  runtime_rotation_proxy_not_found: api(
    "invalid_request_error",
    [404],
    "user",
    "The path or method is outside the surface of the proxy.",
    { hint: "The proxy serves POST /responses and GET /models only." },
  ),
  runtime_rotation_proxy_payload_too_large: api(
    "invalid_request_error",
    [413],
    "user",
    "The request body is over the proxy's cap.",
    { hint: "Start a new thread, or send less." },
  ),
  codex_runtime_rotation_proxy_error: api(
    "server_error",
    [500],
    "bug",
    "The proxy failed before it forwarded the request.",
    { hint: showPool, retry: true },
  ),
  server_error: api("server_error", [500], "upstream", "The server failed.", { hint: later, retry: true }),
  internal_error: api("server_error", [500], "bug", "A fault in codex-auth itself.", {
    hint: "Please report it, with the output of: codex auth doctor",
  }),
  not_implemented: api("server_error", [501], "user", "The endpoint or feature does not exist here.", {
    hint: fixRequest,
  }),
  upstream_error: api(
    "server_error",
    [502, 503],
    "upstream",
    "OpenAI answered with an error, or not at all.",
    {
      hint: later,
      retry: true,
    },
  ),
  no_accounts: api("server_error", [503], "user", "No account is configured, or all need a new login.", {
    hint: "Run: codex auth login",
  }),
} as const satisfies Record<string, ApiErrorRow>;

export type ApiErrorCode = keyof typeof apiErrors;

/** The catalog row of a code, or undefined for a code that is not ours. */
export function apiErrorRow(code: string): ApiErrorRow | undefined {
  return isApiErrorCode(code) ? apiErrors[code] : undefined;
}

function isApiErrorCode(code: string): code is ApiErrorCode {
  return Object.hasOwn(apiErrors, code);
}

function api(
  type: ErrorType,
  statuses: ApiErrorRow["statuses"],
  fault: Fault,
  meaning: string,
  { hint, retry = false }: { hint: string; retry?: boolean },
): ApiErrorRow {
  return { type, statuses, fault, retry, meaning, hint };
}

function row(fault: Fault, meaning: string, retry = false): CatalogRow {
  return { fault, retry, meaning };
}
