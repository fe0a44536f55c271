import { fieldProblem } from "./auth-fields.ts";
import { readAuthDocument } from "./auth-json.ts";
import type { AuthDocument, Login } from "./auth-json.ts";
import { isObject } from "./claims.ts";
import { isDeep } from "./json-depth.ts";
import { dated } from "./last-refresh.ts";
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
    return isObject(value) ? value : null;
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
  if (!isObject(tokens)) return Object.fromEntries(kept);
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
