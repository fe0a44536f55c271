import { type AuthDocument, type Login, readAuthDocument } from "../../codex/auth-json.ts";
import { readClaims } from "../../codex/claims.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { codeInWords, isConnectFailure, networkCode } from "../../openai/backend.ts";
import { codexClientId, type NewTokens, readAnswer, type TokenAnswer } from "../renew/token-endpoint.ts";
import type { Context } from "../../context.ts";

interface Grant {
  issuer: string;
  code: string;
  verifier: string;
  redirectUri: string;
}

/**
 * Turns the code of a browser or device login into a login. Codex then asks for an API key too, and stores it beside
 * the tokens, where it is not used: that is left out.
 */
export async function exchangeCode(
  ctx: IssuerContext & { now: () => number },
  { issuer, code, verifier, redirectUri }: Grant,
): Promise<Login> {
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: codexClientId,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  const answer = await askIssuer(ctx, `${issuer}/oauth/token`, form, (response) =>
    readAnswer(response, ctx.now()),
  );
  if (answer.kind === "refused")
    throw failed(`refused the code: HTTP ${answer.status} ${answer.code.slice(0, 60)}`);
  if (answer.kind !== "tokens") throw failed(`gave no readable answer: ${whyOf(answer)}`);
  const document = chatgptDocument(answer.tokens, issuer, ctx.now());
  const reading = document && readAuthDocument(document);
  if (reading?.kind === "login") return reading.login;
  throw failed("left out a token, or sent one that Codex could not read");
}

function whyOf(answer: Exclude<TokenAnswer, { kind: "tokens" | "refused" }>): string {
  return answer.kind === "unreachable" ? codeInWords(answer.code) : answer.why;
}

function failed(what: string): CodexAuthError {
  return new CodexAuthError("login_failed", `The login server ${what}.`, {
    hint: "Nothing was changed. A code works once and for minutes; start again: codex auth login",
  });
}

/** What ties the answer of the browser to this login: PKCE with S256, and the state. */
export interface LoginSecrets {
  verifier: string;
  challenge: string;
  state: string;
}

/** As many random bytes as Codex takes. */
export function newLoginSecrets(): LoginSecrets {
  const { createHash, randomBytes } = crypto();
  const verifier = randomBytes(64).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return { verifier, challenge, state: randomBytes(32).toString("base64url") };
}

/** Compares without telling by its time how much was right. */
export function isSameSecret(a: string, b: string): boolean {
  const { createHash, timingSafeEqual } = crypto();
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const scope = "openid profile email offline_access api.connectors.read api.connectors.invoke";

interface Request extends Pick<LoginSecrets, "challenge" | "state"> {
  issuer: string;
  redirectUri: string;
  /** The only workspace that config.toml allows; null when it is left to the person. */
  workspaceId: string | null;
}

/** The address that a person opens to sign in, with the parameters that Codex sends. */
export function authorizeUrl({ issuer, redirectUri, challenge, state, workspaceId }: Request): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: codexClientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: "S256",
    state,
    scope,
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    originator: "codex_cli_rs",
  });
  if (workspaceId !== null) query.set("allowed_workspace_id", workspaceId);
  return `${issuer}/oauth/authorize?${query.toString()}`;
}

/** node:crypto is slow to load; see store/hash.ts. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}

export interface IssuerContext extends Pick<Context, "fetch"> {
  /** Aborted by Ctrl-C. */
  stop: AbortSignal;
}

/** A form, or a JSON document. */
type Body = URLSearchParams | object;

const deadlineMs = 60_000;

/** Posts to the issuer and reads the answer; whatever goes wrong on the way is told as trouble of the network. */
export async function askIssuer<T>(
  { fetch, stop }: IssuerContext,
  url: string,
  body: Body,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(deadlineMs)]);
    return await read(await fetch(url, { ...post(body), signal }));
  } catch (error) {
    stop.throwIfAborted();
    if (error instanceof CodexAuthError) throw error;
    throw networkError(error);
  }
}

function post(body: Body): RequestInit {
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  return {
    method: "POST",
    headers: { "content-type": type, originator: "codex_cli_rs" },
    body: isForm ? body.toString() : JSON.stringify(body),
    // A redirect would carry the code to another place.
    redirect: "error",
  };
}

function networkError(cause: unknown): CodexAuthError {
  const isUnsent = isConnectFailure(cause);
  const code = isUnsent ? "network_unreachable" : "upstream_unavailable";
  const what = isUnsent ? "cannot be reached" : "did not answer";
  return new CodexAuthError(code, `The login server ${what}: ${codeInWords(networkCode(cause))}.`, {
    hint: "Nothing was changed. Check the network, then start again: codex auth login",
    cause,
  });
}

/** What a login by a person needs of the outside world. */
export interface LoginContext extends IssuerContext, Pick<Context, "now" | "sleep" | "openUrl" | "fs"> {
  /** Shows lines to the person who signs in. */
  say: (text: string) => void;
}

/** Where to sign in, and to which workspace. */
export interface LoginTarget {
  issuer: string;
  /** The only workspace that config.toml allows; null when it is left to the person. */
  workspaceId: string | null;
}

/** The auth.json that Codex writes after a login; null when one of the three tokens is missing. */
function chatgptDocument(
  { id_token: idToken, access_token: accessToken, refresh_token: refreshToken }: NewTokens,
  issuer: string,
  nowMs: number,
): AuthDocument | null {
  if (idToken === undefined || accessToken === undefined || refreshToken === undefined) return null;
  const accountId = readClaims(idToken).accountId ?? readClaims(accessToken).accountId;
  return {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: idToken,
      access_token: accessToken,
      refresh_token: refreshToken,
      oauth_provenance: { issuer, client_id: codexClientId },
      ...(accountId === null ? {} : { account_id: accountId }),
    },
    last_refresh: new Date(nowMs).toISOString(),
  };
}

export function apiKeyDocument(key: string): AuthDocument {
  return { auth_mode: "apikey", OPENAI_API_KEY: key };
}

/** Codex writes no auth_mode here. */
export function accessTokenDocument(token: string): AuthDocument {
  return { OPENAI_API_KEY: null, personal_access_token: token };
}
