import { isObject } from "./claims.ts";
import type { AuthDocument, Login } from "./auth-json.ts";

/**
 * The login without its refresh token, in the mode that Codex has for programs that renew tokens themselves: Codex
 * uses the access token, never refreshes or revokes, and reads the file again after a 401 (measured with 0.169.0).
 */
export function leaseOf(document: AuthDocument): AuthDocument {
  const { tokens } = document;
  if (!isObject(tokens)) return document;
  return { ...document, auth_mode: "chatgptAuthTokens", tokens: { ...tokens, refresh_token: "" } };
}

/** What a private home gets of a login: a lease, or the whole of a key or token that nothing renews. */
export function lentDocument({ document, kind }: Login): AuthDocument {
  if (kind === "chatgpt") return leaseOf(document);
  const { tokens } = document;
  return isObject(tokens) ? { ...document, tokens: { ...tokens, refresh_token: "" } } : document;
}
