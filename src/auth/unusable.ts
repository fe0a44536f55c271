import type { Account } from "../store/account.ts";
import { flagText } from "./usable-login.ts";

/** Why an account takes no part, or null. */
export function whyUnusable({ pausedAt, flag, login }: Account, nowMs: number): string | null {
  if (pausedAt !== null) return "paused";
  if (flag !== null)
    return `${flag.reason === "reported" ? "has to be tested" : "needs a new login"}: ${flagText(flag.reason)}`;
  if (login.kind !== "chatgpt" && login.kind !== "accessToken") return "has no quota of a plan";
  const hasEnded = login.expiresAtSec !== null && login.expiresAtSec * 1000 <= nowMs;
  return hasEnded && login.refreshToken === "" ? "login expired" : null;
}
