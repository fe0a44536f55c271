import type { Login } from "../../codex/auth-json.ts";
import type { Env } from "../../codex/environment.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { portHolder } from "../../machine/ports.ts";
import { callbackPorts, CallbackServer, codeOf, redirectUriOf, strayAnswer } from "./callback.ts";
import {
  authorizeUrl,
  exchangeCode,
  type LoginContext,
  type LoginSecrets,
  type LoginTarget,
  newLoginSecrets,
} from "./issuer.ts";

interface Options extends LoginTarget {
  ports?: readonly number[];
}

const limitMs = 5 * 60_000;

/** Signs in with a browser of this machine, which brings the code back to a port of loopback. */
export async function browserLogin(
  ctx: LoginContext,
  { ports = callbackPorts, ...target }: Options,
): Promise<Login> {
  const secrets = newLoginSecrets();
  const server = await CallbackServer.open(ports, strayAnswers(ctx, secrets));
  if (!server) throw busyPortsError(ctx.fs, ports);
  try {
    const login = await signIn(ctx, server, { ...target, ...secrets });
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
  ctx: LoginContext,
  { redirectUri, answer }: CallbackServer,
  { issuer, workspaceId, verifier, challenge, state }: LoginTarget & LoginSecrets,
): Promise<Login> {
  const url = authorizeUrl({ issuer, redirectUri, challenge, state, workspaceId });
  ctx.say("Sign in with any browser of this machine, within 5 minutes:");
  ctx.say(`\n${url}\n`);
  ctx.say("From another machine: codex auth login --device-auth, or --manual. Ctrl-C stops.");
  void open(ctx, url);
  const code = codeOf(await patiently(ctx, answer));
  return await exchangeCode(ctx, { issuer, code, verifier, redirectUri });
}

/** The person hears of it once: whoever sends such answers may send many. */
function strayAnswers({ say }: LoginContext, { state }: LoginSecrets): (answer: URLSearchParams) => boolean {
  let isTold = false;
  return (answer) => {
    if (!strayAnswer(answer, state)) return false;
    if (!isTold) say("An answer came that belongs to another login. Still waiting for the right one.");
    return (isTold = true);
  };
}

async function open({ openUrl, say }: LoginContext, url: string): Promise<void> {
  try {
    await openUrl(url);
  } catch {
    say("No browser could be opened here: open the address yourself.");
  }
}

async function patiently<T>({ sleep, stop }: LoginContext, answer: Promise<T>): Promise<T> {
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

/** Names whoever holds the ports on which the browser could hand the login back. */
export function busyPortsError(fs: FileSystem, ports: readonly number[]): CodexAuthError {
  const holders = ports.map((port) => `${port} by ${holderText(fs, port)}`).join(", ");
  const message = `The browser cannot hand the login back: its ports are in use (${holders}).`;
  return new CodexAuthError("login_ports_busy", message, {
    hint: "Nothing was changed. Sign in without a port: codex auth login --device-auth (or --manual). Or close one of them yourself.",
  });
}

function holderText(fs: FileSystem, port: number): string {
  const holder = portHolder(fs, port);
  if (!holder) return `another program: see lsof -i :${port}`;
  if (holder.pid === null) return "a program of another user";
  const { name, pid } = holder;
  if (/^sshd?\b/.test(name)) return `${name} ${pid}, an ssh tunnel`;
  return name.startsWith("codex") ? `${name} ${pid}, perhaps another login that waits` : `${name} ${pid}`;
}

interface Surroundings {
  env: Env;
  platform: string;
  isInContainer: boolean;
}

/** Why a browser of the person most likely cannot reach this machine's loopback; null when it can. */
export function headlessReason({ env, platform, isInContainer }: Surroundings): string | null {
  if (env["SSH_CONNECTION"] || env["SSH_TTY"]) return "this is an SSH session";
  if (env["CI"] && env["CI"] !== "false") return "this is a CI job";
  if (isInContainer) return "this is a container";
  const hasDisplay = env["DISPLAY"] || env["WAYLAND_DISPLAY"] || env["WSL_DISTRO_NAME"];
  return platform === "linux" && !hasDisplay ? "this machine has no display" : null;
}

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
