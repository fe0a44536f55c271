import type { AuthDocument, Login } from "./auth-json.ts";

/**
 * The document with a `last_refresh`, without which Codex sends no token: the moment at which the access token was
 * made, as Codex would have written it; now, when the token does not tell.
 */
export function dated({ document, kind, lastRefresh, issuedAtSec }: Login, nowMs: number): AuthDocument {
  if (kind !== "chatgpt" || lastRefresh !== null) return document;
  const ms = issuedAtSec === null ? nowMs : issuedAtSec * 1000;
  return { ...document, last_refresh: new Date(ms).toISOString() };
}
