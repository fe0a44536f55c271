import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isSameSecret } from "./login-secrets.ts";

export const callbackPath = "/auth/callback";
/** A login may listen on these; the issuer knows both. */
export const callbackPorts: readonly number[] = [1455, 1457];

export function redirectUriOf(port: number): string {
  return `http://127.0.0.1:${port}${callbackPath}`;
}

/**
 * What is wrong with an answer that cannot be the end of this login; null for the one that is. Nothing in an answer is
 * believed before its state is ours: an old tab, a web page, or another user of this machine can send one too.
 */
export function strayAnswer(answer: URLSearchParams, state: string): CodexAuthError | null {
  if (!isSameSecret(answer.get("state") ?? "", state)) return foreignError();
  if (answer.get("code") || answer.has("error")) return null;
  return new CodexAuthError("login_failed", "The answer of the browser holds no code.", { hint: startAgain });
}

/** The code in the answer that ends this login. */
export function codeOf(answer: URLSearchParams): string {
  const error = answer.get("error");
  if (error !== null) throw deniedError(error, answer.get("error_description") ?? "");
  return answer.get("code") ?? "";
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
