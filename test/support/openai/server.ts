import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { FakeAuthorizer } from "./authorizer.ts";
import { accountsCheckReply, modelsReply, turnReply } from "./backend.ts";
import { FakeIssuer } from "./issuer.ts";
import { FakeUsage } from "./usage.ts";

export interface FakeRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface FakeReply {
  status: number;
  /** An object is sent as JSON, text as it is. */
  body: object | string;
  headers?: Record<string, string>;
}

export type Route = (request: FakeRequest) => FakeReply | Promise<FakeReply>;
export type RouteName = keyof typeof paths;

/** What was asked, without anything that was sent along. */
export interface LoggedRequest {
  route: RouteName | undefined;
  method: string;
  path: string;
  accountId: string | undefined;
}

const paths = {
  authorize: ["GET", /\/oauth\/authorize$/],
  deviceCode: ["POST", /\/api\/accounts\/deviceauth\/usercode$/],
  devicePoll: ["POST", /\/api\/accounts\/deviceauth\/token$/],
  // The two grants share a path: a code comes in a form, a refresh token in JSON.
  exchange: ["POST", /\/oauth\/token$/, "application/x-www-form-urlencoded"],
  refresh: ["POST", /\/oauth\/token$/],
  revoke: ["POST", /\/oauth\/revoke$/],
  turn: ["POST", /\/responses$/],
  socket: ["UPGRADE", /\/responses$/],
  models: ["GET", /\/models$/],
  usage: ["GET", /\/(?:wham|api\/codex)\/usage$/],
  resetCredits: ["GET", /\/(?:wham|api\/codex)\/rate-limit-reset-credits$/],
  accountsCheck: ["GET", /\/(?:wham|api\/codex)\/accounts\/check$/],
} as const;

/** The parts of auth.openai.com and chatgpt.com that Codex needs, on a free port of 127.0.0.1. */
export class FakeOpenAI {
  readonly issuer = new FakeIssuer();
  /** Who signs in, and the codes that are given for it. */
  readonly authorizer = new FakeAuthorizer(this.issuer);
  readonly usage = new FakeUsage();
  readonly log: LoggedRequest[] = [];
  /** Replace one to change what the server does. */
  readonly routes: Record<RouteName, Route> = {
    authorize: (request) => this.authorizer.authorize(request),
    deviceCode: () => this.authorizer.deviceCode(),
    devicePoll: (request) => this.authorizer.devicePoll(request),
    exchange: (request) => this.authorizer.exchange(request),
    refresh: (request) => refreshReply(this.issuer, request),
    revoke: () => ({ status: 200, body: {} }),
    turn: turnReply,
    // Codex falls back to HTTP at once when its WebSocket is answered with 426.
    socket: () => ({ status: 426, body: { error: { message: "Upgrade Required" } } }),
    models: modelsReply,
    usage: (request) => this.usage.reply(request),
    resetCredits: () => ({ status: 200, body: { available_count: 0, credits: [] } }),
    accountsCheck: accountsCheckReply,
  };
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeOpenAI> {
    const fake = new FakeOpenAI();
    fake.#server.on(
      "upgrade",
      (request: IncomingMessage, socket: Socket) => void fake.#refuse(request, socket),
    );
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server is not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  count(name: RouteName): number {
    return this.log.filter(({ route }) => route === name).length;
  }

  forgetRequests(): void {
    this.log.length = 0;
  }

  /** Lets requests of a route do their work, but keeps the answers back until released. */
  hold(name: RouteName): { arrived: Promise<void>; release: () => void } {
    const answer = this.routes[name];
    const arrival = signal();
    const opening = signal();
    this.routes[name] = async (request) => {
      const reply = await answer(request);
      arrival.send();
      await opening.sent;
      return reply;
    };
    const release = () => {
      this.routes[name] = answer;
      opening.send();
    };
    return { arrived: arrival.sent, release };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.#answer(request, request.method ?? "GET");
    const isText = typeof body === "string";
    response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
    response.end(isText ? body : JSON.stringify(body));
  }

  async #refuse(request: IncomingMessage, socket: Socket): Promise<void> {
    socket.on("error", () => socket.destroy());
    const { status } = await this.#answer(request, "UPGRADE");
    socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  }

  async #answer(request: IncomingMessage, method: string): Promise<FakeReply> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? "/", this.url);
    const route = routeNames().find((name) => isRoute(name, method, path, request.headers["content-type"]));
    const accountId = request.headers["chatgpt-account-id"]?.toString();
    this.log.push({ route, method, path, accountId });
    const body = method === "UPGRADE" ? Buffer.alloc(0) : await bodyOf(request);
    if (!route) return { status: 404, body: { error: { message: "no such path", code: "not_found" } } };
    try {
      return await this.routes[route]({ method, path, query, headers: request.headers, body });
    } catch (error) {
      return { status: 500, body: String(error) };
    }
  }
}

function isRoute(name: RouteName, method: string, path: string, type: string | undefined): boolean {
  const [wanted, pattern, form] = paths[name];
  return wanted === method && pattern.test(path) && (form === undefined || type === form);
}

function routeNames(): RouteName[] {
  return [
    "authorize",
    "deviceCode",
    "devicePoll",
    "exchange",
    "refresh",
    "revoke",
    "turn",
    "socket",
    "models",
    "usage",
    "resetCredits",
    "accountsCheck",
  ];
}

function refreshReply(issuer: FakeIssuer, { body }: FakeRequest): FakeReply {
  const { refresh_token: token } = JSON.parse(body.toString());
  const answer = issuer.refresh(String(token));
  if (answer.kind === "renewed") return { status: 200, body: answer.tokens };
  if (answer.kind === "unknown") return { status: 400, body: { error: "invalid_grant" } };
  return { status: 401, body: { error: { code: "refresh_token_reused", message: "already used" } } };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function signal(): { sent: Promise<void>; send: () => void } {
  let send = () => {};
  const sent = new Promise<void>((resolve) => (send = resolve));
  return { sent, send: () => send() };
}
