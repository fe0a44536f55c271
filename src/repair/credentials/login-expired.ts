import { fileCheck } from "../check.ts";

export const loginExpired = fileCheck({
  id: "login_expired",
  area: "credentials",
  severity: "error",
  title: "the access token in auth.json has ended and cannot be renewed",
  look: ({ login }, { nowMs }) => {
    const hasEnded = login !== null && login.expiresAtSec !== null && login.expiresAtSec * 1000 <= nowMs;
    if (!hasEnded || login.refreshToken !== "") return [];
    const message = "The access token in auth.json has ended, and there is no refresh token.";
    return [{ message, fix: "codex auth switch <another account>" }];
  },
});
