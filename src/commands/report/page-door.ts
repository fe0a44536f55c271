import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { safe } from "../../text/safe-text.ts";

/** A page on loopback for whoever was told its address. */
export interface PageDoor {
  /** Under a path that cannot be guessed. */
  readonly url: string;
  /** Leads there once: it may be seen in the command line of the browser. */
  readonly onceUrl: string;
  readonly close: () => Promise<void>;
}

const refreshSec = 60;
/** Who asks more often gets the same page. */
const freshMs = 5_000;

const limits = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
};

interface Behind {
  /** What is shown. */
  readonly make: () => Promise<string>;
  readonly now: () => number;
  /** Whether the user may look whose program connects from a port of this machine to another. */
  readonly mayConnect: (from: number, to: number) => boolean;
}

/** Shows a page, and asks browsers to come again each minute. */
export async function openPageDoor({ make, now, mayConnect }: Behind): Promise<PageDoor> {
  const [path, once] = [secretPath(), secretPath()];
  let isOnceOpen = true;
  let made = { atMs: Number.NEGATIVE_INFINITY, page: Promise.resolve("") };
  const server = createServer(limits, (request, response) => {
    const isIn = isForUs(request, port) && mayConnect(request.socket.remotePort ?? 0, port);
    if (isIn && isOnceOpen && isPath(request, once)) {
      isOnceOpen = false;
      return answer(request, response, { status: 303, headers: { location: path } });
    }
    if (!isIn || !isPath(request, path)) return answer(request, response, refusal);
    if (now() - made.atMs >= freshMs) made = { atMs: now(), page: make() };
    made.page.then(
      (body) => answer(request, response, { status: 200, headers: pageHeaders, body }),
      (error: unknown) => {
        const why = error instanceof Error ? safe`: ${error.message}` : "";
        answer(request, response, { status: 503, body: `The report cannot be made now${why}\n` });
      },
    );
  });
  server.maxConnections = 32;
  const port = await listen(server);
  const urlOf = (of: string) => `http://127.0.0.1:${port}${of}`;
  return { url: urlOf(path), onceUrl: urlOf(once), close: () => close(server) };
}

function secretPath(): string {
  return `/${randomBytes(24).toString("base64url")}/`;
}

/**
 * Only this machine, and only a person who opens the address: no page that reaches us under another name, fetches us,
 * frames us or links to us.
 */
function isForUs({ method, headers, socket }: IncomingMessage, port: number): boolean {
  if (socket.remoteAddress !== "127.0.0.1" || (method !== "GET" && method !== "HEAD")) return false;
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`) return false;
  if (headers.origin !== undefined) return false;
  const isOneOf = (value: unknown, allowed: readonly unknown[]) => allowed.includes(value);
  return (
    isOneOf(headers["sec-fetch-site"], [undefined, "none", "same-origin"]) &&
    isOneOf(headers["sec-fetch-dest"], [undefined, "document"])
  );
}

/** To the letter, in the same time for every guess. */
function isPath({ url = "" }: IncomingMessage, path: string): boolean {
  return url.length === path.length && timingSafeEqual(Buffer.from(url, "latin1"), Buffer.from(path));
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The same for every stranger, so that nobody learns what was wrong. */
const refusal: Answer = { status: 404, body: "Not found.\n" };

const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  refresh: String(refreshSec),
};

const commonHeaders = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  connection: "close",
};

function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = "" }: Answer,
): void {
  response.writeHead(status, { ...commonHeaders, ...headers });
  response.end(method === "HEAD" ? "" : body);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : 0);
    });
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
