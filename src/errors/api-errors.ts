/** Who can end the trouble that a code stands for. */
export type Fault = "user" | "environment" | "upstream" | "bug";

export interface CatalogRow {
  readonly fault: Fault;
  readonly retry: boolean;
  readonly meaning: string;
  /** What to do next, for a person. */
  readonly hint: string;
}

export interface ApiErrorRow extends CatalogRow {
  /** The `type` of the error envelope. */
  readonly type: ErrorType;
  /** HTTP statuses that carry the code; the first is the usual one. */
  readonly statuses: readonly [number, ...number[]];
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
    { hint: "The proxy serves what Codex asks for: docs/rotation.md lists it." },
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
