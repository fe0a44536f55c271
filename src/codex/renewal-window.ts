import type { Login } from "./auth-json.ts";

/** Codex renews an access token in its last five minutes; the sixth is for what happens between a look and a write. */
const windowMs = 6 * 60_000;
/** A token that does not say when it ends is renewed eight days after the last time. */
const scheduleMs = 8 * 24 * 3_600_000;

/** Whether a Codex that uses this login may renew it by itself about now. */
export function mayCodexRenew(login: Login, nowMs: number): boolean {
  const { refreshToken, expiresAtSec, lastRefresh } = login;
  if (refreshToken === "") return false;
  if (expiresAtSec !== null) return expiresAtSec * 1000 - nowMs <= windowMs;
  return lastRefresh === null || !(nowMs - Date.parse(lastRefresh) < scheduleMs - windowMs);
}
