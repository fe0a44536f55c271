import { isDeep, isRecord } from "../text/json.ts";
import { type AuthDocument, fieldProblem, type Login, readAuthDocument } from "./auth-json.ts";
import { tidied } from "./tidy-tokens.ts";

/**
 * The login in a text that Codex cannot read as auth.json: torn behind the tokens, or with an optional field of a wrong
 * type. Null when a token is missing or torn. What is left out is only what Codex can do without.
 */
export function salvageLogin(text: string, nowMs: number): Login | null {
  const document = withoutWrongFields(parsed(text)) ?? pieces(text);
  const login = document && loginIn(document);
  return login && loginIn(dated(login, nowMs));
}

function loginIn(given: AuthDocument): Login | null {
  const document = tidied(given);
  const { auth_mode: _, ...withoutMode } = document;
  for (const each of [document, withoutMode]) {
    const reading = readAuthDocument(each);
    if (reading.kind === "login") return reading.login;
  }
  return null;
}

function parsed(text: string): AuthDocument | null {
  if (isDeep(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

const noTokens = { id_token: "", access_token: "", refresh_token: "" };

function withoutWrongFields(document: AuthDocument | null): AuthDocument | null {
  if (document === null) return null;
  const { tokens } = document;
  const kept = Object.entries(document).filter(
    ([key, value]) => key === "tokens" || fieldProblem({ [key]: value }) === null,
  );
  if (!isRecord(tokens)) return Object.fromEntries(kept);
  const keptTokens = Object.entries(tokens).filter(
    ([key, value]) => key in noTokens || fieldProblem({ tokens: { ...noTokens, [key]: value } }) === null,
  );
  return { ...Object.fromEntries(kept), tokens: Object.fromEntries(keptTokens) };
}

/** The complete strings of a text that is no JSON as a whole. */
function pieces(text: string): AuthDocument | null {
  const [idToken, accessToken, refreshToken] = Object.keys(noTokens).map((key) => stringIn(text, key));
  const key = stringIn(text, "OPENAI_API_KEY") ?? null;
  const mode = stringIn(text, "auth_mode");
  const head = { ...(mode === undefined ? {} : { auth_mode: mode }), OPENAI_API_KEY: key };
  if (idToken === undefined || accessToken === undefined || refreshToken === undefined)
    return key === null ? null : head;
  const tokens = { id_token: idToken, access_token: accessToken, refresh_token: refreshToken };
  const optional = { account_id: stringIn(text, "account_id"), last_refresh: stringIn(text, "last_refresh") };
  const { account_id, last_refresh } = optional;
  const document = { ...head, tokens: { ...tokens, account_id }, last_refresh };
  return withoutWrongFields(JSON.parse(JSON.stringify(document)) as AuthDocument);
}

/** The value of a key whose text is complete, as what follows it shows, in a text that need not be JSON as a whole. */
export function stringIn(text: string, key: string): string | undefined {
  const match = new RegExp(`"${key}"\\s*:\\s*("(?:[^"\\\\\\n]|\\\\.)*")\\s*(?:[,}\\]]|$)`).exec(text);
  try {
    return match?.[1] === undefined ? undefined : String(JSON.parse(match[1]));
  } catch {
    return undefined;
  }
}

/**
 * The document with a `last_refresh`, without which Codex sends no token: the moment at which the access token was
 * made, as Codex would have written it; now, when the token does not tell.
 */
export function dated({ document, kind, lastRefresh, issuedAtSec }: Login, nowMs: number): AuthDocument {
  if (kind !== "chatgpt" || lastRefresh !== null) return document;
  const ms = issuedAtSec === null ? nowMs : issuedAtSec * 1000;
  return { ...document, last_refresh: new Date(ms).toISOString() };
}

/**
 * Who wins where nothing tells which login is newer. The live file was written later than the pool, which is always
 * written first; of a file or a backup nobody knows.
 */
export type Tie = "login" | "pool";

/** A clock may be behind by this much; a login that is dated later than that proves nothing. */
const toleranceMs = 5 * 60_000;

/**
 * Whether a login that was found is newer than the one that the pool has of the same identity: by the access token's
 * `iat`, then its `exp`, then `last_refresh`; the time of a file says nothing about a token. Nobody checks the signature,
 * and with a time far ahead a forged login would stay on top for good: a login with no time of issue, or one that is
 * still to come, gives way to one that has it.
 */
export function isNewer(found: Login, held: Login, { nowMs, tie }: { nowMs: number; tie: Tie }): boolean {
  const isFoundDated = isPast(found.issuedAtSec, nowMs);
  const isHeldDated = isPast(held.issuedAtSec, nowMs);
  // What Codex has just got is in auth.json, also where the clock is behind: there the tie goes to it.
  if (isFoundDated !== isHeldDated) return isFoundDated || tie === "login";
  const order =
    compare(found.issuedAtSec, held.issuedAtSec) ||
    compare(endOf(found), endOf(held)) ||
    Math.sign(renewalOf(found, nowMs) - renewalOf(held, nowMs));
  return order === 0 ? tie === "login" : order > 0;
}

/** Whether a login claims to be from a time to come. */
export function isFromFuture({ issuedAtSec }: Login, nowMs: number): boolean {
  return issuedAtSec !== null && !isPast(issuedAtSec, nowMs);
}

function isPast(sec: number | null, nowMs: number): boolean {
  return sec !== null && sec * 1000 <= nowMs + toleranceMs;
}

function compare(a: number | null, b: number | null): number {
  if (a === null || b === null) return 0;
  return Math.sign(a - b);
}

/** An end by itself is just a number: only that of tokens that were issued together tells which came later. */
function endOf({ issuedAtSec, expiresAtSec }: Login): number | null {
  return issuedAtSec === null ? null : expiresAtSec;
}

/** A login that lost its last_refresh lost it to another tool; Codex always writes one. */
function renewalOf({ lastRefresh }: Login, nowMs: number): number {
  const ms = lastRefresh === null ? 0 : Date.parse(lastRefresh);
  return ms > nowMs + toleranceMs ? 0 : ms;
}

/**
 * The login without its refresh token, in the mode that Codex has for programs that renew tokens themselves: Codex
 * uses the access token, never refreshes or revokes, and reads the file again after a 401 (measured with 0.169.0).
 */
export function lentLogin(document: AuthDocument): AuthDocument {
  const { tokens } = document;
  if (!isRecord(tokens)) return document;
  return { ...document, auth_mode: "chatgptAuthTokens", tokens: { ...tokens, refresh_token: "" } };
}

/**
 * For another machine: the access token, and nothing that outlives it. Codex 0.63 does not know that mode and renews what
 * it last renewed eight days ago, so the date is that of the copy.
 */
export function accessOnly({ document, accessToken }: Login, nowMs: number): AuthDocument {
  const tokens = isRecord(document["tokens"]) ? document["tokens"] : {};
  const { id_token, account_id } = tokens;
  return {
    auth_mode: "chatgptAuthTokens",
    OPENAI_API_KEY: null,
    tokens: { id_token, access_token: accessToken, refresh_token: "", account_id },
    last_refresh: new Date(nowMs).toISOString(),
  };
}

/** What a private home gets of a login: a lease, or the whole of a key or token that nothing renews. */
export function lentDocument({ document, kind }: Login): AuthDocument {
  if (kind === "chatgpt") return lentLogin(document);
  const { tokens } = document;
  return isRecord(tokens) ? { ...document, tokens: { ...tokens, refresh_token: "" } } : document;
}

/** Codex renews an access token in its last five minutes; the sixth is for what happens between a look and a write. */
const windowMs = 6 * 60_000;
/** A token that does not say when it ends is renewed eight days after the last time. */
const scheduleMs = 8 * 24 * 3_600_000;

/** Whether a Codex that uses this login may renew it by itself about now. */
export function mayCodexRenew(login: Login, nowMs: number): boolean {
  const { refreshToken, expiresAtSec, lastRefresh } = login;
  if (refreshToken === "") return false;
  if (expiresAtSec !== null) return expiresAtSec * 1000 - nowMs <= windowMs;
  return lastRefresh === null || !(nowMs - Date.parse(lastRefresh) < scheduleMs - windowMs);
}
