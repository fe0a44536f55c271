import type { Env } from "../codex/environment.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";

const defaultBackend = "https://chatgpt.com/backend-api";

/**
 * The base of Codex's side calls, without a slash at its end: `chatgpt_base_url` of config.toml, else chatgpt.com.
 * CODEX_AUTH_BACKEND is for tests. Throws `backend_refused` for an address that must not get a token.
 */
export function backendOf(env: Env, configured: string | undefined): string {
  const override = env["CODEX_AUTH_BACKEND"];
  if (override) return checkedBase("CODEX_AUTH_BACKEND", override);
  return configured ? checkedBase("chatgpt_base_url", configured) : defaultBackend;
}

/** Codex has two styles of paths, and tells them apart by the end of the base. */
export function backendUrl(
  base: string,
  name: "usage" | "rate-limit-reset-credits" | "accounts/check",
): string {
  return base.endsWith("/backend-api") ? `${base}/wham/${name}` : `${base}/api/codex/${name}`;
}

/** The part of fetch that we use; Node's own fits. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Codes of failures before a byte of the request was written: name lookup, connection, proxy, TLS handshake. */
const connectCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*SELF_SIGNED.*|UNABLE_TO_.*|ERR_INVALID_URL|PROXY_.*)$/;

/** The code of whatever fetch threw, from the innermost cause: undici wraps it. */
export function networkCode(error: unknown): string {
  let code = "";
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ("code" in each && typeof each.code === "string") code = each.code;
    else if (code === "" && each.name !== "TypeError" && each.name !== "Error") code = each.name;
  }
  return code || "unknown";
}

/** A code for people: what it is about, and where they must do something about it, what that is. */
export function codeInWords(code: string): string {
  if (code === "EAI_AGAIN" || code === "ENOTFOUND") return `${code} (DNS)`;
  if (code !== "PROXY_UNSUPPORTED") return code;
  return `${code} (Codex ignores a proxy that the environment names, and codex-auth does not go past it: codex auth doctor)`;
}

/** Whether the request certainly never left this machine. */
export function isConnectFailure(error: unknown): boolean {
  return connectCodes.test(networkCode(error)) || isForbiddenPort(error) || isBeforeSending(error);
}

/** fetch makes an error without code and words of an answer with status 407; every failing connection has a code. */
export function isProxyRefusal(error: unknown): boolean {
  if (!(error instanceof TypeError) || !(error.cause instanceof Error)) return false;
  const { cause } = error;
  return /^(proxy authentication required)?$/.test(cause.message) && !("code" in cause) && !cause.cause;
}

/** The system call tells where the code does not: a time-out, or a refused permission, may also come later. */
function isBeforeSending(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ("syscall" in each && (each.syscall === "connect" || each.syscall === "getaddrinfo")) return true;
    // Every address of a name was tried.
    if (each instanceof AggregateError && each.errors.length > 0) return each.errors.every(isBeforeSending);
  }
  return false;
}

/** fetch refuses some ports before it connects, and gives no code for that. */
function isForbiddenPort(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.message === "bad port";
}

/** How connections are kept, in the words of Node's `http.Agent`. */
export interface AgentSettings {
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  readonly maxFreeSockets: number;
  readonly scheduling: "lifo";
}

/** An `Agent` of node:http or node:https. Named by what it has, so that these types need none of Node's. */
export interface ConnectionAgent {
  destroy(): void;
}

/** What makes connections to an address, where it is not Node's own way; else null. */
export type Agents = (url: string, settings?: AgentSettings) => ConnectionAgent | null;

/**
 * Where tokens are issued. CODEX_AUTH_ISSUER is for tests, as CODEX_AUTH_BACKEND is. Throws
 * `backend_refused` for an address that must not get a token.
 */
export function issuerOf(env: Env): string {
  const override = env["CODEX_AUTH_ISSUER"];
  return override ? checkedBase("CODEX_AUTH_ISSUER", override) : "https://auth.openai.com";
}

/** The setting of config.toml among them; all others are variables. */
type Setting =
  | "chatgpt_base_url"
  | "CODEX_AUTH_BACKEND"
  | "CODEX_AUTH_ISSUER"
  | "CODEX_REFRESH_TOKEN_URL_OVERRIDE";

/** An address to which paths are added, without a slash at its end. Throws `backend_refused`. */
function checkedBase(setting: Setting, text: string): string {
  const { origin, pathname, search, hash } = checkedUrl(setting, text);
  if (search !== "" || hash !== "") throw refusal(setting, "it holds more than a host and a path");
  return `${origin}${pathname}`.replace(/\/+$/, "");
}

/** A whole address. Throws `backend_refused` for one that must not get a token. */
export function checkedUrl(setting: Setting, text: string): URL {
  const problem = addressProblem(text);
  if (problem !== null) throw refusal(setting, problem);
  return new URL(text);
}

/** Why tokens must not go to an address; null for https, and for this machine. */
export function addressProblem(text: string): string | null {
  if (!URL.canParse(text)) return "it is no URL";
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") return "it is no http or https address";
  if (protocol === "http:" && !isLoopbackHost(hostname))
    return "a token would go unencrypted to another machine; plain http is for this machine only";
  return username !== "" || password !== "" ? "it holds a user name or password" : null;
}

/** The value itself is not shown: it may hold a password. */
function refusal(setting: Setting, problem: string): CodexAuthError {
  const isVariable = setting !== "chatgpt_base_url";
  const where = isVariable ? setting : `${setting} in config.toml`;
  const without = isVariable ? `unset ${setting}` : `take ${setting} out of config.toml`;
  return new CodexAuthError("backend_refused", `${where} cannot be used: ${problem}.`, {
    hint: `Name an https address, or do without it: ${without}. Nothing was sent.`,
  });
}

/** Takes the hostname of a URL. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
