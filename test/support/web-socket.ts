import { createHash, randomBytes } from "node:crypto";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import type { FakeResponses } from "./openai/responses.ts";

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

interface Message {
  readonly opcode: number;
  readonly text: string;
}

/** Texts in and out over an upgraded connection, by RFC 6455; only what a test needs. */
export class Talk {
  readonly socket: Duplex;
  readonly messages: Message[] = [];
  readonly closed: Promise<void>;
  readonly #isClient: boolean;
  #rest: Buffer = Buffer.alloc(0);
  readonly #waiting = new Set<() => void>();

  constructor(socket: Duplex, head: Buffer, isClient: boolean) {
    this.socket = socket;
    this.#isClient = isClient;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.on("end", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.once("close", () => this.#wake());
    if (head.length > 0) this.#read(head);
  }

  send(message: object): void {
    this.sendText(JSON.stringify(message));
  }

  /** `opcode` 2: as bytes that are no text. */
  sendText(text: string, opcode = 1): void {
    const payload = Buffer.from(text);
    const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] =
      (this.#isClient ? 0x80 : 0) |
      (payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(payload.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
    const mask = this.#isClient ? randomBytes(4) : Buffer.alloc(0);
    if (this.#isClient)
      for (let at = 0; at < payload.length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
    this.socket.write(Buffer.concat([head, mask, payload]));
  }

  /** The texts that have come when there are this many, or when the connection is closed. */
  async texts(count: number): Promise<string[]> {
    for (;;) {
      const texts = this.messages.filter(({ opcode }) => opcode === 1).map(({ text }) => text);
      if (texts.length >= count || this.socket.destroyed) return texts;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let size = this.#take(); size > 0; size = this.#take()) this.#rest = this.#rest.subarray(size);
    this.#wake();
  }

  #take(): number {
    const bytes = this.#rest;
    if (bytes.length < 2) return 0;
    const short = (bytes[1] ?? 0) & 0x7f;
    const isMasked = ((bytes[1] ?? 0) & 0x80) !== 0;
    let at = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < at) return 0;
    const length =
      short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    const mask = isMasked ? bytes.subarray(at, at + 4) : null;
    at += isMasked ? 4 : 0;
    if (bytes.length < at + length) return 0;
    const payload = Buffer.from(bytes.subarray(at, at + length));
    if (mask)
      for (let index = 0; index < length; index += 1)
        payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
    this.messages.push({ opcode: (bytes[0] ?? 0) & 0x0f, text: payload.toString() });
    return at + length;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** What upstream does with a message of the client. */
export type Hears = (message: { type: string; [field: string]: unknown }, talk: Talk) => void;

export interface Handshake {
  readonly accountId: string;
  readonly token: string;
  readonly headers: IncomingMessage["headers"];
}

/** A promise: the handshake is answered when it is kept. */
export type SocketPart = Hears | number | Promise<Hears>;

/** Lets a fake backend serve WebSockets. An account without a part is refused with the status. */
export function serveSockets(fake: FakeResponses, parts: ReadonlyMap<string, SocketPart>): Handshake[] {
  const handshakes: Handshake[] = [];
  const serve = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const accountId = String(request.headers["chatgpt-account-id"]);
    const token = String(request.headers.authorization).replace("Bearer ", "");
    handshakes.push({ accountId, token, headers: request.headers });
    const part = await (parts.get(accountId) ?? 404);
    if (typeof part === "number") {
      socket.end(`HTTP/1.1 ${part} No\r\ncontent-length: 2\r\n\r\n{}`);
      return;
    }
    acceptSocket(request, socket);
    const talk = new Talk(socket, head, false);
    const seen = new Set<object>();
    const listen = () => {
      for (const message of talk.messages) {
        if (seen.has(message) || message.opcode !== 1) continue;
        seen.add(message);
        part(JSON.parse(message.text), talk);
      }
    };
    socket.on("data", listen);
    listen();
  };
  fake.onUpgrade((...upgrade) => void serve(...upgrade));
  return handshakes;
}

export function acceptSocket(
  { headers }: IncomingMessage,
  socket: Duplex,
  more: readonly string[] = [],
): void {
  const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${magic}`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: Upgrade", ...more];
  socket.write(`${[...lines, `sec-websocket-accept: ${accept}`, "set-cookie: a=1"].join("\r\n")}\r\n\r\n`);
}

/** Connects as Codex does. A status: the upgrade was answered with it. */
export function connectSocket(url: string, headers: Record<string, string>): Promise<Talk | number> {
  const key = randomBytes(16).toString("base64");
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": key,
  };
  const extensions = { "sec-websocket-extensions": "permessage-deflate" };
  const request = httpRequest(url, { headers: { ...headers, ...upgrade, ...extensions }, agent: false });
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once("upgrade", (response, socket, head) => {
      const accept = createHash("sha1").update(`${key}${magic}`).digest("base64");
      if (response.headers["sec-websocket-accept"] !== accept) return reject(new Error("wrong accept"));
      if (response.headers["set-cookie"]) return reject(new Error("a cookie came through"));
      resolve(new Talk(socket, head, true));
    });
    request.end();
  });
}
