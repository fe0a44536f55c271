import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isSameSecret } from "./login-secrets.ts";

export const callbackPath = "/auth/callback";
/** A login may listen on these; the issuer knows both. */
export const callbackPorts: readonly number[] = [1455, 1457];

export function redirectUriOf(port: number): string {
  return `http://127.0.0.1:${port}${callbackPath}`;
}

/** The code in the answer of the browser. Nothing in it is believed before its state is ours. */
export function codeOf(answer: URLSearchParams, state: string): string {
  if (!isSameSecret(answer.get("state") ?? "", state)) throw foreignError();
  const error = answer.get("error");
  if (error !== null) throw deniedError(error, answer.get("error_description") ?? "");
  const code = answer.get("code");
  if (code) return code;
  throw new CodexAuthError("login_failed", "The answer of the browser holds no code.", { hint: startAgain });
}

const startAgain = "Nothing was changed. Start again: codex auth login";

function foreignError(): CodexAuthError {
  return new CodexAuthError(
    "login_state_mismatch",
    "State mismatch: the answer of the browser belongs to another login.",
    { hint: `Close older login pages. ${startAgain}` },
  );
}

function deniedError(error: string, description: string): CodexAuthError {
  const why = description === "" ? "" : ` (${description.slice(0, 300)})`;
  if (error === "access_denied") {
    return new CodexAuthError("login_denied", `The login was denied in the browser${why}.`, {
      hint: startAgain,
    });
  }
  const message = `The issuer ended the login: ${error.slice(0, 100)}${why}.`;
  return new CodexAuthError("login_failed", message, { hint: startAgain });
}
