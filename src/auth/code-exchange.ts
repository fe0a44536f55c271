import { readAuthDocument } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { codeInWords } from "../upstream/network-failure.ts";
import { askIssuer } from "./ask-issuer.ts";
import type { IssuerEffects } from "./ask-issuer.ts";
import { chatgptDocument } from "./login-document.ts";
import { codexClientId, readAnswer } from "./token-endpoint.ts";
import type { TokenAnswer } from "./token-endpoint.ts";

interface Grant {
  issuer: string;
  code: string;
  verifier: string;
  redirectUri: string;
}

/**
 * Turns the code of a browser or device login into a login. Codex then asks for an API key too, and stores it beside
 * the tokens, where it is not used: that is left out.
 */
export async function exchangeCode(
  fx: IssuerEffects & { now: () => number },
  { issuer, code, verifier, redirectUri }: Grant,
): Promise<Login> {
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: codexClientId,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  const answer = await askIssuer(fx, `${issuer}/oauth/token`, form, (response) =>
    readAnswer(response, fx.now()),
  );
  if (answer.kind === "refused")
    throw failed(`refused the code: HTTP ${answer.status} ${answer.code.slice(0, 60)}`);
  if (answer.kind !== "tokens") throw failed(`gave no readable answer: ${whyOf(answer)}`);
  const document = chatgptDocument(answer.tokens, issuer, fx.now());
  const reading = document && readAuthDocument(document);
  if (reading?.kind === "login") return reading.login;
  throw failed("left out a token, or sent one that Codex could not read");
}

function whyOf(answer: Exclude<TokenAnswer, { kind: "tokens" | "refused" }>): string {
  return answer.kind === "unreachable" ? codeInWords(answer.code) : answer.why;
}

function failed(what: string): CodexAuthError {
  return new CodexAuthError("login_failed", `The issuer ${what}.`, {
    hint: "Nothing was changed. A code works once and for minutes; start again: codex auth login",
  });
}
