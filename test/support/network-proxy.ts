import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Server as NetServer, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { onTestFinished } from "vitest";
import { projectRoot } from "./home.ts";

const folder = join(projectRoot, "fixtures/tls");

/** Who trusts this file trusts `https://openai.example` and 127.0.0.1. */
export const certificateFile = join(folder, "certificate.pem");

interface Manner {
  /** What it wants as Proxy-Authorization. */
  authorization?: string;
  /** What it answers to every CONNECT instead of connecting. */
  refusesWith?: number;
}

/** A company's proxy: every name behind it is a plain server of this machine, with TLS in front. */
export class NetworkProxy {
  /** The addresses that were asked for. */
  readonly connected: string[] = [];
  /** Every Proxy-Authorization that came. */
  readonly credentials: string[] = [];
  readonly url: string;
  /** The same server with TLS, without the proxy. */
  readonly direct: string;

  private constructor(server: Server, frontPort: number, { authorization, refusesWith }: Manner) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.direct = `https://127.0.0.1:${frontPort}`;
    server.on("connect", ({ url = "", headers }, client: Socket) => {
      this.connected.push(url);
      const shown = headers["proxy-authorization"];
      if (shown !== undefined) this.credentials.push(shown);
      client.on("error", () => client.destroy());
      const isWelcome = authorization === undefined || headers["proxy-authorization"] === authorization;
      const status = refusesWith ?? (isWelcome ? 200 : 407);
      client.write(`HTTP/1.1 ${status} So it is\r\n${status === 200 ? "" : "content-length: 0\r\n"}\r\n`);
      if (status === 200) patch(client, connect(frontPort, "127.0.0.1"));
      else client.end();
    });
  }

  /** `port`: the plain server that answers for every name. */
  static async start(port: number, manner: Manner = {}): Promise<NetworkProxy> {
    const keys = { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(certificateFile) };
    const front = createTlsServer(keys, (client) => patch(client, connect(port, "127.0.0.1")));
    front.on("tlsClientError", () => undefined);
    const frontPort = await listen(front);
    const server = createServer((_, response) => void response.writeHead(400).end());
    await listen(server);
    return new NetworkProxy(server, frontPort, manner);
  }
}

async function listen(server: NetServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function patch(one: Socket, other: Socket): void {
  for (const socket of [one, other]) socket.on("error", () => undefined);
  one.on("close", () => other.destroy());
  other.on("close", () => one.destroy());
  one.pipe(other).pipe(one);
}
