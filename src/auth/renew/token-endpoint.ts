import type { Env } from "../../codex/environment.ts";
import { isRecord, jsonOrNull } from "../../text/json.ts";
import {
  checkedUrl,
  type Fetch,
  isConnectFailure,
  isProxyRefusal,
  issuerOf,
  networkCode,
} from "../../openai/backend.ts";
import type { AuthDocument, Login } from "../../codex/auth-json.ts";
import { parseRetryHint } from "../../errors/retry-hint.ts";
import { answerText } from "../../errors/upstream-body.ts";

/** Codex's own client id; a login that was issued to another client names it in `oauth_provenance`. */
export const codexClientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** Codex's own override counts too, so that both always ask the same issuer. */
export function tokenUrl(env: Env): string {
  const override = env["CODEX_REFRESH_TOKEN_URL_OVERRIDE"];
  if (!override) return `${issuerOf(env)}/oauth/token`;
  return checkedUrl("CODEX_REFRESH_TOKEN_URL_OVERRIDE", override).href;
}

/** Tokens of an answer; what is missing keeps its old value. */
export interface NewTokens {
  id_token?: string;
  access_token?: string;
  refresh_token?: string;
}

export type TokenAnswer =
  | { kind: "tokens"; tokens: NewTokens }
  /** The issuer said no to this token, so it was not exchanged. */
  | { kind: "refused"; status: number; code: string }
  /** The issuer, or something before it, would not serve: nothing was exchanged, and it says nothing about the token. */
  | { kind: "unserved"; why: string; retryAfterMs: number | null }
  /** The request was not sent. */
  | { kind: "unreachable"; code: string }
  /** It was sent, and nobody knows what became of it. */
  | { kind: "uncertain"; why: string };

const deadlineMs = 120_000;
const connectTries = 3;

interface Sending {
  fetch: Fetch;
  now: () => number;
  /** Nothing may be sent any more. */
  isCancelled: () => boolean;
}

/** Spends a refresh token. Only a connection that failed before the first byte is tried again. */
export async function requestRefresh(
  { fetch, now, isCancelled }: Sending,
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
      return await readAnswer(await fetch(url, post(body)), now());
    } catch (error) {
      if (isProxyRefusal(error)) return unserved("HTTP 407", null);
      if (!isConnectFailure(error)) return { kind: "uncertain", why: networkCode(error) };
      // A connection may have waited for longer than the token is ours to send.
      if (attempt === connectTries || isCancelled()) return { kind: "unreachable", code: networkCode(error) };
    }
  }
}

function post(body: string): RequestInit {
  const headers = { "content-type": "application/json", originator: "codex_cli_rs" };
  // A redirect would carry the token to another place; whoever sends one is not the issuer.
  return { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(deadlineMs) };
}

/** A gateway that gave up waiting: the issuer behind it may have answered. */
const gatewayTimeouts = new Set([408, 499, 502, 504, 520, 522, 524, 598, 599]);
/** With these the issuer refuses a login. */
const refusals = new Set([400, 401, 403]);

/** Reads a token answer of any grant. */
export async function readAnswer(response: Response, nowMs: number): Promise<TokenAnswer> {
  const { status } = response;
  const isGood = status >= 200 && status < 300;
  // Where an answer is cut, its status still tells whether a token was exchanged.
  const text = await answerText(response).catch((error: unknown) => {
    if (isGood) throw error;
    return "";
  });
  const body = jsonOrNull(text);
  if (isGood) {
    const tokens = newTokens(body);
    if (tokens) return { kind: "tokens", tokens };
    // As a network proxy, or the sign-in page of a hotel, answers in place of the issuer.
    if (isPage(response, text)) return unserved(`a web page in place of an answer, HTTP ${status}`, null);
    return { kind: "uncertain", why: "an answer that cannot be read" };
  }
  if (gatewayTimeouts.has(status)) return { kind: "uncertain", why: `HTTP ${status}` };
  const code = codeOf(body);
  if (refusals.has(status) && code !== null) return { kind: "refused", status, code };
  const retryAfterMs = parseRetryHint(retryHeaders(response), nowMs)?.retryAfterMs ?? null;
  return unserved(`HTTP ${status}`, retryAfterMs);
}

function unserved(why: string, retryAfterMs: number | null): TokenAnswer {
  return { kind: "unserved", why, retryAfterMs };
}

function isPage({ headers }: Response, text: string): boolean {
  return /html/i.test(headers.get("content-type") ?? "") || text.trimStart().startsWith("<");
}

/** Those that speak of this request, and not of a quota. */
function retryHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.includes("retry-after")));
}

function newTokens(body: unknown): NewTokens | null {
  if (!isRecord(body)) return null;
  const tokens: NewTokens = {};
  for (const key of ["id_token", "access_token", "refresh_token"] as const) {
    const value = body[key];
    if (typeof value === "string" && value !== "") tokens[key] = value;
  }
  return tokens.access_token === undefined ? null : tokens;
}

/** `error.code` of OpenAI, or the plain `error` of OAuth; null when it is no refusal of either. */
function codeOf(body: unknown): string | null {
  if (!isRecord(body)) return null;
  const { error } = body;
  if (typeof error === "string") return error;
  if (!isRecord(error)) return null;
  return typeof error["code"] === "string" ? error["code"] : "unknown";
}

/** The login with what the issuer sent; every other field stays as it was. */
export function renewedDocument(document: AuthDocument, tokens: NewTokens, nowMs: number): AuthDocument {
  const old = isRecord(document["tokens"]) ? document["tokens"] : {};
  return { ...document, tokens: { ...old, ...tokens }, last_refresh: new Date(nowMs).toISOString() };
}

function clientIdOf(document: AuthDocument): string {
  const tokens = document["tokens"];
  const provenance = isRecord(tokens) ? tokens["oauth_provenance"] : null;
  const id = isRecord(provenance) ? provenance["client_id"] : null;
  return typeof id === "string" && id !== "" ? id : codexClientId;
}
