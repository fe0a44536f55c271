// A client of the benchmark: one connection, a request of prebuilt bytes at a time.
import { connect } from "node:net";

export class Client {
  #socket;
  #expected = null;

  static async open(port) {
    const client = new Client();
    await client.#connect(port);
    return client;
  }

  /** Resolves to the bytes of the whole chunked answer, head included, when the last chunk has come. */
  ask(bytes) {
    return new Promise((resolve, reject) => {
      this.#expected = { count: 0, tail: "", resolve, reject };
      this.#socket.write(bytes);
    });
  }

  close() {
    this.#socket.destroy();
  }

  #connect(port) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes) => this.#read(bytes));
    this.#socket.on("close", () => this.#expected?.reject(new Error("closed")));
    return new Promise((resolve, reject) => this.#socket.once("connect", resolve).once("error", reject));
  }

  #read(bytes) {
    const expected = this.#expected;
    if (expected === null) throw new Error("An answer that nobody asked for.");
    if (expected.count === 0 && !bytes.subarray(0, 15).equals(ok)) {
      throw new Error(bytes.toString("latin1", 0, 400));
    }
    expected.count += bytes.length;
    expected.tail =
      bytes.length >= 7
        ? bytes.toString("latin1", bytes.length - 7)
        : expected.tail + bytes.toString("latin1");
    if (!expected.tail.endsWith("\r\n0\r\n\r\n")) return;
    this.#expected = null;
    expected.resolve(expected.count);
  }
}

const ok = Buffer.from("HTTP/1.1 200 OK");

/** A turn as Codex sends it; `more` are further header lines. */
export function turn(path, size, more = []) {
  const lines = [
    `POST ${path}/responses HTTP/1.1`,
    "host: 127.0.0.1",
    "user-agent: codex_exec/0.169.0",
    "originator: codex_exec",
    "accept: text/event-stream",
    "content-type: application/json",
    "content-encoding: zstd",
    "session-id: 0199-bench",
    "thread-id: 0199-bench",
    "x-codex-routing-hint: model=gpt-5.5",
    `content-length: ${size}`,
    ...more,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), Buffer.alloc(size, 0x61)]);
}

/** A turn as Codex sends it with a key: plain JSON. */
export function keyTurn({ path, more }, size) {
  const body = JSON.stringify({ model: "gpt-6-sol", stream: true, input: "x".repeat(size) });
  const lines = [
    `POST ${path}/responses HTTP/1.1`,
    "host: 127.0.0.1",
    "user-agent: codex_exec/0.171.0",
    "originator: codex_exec",
    "accept: text/event-stream",
    "content-type: application/json",
    `content-length: ${body.length}`,
    ...more,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
