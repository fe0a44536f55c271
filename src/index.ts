export { commandErrors } from "./errors/catalog.ts";
export type { CommandErrorCode, Fault } from "./errors/catalog.ts";
export { CodexAuthError } from "./errors/codex-auth-error.ts";
export type { ErrorDetails } from "./errors/codex-auth-error.ts";
export { documentSchemas } from "./documents.ts";
