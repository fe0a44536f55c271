export { CodexAuthError } from "./errors/codex-auth-error.ts";

export { rankAccounts } from "./accounts/rank.ts";
export { forecastWindow } from "./accounts/forecast-window.ts";
