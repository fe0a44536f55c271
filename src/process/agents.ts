import * as fs from "node:fs";
import { type Agent as AnyAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent, type AgentOptions, request as httpsRequest, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from "node:tls";
import { type Env, namedCertificates, wayTo } from "../codex/environment.ts";
import { readCertificates } from "../machine/certificates.ts";
import { isLoopbackHost } from "../openai/backend.ts";

/** `Agents`, as Node's own types have it. */
export type NodeAgents = (url: string, options?: AgentOptions) => AnyAgent | null;

/** Connections through the proxy that the environment names for an address, with the certificates that it names. */
export function environmentAgents(env: Env): NodeAgents {
  const secureContext = trusting(env);
  return (url, kept) => {
    const { protocol, hostname } = new URL(url);
    if (protocol !== "https:") return null;
    const options = { ...kept, ...(secureContext && { secureContext }) };
    const way = isLoopbackHost(hostname) ? null : wayTo(env, url);
    if (way?.kind === "proxy") return new TunnelAgent(way.url, options);
    if (way?.kind === "unsupported") return new NoWayAgent();
    return secureContext && new Agent(options);
  };
}

/** Null: Node's own certificates do. A file that cannot be used is left out; `doctor` names it. */
function trusting(env: Env): SecureContext | null {
  const named = readCertificates(fs, namedCertificates(env));
  if (named === null) return null;
  const more = readCertificates(fs, env["NODE_EXTRA_CA_CERTS"] ?? null);
  try {
    return createSecureContext({ ca: [...rootCertificates, named, ...(more === null ? [] : [more])] });
  } catch {
    return null;
  }
}

const patienceMs = 30_000;

type Callback<Connection> = (error: Error | null, socket?: Connection) => void;

/** Reaches https addresses through a proxy that knows CONNECT, also one that is named as SOCKS, as Codex does. What is sent is encrypted between us and the address. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: AgentOptions = {}) {
    super(options);
    this.#proxy = proxy;
  }

  createConnection(options: RequestOptions, callback: Callback<TLSSocket>): void {
    openTunnel(this.#proxy, `${options.host}:${options.port ?? 443}`, (error, socket) => {
      if (error) callback(error);
      else callback(null, connect({ ...options, path: undefined, socket } as object));
    });
  }
}

/** Reaches nothing: to go past the proxy that the environment asks for would show what the person wants to hide. */
class NoWayAgent extends Agent {
  createConnection(_: RequestOptions, callback: Callback<TLSSocket>): void {
    callback(new TunnelError("UNSUPPORTED"));
  }
}

/** Nothing has been sent to the address itself. `code` begins with PROXY_; an answer of the proxy is PROXY_HTTP_407. */
class TunnelError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`The network proxy opened no connection: ${code}.`);
    this.name = "TunnelError";
    this.code = `PROXY_${code}`;
  }
}

function openTunnel(proxy: URL, address: string, callback: Callback<Socket>): void {
  const { protocol, hostname, port, password } = proxy;
  // Measured: Codex shows no password to what is named as SOCKS.
  const username = /^https?:$/.test(protocol) ? proxy.username : "";
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const request = (protocol === "https:" ? httpsRequest : httpRequest)({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || (protocol === "https:" ? 443 : 80),
    method: "CONNECT",
    path: address,
    agent: false,
    headers: {
      host: address,
      ...(username && { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }),
    },
  });
  request.setTimeout(patienceMs, () => request.destroy(new TunnelError("TIMEOUT")));
  request.once("connect", ({ statusCode }, socket) => {
    if (statusCode === 200) return callback(null, socket.setTimeout(0));
    socket.destroy();
    callback(new TunnelError(`HTTP_${statusCode}`));
  });
  request.once("error", (error: NodeJS.ErrnoException) =>
    callback(error instanceof TunnelError ? error : new TunnelError(error.code ?? "FAILED")),
  );
  request.end();
}

/** fetch over connections of this agent; null: direct ones. Follows no redirect. */
export async function requestFetch(
  agent: AnyAgent | null,
  url: string,
  init?: RequestInit,
): Promise<Response> {
  // Reads every form of body and headers, and what follows from them.
  const wanted = new Request(url, init);
  const { method, signal } = wanted;
  const body = Buffer.from(await wanted.arrayBuffer());
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  const length = method === "GET" || method === "HEAD" ? {} : { "content-length": String(body.length) };
  const headers = { ...Object.fromEntries(wanted.headers), ...length };
  return await new Promise((resolve, reject) => {
    const request = send(url, { method, headers, signal, agent: agent ?? false });
    request.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    request.once("response", (answer) => {
      if (wanted.redirect !== "error" || answer.headers.location === undefined)
        return resolve(responseOf(answer));
      answer.destroy();
      reject(new TypeError("An unexpected redirect."));
    });
    request.end(body);
  });
}

const bodiless = new Set([204, 205, 304]);

function responseOf(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 0;
  const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (bodiless.has(status)) answer.resume();
  const body = bodiless.has(status) ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers: new Headers(pairs) });
}
