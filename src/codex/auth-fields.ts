import { claimProblem, isObject, jwtPayload } from "./claims.ts";

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
  return isObject(tokens) ? tokenProblem(tokens) : "tokens is not an object";
}

function tokenProblem(tokens: Record<string, unknown>): string | null {
  for (const key of ["id_token", "access_token", "refresh_token"]) {
    if (typeof tokens[key] !== "string") return `tokens.${key} is missing or not a string`;
  }
  for (const key of ["account_id", "login_owner_id"]) {
    if (!isOptional(tokens[key], isText)) return `tokens.${key} is not a string`;
  }
  if (!isOptional(tokens["oauth_provenance"], isObject)) return "tokens.oauth_provenance is not an object";
  return null;
}

/** What Codex would find wrong inside the id token. */
export function idTokenProblem({ tokens }: Json): string | null {
  if (!isObject(tokens)) return null;
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
