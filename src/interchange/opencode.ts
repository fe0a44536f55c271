import { isRecord } from "../text/json.ts";
import { type Login, readAuthDocument } from "../codex/auth-json.ts";
import type { StoreReading } from "./format-names.ts";
import { loginEntry, tokenEntry } from "./stored-login.ts";

type Json = Record<string, unknown>;

const kinds = new Set<unknown>(["oauth", "api", "wellknown"]);

/**
 * The auth.json of OpenCode: one login for each provider, ours under `openai`. It keeps no id token. Facts from
 * anomalyco/opencode: packages/opencode/src/auth/index.ts at 0144926.
 */
export function readOpenCode(document: Json): StoreReading | null {
  const logins = Object.values(document);
  if (logins.length === 0 || !logins.every((each) => isRecord(each) && kinds.has(each["type"]))) return null;
  const openai = Object.hasOwn(document, "openai") ? document["openai"] : null;
  if (!isRecord(openai)) return { kind: "foreign", problem: "OpenCode has no login of OpenAI in it" };
  if (openai["type"] === "api") return keyReading(openai["key"]);
  if (openai["type"] !== "oauth")
    return { kind: "foreign", problem: "OpenCode's login of OpenAI is neither a key nor an account" };
  const tokens = { accessToken: openai["access"], refreshToken: openai["refresh"] };
  return { kind: "entries", entries: [tokenEntry(tokens, { place: "openai", name: null })] };
}

function keyReading(key: unknown): StoreReading {
  const reading = readAuthDocument({ auth_mode: "apikey", OPENAI_API_KEY: key });
  return reading.kind === "login"
    ? { kind: "entries", entries: [loginEntry(reading.login, "openai")] }
    : { kind: "broken", problem: "the key of openai is empty or not a string" };
}

/** The auth.json for one login; null when OpenCode has no form for it. */
export function openCodeDocument(login: Login): Json | null {
  const { kind, identity, expiresAtSec, accessToken: access, refreshToken: refresh } = login;
  if (kind === "apiKey") return { openai: { type: "api", key: access } };
  // Without a time OpenCode would renew the token at once.
  if (kind !== "chatgpt" || expiresAtSec === null) return null;
  const account = identity.kind === "seat" ? { accountId: identity.accountId } : {};
  return { openai: { type: "oauth", refresh, access, expires: expiresAtSec * 1000, ...account } };
}
