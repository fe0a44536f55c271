import { isRecord, readJsonObject } from "../text/json.ts";
import { claimProblem, jwtPayload, readClaims } from "./claims.ts";

/** The whole content of an auth.json. Keys that we do not know are kept, because Codex or a later version wrote them. */
export type AuthDocument = Record<string, unknown>;

export type LoginKind = "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";

/**
 * Who a login belongs to. A ChatGPT seat is a user in a workspace, by the claims of its tokens; everything
 * else is known only by its secret. An e-mail address is never an identity: it may hold several seats.
 */
export type Identity =
  | { kind: "seat"; userId: string; accountId: string }
  | { kind: "secret"; secret: string };

export function isSameIdentity(a: Identity, b: Identity): boolean {
  if (a.kind === "seat") return b.kind === "seat" && a.userId === b.userId && a.accountId === b.accountId;
  return b.kind === "secret" && a.secret === b.secret;
}

/** A usable login: the document and what can be read from it. */
export interface Login {
  document: AuthDocument;
  kind: LoginKind;
  identity: Identity;
  email: string | null;
  plan: string | null;
  /** Empty for a lease and for logins that have none. */
  refreshToken: string;
  accessToken: string;
  /** Of the access token. */
  issuedAtSec: number | null;
  expiresAtSec: number | null;
  /** As written by Codex, RFC 3339. Without it Codex sends no Authorization header. */
  lastRefresh: string | null;
}

export type AuthReading =
  | { kind: "login"; login: Login }
  /** Codex calls `{}` "logged in", but nothing in it can be used. */
  | { kind: "blank" }
  | { kind: "broken"; problem: string };

/** Every `auth_mode` that Codex 0.169 knows. */
const kindOfMode = new Map<unknown, LoginKind>([
  ["apikey", "apiKey"],
  ["chatgpt", "chatgpt"],
  ["chatgptAuthTokens", "chatgpt"],
  ["agentIdentity", "agentIdentity"],
  ["personalAccessToken", "accessToken"],
  ["bedrockApiKey", "bedrock"],
  ["bedrockAccessKeys", "bedrock"],
  ["headers", "headers"],
]);

/** Reads the text of an auth.json as Codex would, without throwing. */
export function readAuthJson(text: string): AuthReading {
  const reading = readJsonObject(text);
  return reading.kind === "object" ? readAuthDocument(reading.value) : reading;
}

/** Reads a parsed auth.json. */
export function readAuthDocument(document: AuthDocument): AuthReading {
  const problem = fieldProblem(document) ?? idTokenProblem(document);
  return problem === null ? readFields(document) : broken(problem);
}

/**
 * Whether a document that was accepted before still has fields of the right types. Decodes no token: a pool of a
 * thousand is checked by every command.
 */
export function isKeptDocument(document: AuthDocument): boolean {
  if (fieldProblem(document) !== null) return false;
  return kindOf(document) === "chatgpt"
    ? isRecord(document["tokens"])
    : readFields(document).kind === "login";
}

/** The login in a document that passed `isKeptDocument`. */
export function keptLogin(document: AuthDocument): Login {
  const reading = readFields(document);
  if (reading.kind !== "login") throw new Error("The document holds no login.");
  return reading.login;
}

function readFields(document: AuthDocument): AuthReading {
  const kind = kindOf(document);
  if (!kind) return broken(`auth_mode is not one that Codex knows`);
  if (kind === "chatgpt") return chatgptLogin(document);
  if (kind === "apiKey") return apiKeyLogin(document);
  return otherLogin(document, kind);
}

function kindOf(document: AuthDocument): LoginKind | undefined {
  const mode = document["auth_mode"];
  if (mode !== undefined && mode !== null) return kindOfMode.get(mode);
  if (text(document["OPENAI_API_KEY"]) !== null) return "apiKey";
  return text(document["personal_access_token"]) === null ? "chatgpt" : "accessToken";
}

function chatgptLogin(document: AuthDocument): AuthReading {
  const tokens = document["tokens"];
  if (!isRecord(tokens)) return withoutLogin(document);
  const idToken = String(tokens["id_token"]);
  const accessToken = String(tokens["access_token"]);
  const refreshToken = String(tokens["refresh_token"]);
  const id = readClaims(idToken);
  const access = readClaims(accessToken);
  const login: Login = {
    document,
    kind: "chatgpt",
    identity: seatOf(id, access) ?? { kind: "secret", secret: refreshToken || accessToken },
    email: id.email ?? access.email,
    plan: id.plan ?? access.plan,
    refreshToken,
    accessToken,
    issuedAtSec: access.issuedAtSec,
    expiresAtSec: access.expiresAtSec,
    lastRefresh: text(document["last_refresh"]),
  };
  return { kind: "login", login };
}

/** Null when the tokens do not name a seat, or name two: such a login is only equal to itself. */
function seatOf(id: ReturnType<typeof readClaims>, access: ReturnType<typeof readClaims>): Identity | null {
  const userId = id.userId ?? access.userId;
  const accountId = id.accountId ?? access.accountId;
  if (!userId || !accountId) return null;
  if (access.userId && access.userId !== userId) return null;
  if (access.accountId && access.accountId !== accountId) return null;
  return { kind: "seat", userId, accountId };
}

function apiKeyLogin(document: AuthDocument): AuthReading {
  const key = text(document["OPENAI_API_KEY"]);
  return key
    ? secretLogin(document, "apiKey", key)
    : broken("auth_mode is apikey, but OPENAI_API_KEY is empty");
}

function otherLogin(document: AuthDocument, kind: LoginKind): AuthReading {
  const section = secretSection(document, kind);
  if (section === undefined || section === null || section === "") return withoutLogin(document);
  return secretLogin(document, kind, typeof section === "string" ? section : JSON.stringify(section));
}

function secretSection(document: AuthDocument, kind: LoginKind): unknown {
  if (kind === "accessToken") return document["personal_access_token"];
  if (kind === "agentIdentity") return document["agent_identity"];
  if (kind === "bedrock") return document["bedrock_api_key"] ?? document["bedrock_access_keys"];
  return document["headers"];
}

/** Nothing that could be lost, or something that we do not know: that must not be overwritten. */
function withoutLogin({ auth_mode: _, ...rest }: AuthDocument): AuthReading {
  const isEmpty = Object.values(rest).every((value) => value === null || value === "");
  return isEmpty ? { kind: "blank" } : broken("it holds no login of its auth_mode, but other values");
}

function secretLogin(document: AuthDocument, kind: LoginKind, secret: string): AuthReading {
  const none = { email: null, plan: null, refreshToken: "", issuedAtSec: null, expiresAtSec: null };
  const identity: Identity = { kind: "secret", secret };
  const lastRefresh = text(document["last_refresh"]);
  return { kind: "login", login: { ...none, document, kind, identity, accessToken: secret, lastRefresh } };
}

function broken(problem: string): AuthReading {
  return { kind: "broken", problem };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

type Json = Record<string, unknown>;

/** The fields on whose type Codex insists; it refuses the whole file otherwise. */
export function fieldProblem(document: Json): string | null {
  for (const key of ["OPENAI_API_KEY", "personal_access_token", "auth_mode"]) {
    if (!isOptional(document[key], isText)) return `${key} is not a string`;
  }
  const lastRefresh = document["last_refresh"];
  if (!isOptional(lastRefresh, isTimestamp)) return "last_refresh is not an RFC 3339 time";
  const tokens = document["tokens"];
  if (tokens === undefined || tokens === null) return null;
  return isRecord(tokens) ? tokenProblem(tokens) : "tokens is not an object";
}

function tokenProblem(tokens: Record<string, unknown>): string | null {
  for (const key of ["id_token", "access_token", "refresh_token"]) {
    if (typeof tokens[key] !== "string") return `tokens.${key} is missing or not a string`;
  }
  for (const key of ["account_id", "login_owner_id"]) {
    if (!isOptional(tokens[key], isText)) return `tokens.${key} is not a string`;
  }
  if (!isOptional(tokens["oauth_provenance"], isRecord)) return "tokens.oauth_provenance is not an object";
  return null;
}

/** What Codex would find wrong inside the id token. */
function idTokenProblem({ tokens }: Json): string | null {
  if (!isRecord(tokens)) return null;
  const payload = jwtPayload(String(tokens["id_token"]));
  if (!payload) return "tokens.id_token is not a JWT";
  const problem = claimProblem(payload);
  return problem && `${problem} in tokens.id_token`;
}

function isOptional(value: unknown, test: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || test(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

const rfc3339 = /^\d{4}-\d\d-(\d\d)[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** A day that its month does not have becomes another day when it is read, and is no time. */
function isTimestamp(value: unknown): boolean {
  const day = isText(value) ? rfc3339.exec(value)?.[1] : undefined;
  if (day === undefined) return false;
  const date = new Date(`${String(value).slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(Date.parse(String(value))) && date.getUTCDate() === Number(day);
}
