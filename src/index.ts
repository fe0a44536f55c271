export { CodexAuthError } from "./errors/codex-auth-error.ts";
