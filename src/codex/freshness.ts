import type { Login } from "./auth-json.ts";

/**
 * Which of two logins of one identity is newer: positive when `a` is, negative when `b` is, 0 when nothing tells.
 * By the access token's `iat`, then its `exp`, then `last_refresh`; the time of a file says nothing about a token.
 */
export function compareFreshness(a: Login, b: Login): number {
  return (
    compare(a.issuedAtSec, b.issuedAtSec) ||
    compare(a.expiresAtSec, b.expiresAtSec) ||
    // A login that lost its last_refresh lost it to another tool; Codex always writes one.
    Math.sign(instant(a.lastRefresh) - instant(b.lastRefresh))
  );
}

function compare(a: number | null, b: number | null): number {
  if (a === null || b === null) return 0;
  return Math.sign(a - b);
}

function instant(time: string | null): number {
  return time === null ? 0 : Date.parse(time);
}
