import { request as httpRequest } from "node:http";
import { Agent, type AgentOptions, request as httpsRequest, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";

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
export class NoWayAgent extends Agent {
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
