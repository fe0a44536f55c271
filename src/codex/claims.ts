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
    return isObject(value) ? value : null;
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
    issuedAtSec: numberAt(payload, "iat"),
    expiresAtSec: numberAt(payload, "exp"),
  };
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(source: Json, key: string): Json {
  const value = source[key];
  return isObject(value) ? value : {};
}

function textAt(source: Json, key: string): string | null {
  const value = source[key];
  return typeof value === "string" && value !== "" ? value : null;
}

function numberAt(source: Json, key: string): number | null {
  const value = source[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
