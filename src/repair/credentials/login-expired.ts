import { fileCheck } from "../check.ts";
import { isoTime } from "./date-line.ts";

const soonMs = 24 * 3_600_000;
const fix = "codex auth login --switch, or codex auth switch <another account>";

/** An account whose refresh token was refused is set aside, which is a finding of its own. */
export const loginExpired = fileCheck({
  id: "login_expired",
  area: "credentials",
  severity: "error",
  title: "the access token in auth.json has ended, or will soon, and cannot be renewed",
  look: ({ login }, { nowMs, snapshot }) => {
    const expiresAtSec = login?.expiresAtSec ?? null;
    // A renewal lends auth.json a login without its refresh token, which is in the pool.
    if (expiresAtSec === null || login?.refreshToken || snapshot?.active?.login.refreshToken) return [];
    const leftMs = expiresAtSec * 1000 - nowMs;
    if (leftMs > soonMs) return [];
    const evidence = [`ends: ${isoTime(expiresAtSec)}`];
    if (leftMs <= 0) {
      const message = "The access token in auth.json has ended, and there is no refresh token.";
      return [{ message, evidence, fix }];
    }
    const message = "The access token in auth.json ends within a day, and there is no refresh token.";
    return [{ message, evidence, fix, severity: "warning" }];
  },
});
