import { fileCheck } from "../check.ts";

export const lastRefreshMissing = fileCheck({
  id: "last_refresh_missing",
  area: "credentials",
  severity: "error",
  title: "auth.json has no last_refresh, so that Codex sends no token",
  look: ({ login }) =>
    login?.kind === "chatgpt" && login.lastRefresh === null
      ? [
          {
            message: "auth.json has no last_refresh, so Codex sends requests without a token.",
            fix: "codex auth switch <account>, or codex login",
          },
        ]
      : [],
});
