import type { Login } from "../../codex/auth-json.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { callbackPorts, codeOf, redirectUriOf, strayAnswer } from "./callback.ts";
import {
  authorizeUrl,
  exchangeCode,
  type LoginContext,
  type LoginTarget,
  newLoginSecrets,
} from "./issuer.ts";

/** Signs in with a browser anywhere: the person copies the address at which it ends. Listens on nothing. */
export async function manualLogin(
  ctx: LoginContext,
  { issuer, workspaceId }: LoginTarget,
  paste: Paste,
): Promise<Login> {
  const { verifier, challenge, state } = newLoginSecrets();
  const redirectUri = redirectUriOf(callbackPorts[0] ?? 0);
  ctx.say("Sign in with a browser, on any machine:");
  ctx.say(`\n${authorizeUrl({ issuer, redirectUri, challenge, state, workspaceId })}\n`);
  ctx.say(
    `It ends at a page that does not load (${redirectUri}?code=...): copy the whole address of that page.`,
  );
  const code = codeOf(await answerOf(ctx, state, paste));
  return await exchangeCode(ctx, { issuer, code, verifier, redirectUri });
}

/** What the person pastes next; null when nothing more will come. */
type Paste = () => Promise<string | null>;

/** Past every paste that is none: the page in the browser stays good. */
async function answerOf({ say }: LoginContext, state: string, paste: Paste): Promise<URLSearchParams> {
  let problem = noAddressError();
  for (let text = await paste(); text !== null; text = await paste()) {
    const answer = answerIn(text);
    const wrong = answer ? strayAnswer(answer, state) : noAddressError();
    if (answer && !wrong) return answer;
    problem = wrong ?? problem;
    say(`${problem.message} Paste the address at which this login ends, or stop with Ctrl-C.`);
  }
  throw problem;
}

/** The parameters of a pasted address, which may have lost what stands before the question mark. */
function answerIn(pasted: string): URLSearchParams | null {
  const [, query = pasted] = pasted.trim().split("?", 2);
  const answer = new URLSearchParams(query.split("#")[0]);
  return answer.has("state") ? answer : null;
}

function noAddressError(): CodexAuthError {
  return new CodexAuthError("login_failed", "This is not the address of the page at which the login ends.", {
    hint: "It holds code=... and state=... Nothing was changed. Start again: codex auth login --manual",
  });
}
