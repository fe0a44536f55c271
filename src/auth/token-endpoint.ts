import { isObject } from "../codex/claims.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import { isConnectFailure, networkCode } from "../upstream/network-failure.ts";
import type { Fetch } from "../upstream/network-failure.ts";

/** Codex's own client id; a login that was issued to another client names it in `oauth_provenance`. */
export const codexClientId = "app_EMoamEEZ73f0CkXaXp7hrann";

type Env = Readonly<Record<string, string | undefined>>;

/** Where tokens are issued. CODEX_AUTH_ISSUER is for tests, as CODEX_AUTH_BACKEND is (upstream/backend.ts). */
export function issuerOf(env: Env): string {
  return (env["CODEX_AUTH_ISSUER"] || "https://auth.openai.com").replace(/\/+$/, "");
}

/** Codex's own override counts too, so that both always ask the same issuer. */
export function tokenUrl(env: Env): string {
  return env["CODEX_REFRESH_TOKEN_URL_OVERRIDE"] || `${issuerOf(env)}/oauth/token`;
}

/** Tokens of an answer; what is missing keeps its old value. */
export interface NewTokens {
  id_token?: string;
  access_token?: string;
  refresh_token?: string;
}

export type TokenAnswer =
  | { kind: "tokens"; tokens: NewTokens }
  /** The issuer said no, so the token was not exchanged. */
  | { kind: "refused"; status: number; code: string }
  /** The request was not sent. */
  | { kind: "unreachable"; code: string }
  /** It was sent, and nobody knows what became of it. */
  | { kind: "uncertain"; why: string };

const deadlineMs = 120_000;
const connectTries = 3;

/** Spends a refresh token. Only a connection that failed before the first byte is tried again. */
export async function requestRefresh(
  fetch: Fetch,
  url: string,
  login: Login,
  reason: string,
): Promise<TokenAnswer> {
  const body = JSON.stringify({
    client_id: clientIdOf(login.document),
    grant_type: "refresh_token",
    refresh_reason: reason,
    refresh_token: login.refreshToken,
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readAnswer(await fetch(url, post(body)));
    } catch (error) {
      if (!isConnectFailure(error)) return { kind: "uncertain", why: networkCode(error) };
      if (attempt === connectTries) return { kind: "unreachable", code: networkCode(error) };
    }
  }
}

function post(body: string): RequestInit {
  const headers = { "content-type": "application/json", originator: "codex_cli_rs" };
  // A redirect would carry the token to another place.
  return { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(deadlineMs) };
}

/** Reads a token answer of any grant. */
export async function readAnswer(response: Response): Promise<TokenAnswer> {
  const { status } = response;
  const body = parse(await response.text());
  if (status >= 200 && status < 300) {
    const tokens = newTokens(body);
    return tokens ? { kind: "tokens", tokens } : { kind: "uncertain", why: "an answer that cannot be read" };
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { kind: "refused", status, code: codeOf(body) };
  }
  return { kind: "uncertain", why: `HTTP ${status}` };
}

function newTokens(body: unknown): NewTokens | null {
  if (!isObject(body)) return null;
  const tokens: NewTokens = {};
  for (const key of ["id_token", "access_token", "refresh_token"] as const) {
    const value = body[key];
    if (typeof value === "string" && value !== "") tokens[key] = value;
  }
  return tokens.access_token === undefined ? null : tokens;
}

/** `error.code` of OpenAI, or the plain `error` of OAuth. */
function codeOf(body: unknown): string {
  if (!isObject(body)) return "unknown";
  const { error } = body;
  if (typeof error === "string") return error;
  return isObject(error) && typeof error["code"] === "string" ? error["code"] : "unknown";
}

/** The login with what the issuer sent; every other field stays as it was. */
export function renewedDocument(document: AuthDocument, tokens: NewTokens, nowMs: number): AuthDocument {
  const old = isObject(document["tokens"]) ? document["tokens"] : {};
  return { ...document, tokens: { ...old, ...tokens }, last_refresh: new Date(nowMs).toISOString() };
}

function clientIdOf(document: AuthDocument): string {
  const tokens = document["tokens"];
  const provenance = isObject(tokens) ? tokens["oauth_provenance"] : null;
  const id = isObject(provenance) ? provenance["client_id"] : null;
  return typeof id === "string" && id !== "" ? id : codexClientId;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
