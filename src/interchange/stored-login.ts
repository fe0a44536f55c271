import { isRecord } from "../text/json.ts";
import { type AuthDocument, type Login, readAuthDocument } from "../codex/auth-json.ts";
import { tidied, untidyTokens } from "../codex/tidy-tokens.ts";
import { redact } from "../text/safe-text.ts";

/** A login in the store of a tool, with what the store says about it. */
export interface StoredLogin {
  login: Login;
  /** Put together from bare tokens: what the pool knows beside them is kept. */
  isPartial: boolean;
  label: string | null;
  /** ISO time, `now` where the store gives none; null when it is in use. */
  pausedAt: string | null;
  flag: StoredFlag | null;
  /** What was put right while reading it, as half a sentence. */
  note: string | null;
}

/** The tool took the login out of use after a failure. Nobody has proved that it still works, or that it does not. */
export interface StoredFlag {
  /** As the flags of our store have it; `reported` when only the other tool knows. */
  reason: string;
  /** ISO time. */
  since: string | null;
  evidence: string | null;
}

/** One login of a store, or why it cannot be taken; `place` tells it from the others in the same file. */
export type StoreEntry = { place: string | null } & (
  | ({ kind: "login" } & StoredLogin)
  | { kind: "refused"; name: string | null; problem: string }
);

/** Tokens as tools keep them, of unchecked types. */
export interface BareTokens {
  idToken?: unknown;
  accessToken: unknown;
  refreshToken: unknown;
  lastRefresh?: unknown;
}

/** More about a login; what is not given is not there. */
export type Particulars = Partial<Pick<StoredLogin, "label" | "pausedAt" | "flag" | "note">>;

/** Makes the auth.json that Codex would have of bare tokens; returns what is wrong with them as half a sentence. */
function loginOfTokens(tokens: BareTokens): Login | string {
  const { accessToken, refreshToken, idToken } = tokens;
  if (typeof refreshToken !== "string") return "it has no refresh token";
  if (typeof accessToken !== "string" || accessToken === "")
    return "it has no access token, and a refresh token alone does not tell whose it is";
  const idOrAccess = typeof idToken === "string" && idToken !== "" ? idToken : accessToken;
  const reading = readAuthDocument(documentOf(tokens, idOrAccess, null));
  if (reading.kind !== "login")
    return reading.kind === "broken" ? reading.problem : "it holds no credentials";
  const { identity, issuedAtSec } = reading.login;
  if (identity.kind !== "seat") return "its tokens do not tell whose they are, or name two accounts";
  const { accountId } = identity;
  return loginIn(documentOf(tokens, idOrAccess, { accountId, issuedAtSec })) ?? "it holds no credentials";
}

interface Known {
  accountId: string;
  issuedAtSec: number | null;
}

/**
 * Without an id token the access token stands in for it: it names the same account, and a renewal brings a real one.
 * Codex 0.169 shows its e-mail; 0.63 works with it, but its app server cannot name the account before a renewal.
 */
function documentOf(tokens: BareTokens, idToken: string, known: Known | null): AuthDocument {
  const { accessToken, refreshToken, lastRefresh } = tokens;
  const account = known === null ? {} : { account_id: known.accountId };
  const bare = { id_token: idToken, access_token: accessToken, refresh_token: refreshToken, ...account };
  const document = { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens: bare };
  if (known === null) return document;
  const given = { ...document, last_refresh: lastRefresh };
  const isGiven = typeof lastRefresh === "string" && readAuthDocument(given).kind === "login";
  return isGiven ? given : { ...document, last_refresh: issueTime(known.issuedAtSec) };
}

/** Codex sends no token without a last_refresh. Never later than the truth, or an old login would look new. */
function issueTime(issuedAtSec: number | null): string {
  return new Date((issuedAtSec ?? 0) * 1000).toISOString();
}

/** The login with what is known of the account beside its tokens: a real id token, where it came from, unknown keys. */
export function completedLogin({ login, isPartial }: StoredLogin, known: AuthDocument): Login {
  const old = known["tokens"];
  const { auth_mode, tokens, last_refresh } = login.document;
  if (!isPartial || !isRecord(old) || !isRecord(tokens)) return login;
  const { id_token: idToken, ...rest } = tokens;
  const fresh = idToken === tokens["access_token"] ? rest : tokens;
  // What the pool has may be a lease, which Codex would never renew.
  return loginIn({ ...known, auth_mode, tokens: { ...old, ...fresh }, last_refresh }) ?? login;
}

export function loginEntry(login: Login, place: string | null, more: Particulars = {}): StoreEntry {
  return { kind: "login", place, ...storedLogin(login, more), isPartial: false };
}

function storedLogin(login: Login, { label = null, pausedAt = null, flag = null, note = null }: Particulars) {
  return { login, label, pausedAt, flag, note };
}

/** Said of a login whose tokens were taken out of what stood around them. */
export function tidyNote(document: AuthDocument): string | null {
  const [first] = untidyTokens(document);
  return first ? `${first.field} ${first.problem}, which was left out` : null;
}

/** The entry for bare tokens, or the refusal of them; `name` is what the store calls the account. */
export function tokenEntry(
  tokens: BareTokens,
  { place, name, ...more }: Particulars & { place: string | null; name: string | null },
): StoreEntry {
  const given = {
    tokens: {
      id_token: tokens.idToken,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
    },
  };
  const { tokens: tidy } = tidied(given) as typeof given;
  const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken } = tidy;
  const login = loginOfTokens({ ...tokens, idToken, accessToken, refreshToken });
  if (typeof login === "string") return { kind: "refused", place, name, problem: login };
  return { kind: "login", place, ...storedLogin(login, { note: tidyNote(given), ...more }), isPartial: true };
}

function loginIn(document: AuthDocument): Login | null {
  const reading = readAuthDocument(document);
  return reading.kind === "login" ? reading.login : null;
}

/** A name in a store: it is shown, so it is never long, and no token that somebody wrote there. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? redact(value.trim().slice(0, 200)) : null;
}
