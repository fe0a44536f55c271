import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** For a program that is there and that the system does not start now: too many processes, or no memory. */
export function startError(error: Error, what: string): CodexAuthError {
  const why = "code" in error ? String(error.code) : error.message;
  return new CodexAuthError("command_failed", `${what} could not be started: ${why}.`, {
    hint: "Make room for another process (ulimit -u), then run the command again. Nothing was sent or changed.",
    cause: error,
  });
}
