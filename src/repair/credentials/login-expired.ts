import type { Account } from "../../store/account.ts";
import type { Snapshot } from "../../store/store.ts";
import { fileCheck } from "../check.ts";
import { shellWord } from "../shell-word.ts";
import { isoTime } from "./date-line.ts";

const soonMs = 24 * 3_600_000;

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
    const fix = wayOut(snapshot);
    const evidence = [`ends: ${isoTime(expiresAtSec)}`];
    if (leftMs <= 0) {
      const message = "The access token in auth.json has ended, and there is no refresh token.";
      return [{ message, evidence, fix }];
    }
    const message = "The access token in auth.json ends within a day, and there is no refresh token.";
    return [{ message, evidence, fix, severity: "warning" }];
  },
});

/** An account that may serve instead; without one, a new login. */
function wayOut(snapshot: Snapshot | null): string {
  const isReady = ({ id, flag, pausedAt, login }: Account) =>
    id !== snapshot?.active?.id && !flag && pausedAt === null && login.refreshToken !== "";
  const other = snapshot?.pool.accounts.find(isReady);
  return other ? `codex auth switch ${shellWord(other.id)}` : "codex auth login --switch";
}
