import { field } from "../text/json.ts";
import {
  type CallForm,
  isHeaderText,
  isRecord,
  isText,
  namedCall,
  optional,
  wrongCall,
} from "./call-forms.ts";

export interface CodexHeadersOptions {
  /** Accepted for compatibility; no header depends on it. */
  readonly model?: string | undefined;
  /** The conversation; empty or absent removes the conversation's headers. */
  readonly promptCacheKey?: string | undefined;
}

export interface CodexHeadersParams {
  /** Only its `headers` are read. */
  readonly init?: RequestInit | undefined;
  readonly accountId: string;
  readonly accessToken: string;
  readonly opts?: CodexHeadersOptions | undefined;
}

const form: CallForm<CodexHeadersParams> = {
  helper: "createCodexHeaders",
  names: ["init", "accountId", "accessToken", "opts"],
  requires: "accountId and accessToken",
  checks: {
    init: optional(isRecord),
    accountId: isHeaderText,
    accessToken: isHeaderText,
    opts: optional(isOptions),
  },
};

// Codex 0.169 sends the names with a hyphen; older ones and other clients the underscores.
const conversationHeaders = ["conversation_id", "session_id", "session-id", "thread-id"];
const defaults = {
  accept: "text/event-stream",
  originator: "codex_cli_rs",
  "openai-beta": "responses=experimental",
};

/**
 * The headers of a request to the Codex backend, on top of `init.headers`: bearer token, account, and what the backend
 * expects unless the caller set it. `x-api-key` is removed. Throws TypeError without accountId or accessToken; the
 * message never holds a value.
 */
export function createCodexHeaders(
  init: RequestInit | undefined,
  accountId: string,
  accessToken: string,
  opts?: CodexHeadersOptions,
): Headers;
export function createCodexHeaders(params: CodexHeadersParams): Headers;
export function createCodexHeaders(...args: readonly unknown[]): Headers {
  const { init, accountId, accessToken, opts } = namedCall(form, args);
  const headers = startFrom(init?.headers);
  headers.delete("x-api-key");
  headers.set("authorization", `Bearer ${accessToken}`);
  headers.set("chatgpt-account-id", accountId);
  for (const [name, value] of Object.entries(defaults)) if (!headers.has(name)) headers.set(name, value);
  for (const name of conversationHeaders) {
    if (opts?.promptCacheKey) headers.set(name, opts.promptCacheKey);
    else headers.delete(name);
  }
  return headers;
}

/** `new Headers` quotes a refused value in its error, and that value can be a token. */
function startFrom(given: RequestInit["headers"]): Headers {
  try {
    return new Headers(given);
  } catch {
    throw wrongCall({ helper: form.helper, requires: "init.headers that are valid headers" });
  }
}

function isOptions(value: unknown): boolean {
  const key = field(value, "promptCacheKey");
  return (
    isRecord(value) &&
    optional(isText)(field(value, "model")) &&
    (key === undefined || key === "" || isHeaderText(key))
  );
}
