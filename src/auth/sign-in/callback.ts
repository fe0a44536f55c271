import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { isSameSecret } from "./issuer.ts";

const successPath = "/success";
const farewellMs = 1_000;

/** Tells the answer that ends a login from all others, which may come before it or after it. */
type IsStray = (answer: URLSearchParams) => boolean;

/**
 * Waits on loopback for the one answer of the browser, past any that is not for this login. The browser hears how the login ended, on a page of its own, so
 * that the code does not stay in its address bar.
 */
export class CallbackServer {
  readonly #server: Server;
  readonly port: number;
  /** The parameters of the answer. */
  readonly answer: Promise<URLSearchParams>;
  #accept: (answer: URLSearchParams) => void = () => undefined;
  /** The browser that waits to hear how the login ended. */
  #waiting: ServerResponse | null = null;
  readonly #pageSeen: Promise<void>;
  #tellPageSeen: () => void = () => undefined;
  #isAnswered = false;
  #isDone = false;

  readonly #isStray: IsStray;

  private constructor(server: Server, port: number, isStray: IsStray) {
    this.#server = server;
    this.#isStray = isStray;
    this.port = port;
    this.answer = new Promise((resolve) => (this.#accept = resolve));
    this.#pageSeen = new Promise((resolve) => (this.#tellPageSeen = resolve));
    server.on("request", (request, response) => this.#serve(request, response));
  }

  /** Null when none of the ports is free. */
  static async open(ports: readonly number[], isStray: IsStray): Promise<CallbackServer | null> {
    const { createServer } = process.getBuiltinModule("node:http");
    const limits = { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 };
    const server = createServer(limits);
    for (const port of ports) {
      if (await listens(server, port)) return new CallbackServer(server, boundPort(server), isStray);
    }
    return null;
  }

  get redirectUri(): string {
    return redirectUriOf(this.port);
  }

  /** Tells the browser how the login ended, and lets it fetch the page. */
  async finish(isDone: boolean): Promise<void> {
    const browser = this.#waiting;
    if (!browser) return;
    this.#waiting = null;
    this.#isDone = isDone;
    if (!isDone) return await sent(browser, () => reply(browser, 400, failurePage));
    await sent(browser, () => reply(browser, 302, "", { location: successPath }));
    await soon(this.#pageSeen, farewellMs);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (!isForUs(request, this.port)) return reply(response, 403, "This request is not for a login.\n");
    const url = urlOf(request.url ?? "");
    if (url?.pathname === callbackPath) return this.#take(url.searchParams, response);
    if (url?.pathname !== successPath || !this.#isDone) return reply(response, 404, "Not found.\n");
    response.once("close", this.#tellPageSeen);
    reply(response, 200, successPage);
  }

  #take(answer: URLSearchParams, response: ServerResponse): void {
    if (this.#isStray(answer)) return reply(response, 400, strayPage);
    if (this.#isAnswered) return reply(response, 410, "This login has had its answer already.\n");
    this.#isAnswered = true;
    this.#waiting = response;
    this.#accept(answer);
  }
}

/** Null for anything but a plain path. */
function urlOf(path: string): URL | null {
  const text = `http://127.0.0.1${path}`;
  return path.startsWith("/") && URL.canParse(text) ? new URL(text) : null;
}

/**
 * A browser that was sent here navigates, and names this host. A page that reaches us under another name, or fetches
 * from its own origin, is turned away.
 */
function isForUs({ method, headers }: IncomingMessage, port: number): boolean {
  if (method !== "GET" || headers.origin !== undefined) return false;
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`) return false;
  const destination = headers["sec-fetch-dest"];
  return destination === undefined || destination === "document";
}

function reply(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    "content-type": body.startsWith("<") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    connection: "close",
    ...headers,
  });
  response.end(body);
}

/** Until the answer has left, or the browser has gone. */
function sent(response: ServerResponse, send: () => void): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    if (response.destroyed) return resolve();
    send();
  });
}

async function soon(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      // EACCES: Windows keeps ranges of ports for itself.
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(false) : reject(error);
    server.once("error", fail);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.off("error", fail);
      resolve(true);
    });
  });
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What the browser shows at the end. Nothing in it comes from the request. */
const successPage = page("Signed in", "codex-auth has the login. You can close this page.");

const failurePage = page("Not signed in", "The login was not completed. The terminal says why.");

const strayPage = page(
  "Another login",
  "This page does not belong to the login that codex-auth still waits for. Go back to the page that it opened last.",
);

function page(title: string, text: string): string {
  return [
    "<!doctype html>",
    `<html lang="en"><meta charset="utf-8"><title>${title}</title>`,
    "<style>body{font:1.1em system-ui,sans-serif;margin:20vh auto;max-width:30em;text-align:center}</style>",
    `<h1>${title}</h1><p>${text}</p></html>`,
    "",
  ].join("\n");
}

const callbackPath = "/auth/callback";
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
  const message = `The login server ended the login: ${error.slice(0, 100)}${why}.`;
  return new CodexAuthError("login_failed", message, { hint: startAgain });
}
