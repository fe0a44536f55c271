import { isRecord } from "../text/json.ts";
/** What a token says about its owner. Nothing is verified: never base a decision about trust on it. */
export interface Claims {
  email: string | null;
  userId: string | null;
  /** The workspace (seat) id. */
  accountId: string | null;
  plan: string | null;
  issuedAtSec: number | null;
  expiresAtSec: number | null;
}

type Json = Record<string, unknown>;

const authClaim = "https://api.openai.com/auth";
const profileClaim = "https://api.openai.com/profile";

/**
 * The payload of a JWT, or null when the text is none. Like Codex, asks for three non-empty parts
 * and looks at no signature.
 */
export function jwtPayload(token: string): Json | null {
  const [header, payload, signature, ...rest] = token.split(".");
  if (!header || !payload || !signature || rest.length > 0) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** The claims of an id token or access token; every field is null for an opaque token. */
export function readClaims(token: string): Claims {
  const payload = jwtPayload(token) ?? {};
  const auth = objectAt(payload, authClaim);
  return {
    email: textAt(payload, "email") ?? textAt(objectAt(payload, profileClaim), "email"),
    userId: textAt(auth, "chatgpt_user_id") ?? textAt(auth, "user_id"),
    accountId: textAt(auth, "chatgpt_account_id"),
    plan: textAt(auth, "chatgpt_plan_type"),
    issuedAtSec: secondsAt(payload, "iat"),
    expiresAtSec: secondsAt(payload, "exp"),
  };
}

/** The claims on whose type Codex insists, and which one is wrong. */
export function claimProblem(payload: Json): string | null {
  if (!isTextOrAbsent(payload["email"])) return "the e-mail is not a string";
  for (const key of [authClaim, profileClaim]) {
    const value = payload[key];
    if (value !== undefined && value !== null && !isRecord(value)) return `${key} is not an object`;
  }
  const auth = objectAt(payload, authClaim);
  const names = ["chatgpt_plan_type", "chatgpt_user_id", "user_id", "chatgpt_account_id"];
  const wrong = names.find((name) => !isTextOrAbsent(auth[name]));
  if (wrong !== undefined) return `${wrong} is not a string`;
  return isTextOrAbsent(objectAt(payload, profileClaim)["email"])
    ? null
    : "the e-mail of the profile is not a string";
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function objectAt(source: Json, key: string): Json {
  const value = source[key];
  return isRecord(value) ? value : {};
}

function textAt(source: Json, key: string): string | null {
  const value = source[key];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The last second that a Date can hold: no claim may make a time that cannot be shown. */
const lastSecond = 8.64e12;

function secondsAt(source: Json, key: string): number | null {
  const value = source[key];
  return typeof value === "number" && value >= 0 && value <= lastSecond ? value : null;
}
