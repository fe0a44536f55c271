import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { callbackPorts, codeOf, strayAnswer } from "./callback.ts";
import { CallbackServer } from "./callback-server.ts";
import { exchangeCode } from "./code-exchange.ts";
import type { LoginEffects, LoginTarget } from "./login-effects.ts";
import { authorizeUrl, newLoginSecrets } from "./login-secrets.ts";
import type { LoginSecrets } from "./login-secrets.ts";
import { busyPortsError } from "./busy-ports.ts";

interface Options extends LoginTarget {
  ports?: readonly number[];
}

const limitMs = 5 * 60_000;

/** Signs in with a browser of this machine, which brings the code back to a port of loopback. */
export async function browserLogin(
  fx: LoginEffects,
  { ports = callbackPorts, ...target }: Options,
): Promise<Login> {
  const secrets = newLoginSecrets();
  const server = await CallbackServer.open(ports, strayAnswers(fx, secrets));
  if (!server) throw busyPortsError(fx.fs, ports);
  try {
    const login = await signIn(fx, server, { ...target, ...secrets });
    await server.finish(true);
    return login;
  } catch (error) {
    await server.finish(false);
    throw error;
  } finally {
    await server.close();
  }
}

async function signIn(
  fx: LoginEffects,
  { redirectUri, answer }: CallbackServer,
  { issuer, workspaceId, verifier, challenge, state }: LoginTarget & LoginSecrets,
): Promise<Login> {
  const url = authorizeUrl({ issuer, redirectUri, challenge, state, workspaceId });
  fx.say("Sign in with any browser of this machine, within 5 minutes:");
  fx.say(`\n${url}\n`);
  fx.say("From another machine: codex auth login --device-auth, or --manual. Ctrl-C stops.");
  void open(fx, url);
  const code = codeOf(await patiently(fx, answer));
  return await exchangeCode(fx, { issuer, code, verifier, redirectUri });
}

/** The person hears of it once: whoever sends such answers may send many. */
function strayAnswers({ say }: LoginEffects, { state }: LoginSecrets): (answer: URLSearchParams) => boolean {
  let isTold = false;
  return (answer) => {
    if (!strayAnswer(answer, state)) return false;
    if (!isTold) say("An answer came that belongs to another login. Still waiting for the right one.");
    return (isTold = true);
  };
}

async function open({ openUrl, say }: LoginEffects, url: string): Promise<void> {
  try {
    await openUrl(url);
  } catch {
    say("No browser could be opened here: open the address yourself.");
  }
}

async function patiently<T>({ sleep, stop }: LoginEffects, answer: Promise<T>): Promise<T> {
  const done = new AbortController();
  const timeout = sleep(limitMs, AbortSignal.any([stop, done.signal])).then(() => {
    stop.throwIfAborted();
    throw lateError();
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    timeout.catch(() => undefined);
    done.abort();
  }
}

function lateError(): CodexAuthError {
  return new CodexAuthError("login_timed_out", "Nobody signed in within 5 minutes.", {
    hint: "Nothing was changed. Start again: codex auth login (without a browser here: --device-auth)",
  });
}
