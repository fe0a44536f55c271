import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { completed, created, delta } from "../../support/openai/responses.ts";
import { codexHeaders, ProxyScene, testKey } from "../../support/proxy-scene.ts";
import { acceptSocket, connectSocket, type Hears, serveSockets } from "../../support/web-socket.ts";

const request = { type: "response.create", model: "gpt-5.5", input: [] };
const texts = [created(), delta("hello"), completed()].map((event) => JSON.stringify(event));
const answers: Hears = (_, talk) => {
  for (const event of [created(), delta("hello"), completed()]) talk.send(event);
};

async function socketScene(names: readonly string[], headersMs = 5000) {
  const scene = await ProxyScene.open(names, { webSocket: "forward", limits: { headersMs } });
  const parts = new Map<string, Hears | number>();
  const handshakes = serveSockets(scene.fake, parts);
  const order = await scene.order();
  for (const each of order) parts.set(each, answers);
  const talk = async () => {
    const connected = await connectSocket(`${scene.proxy.url}/responses`, codexHeaders);
    if (typeof connected === "number") throw new Error(`answered with ${connected}`);
    return connected;
  };
  return { scene, parts, handshakes, order, connect: talk };
}

/** Upstream only listens. */
async function listeningScene() {
  const scene = await ProxyScene.open(["a"], { webSocket: "forward" });
  const got: Buffer[] = [];
  scene.fake.onUpgrade((request, socket) => {
    acceptSocket(request, socket);
    socket.on("error", () => undefined).on("data", (bytes: Buffer) => got.push(bytes));
  });
  const connect = async () => {
    const connected = await connectSocket(`${scene.proxy.url}/responses`, codexHeaders);
    if (typeof connected === "number") throw new Error(`answered with ${connected}`);
    return connected;
  };
  return { scene, got, connect };
}

/** A frame of a server: unmasked. */
function serverFrame(opcode: number, payload: Buffer, isLast = true): Buffer {
  const size = payload.length;
  const head = size < 126 ? Buffer.from([0, size]) : Buffer.from([0, 126, size >> 8, size & 255]);
  head[0] = opcode | (isLast ? 0x80 : 0);
  return Buffer.concat([head, payload]);
}

/** The same of a client, masked with zeros: the bytes can be read as they are. */
function clientFrame(opcode: number, payload: Buffer, isLast = true): Buffer {
  const frame = serverFrame(opcode, payload, isLast);
  const head = frame.length - payload.length;
  frame[1] = (frame[1] ?? 0) | 0x80;
  return Buffer.concat([frame.subarray(0, head), Buffer.alloc(4), payload]);
}

test("ten thousand frames reach the client byte for byte, in packets that respect no border", async () => {
  const { parts, order, connect: open } = await socketScene(["a"]);
  const frames: Buffer[] = [serverFrame(1, Buffer.from(JSON.stringify(created())))];
  for (let at = 0; at < 10_000; at += 1) {
    const text = JSON.stringify(delta("ü".repeat(at % 97)));
    if (at % 10 !== 0) frames.push(serverFrame(1, Buffer.from(text)));
    else
      frames.push(
        serverFrame(1, Buffer.from(text.slice(0, 9)), false),
        serverFrame(0, Buffer.from(text.slice(9))),
      );
    if (at % 500 === 0)
      frames.push(serverFrame(9, Buffer.from("ping")), serverFrame(2, Buffer.from([at & 255])));
  }
  frames.push(
    serverFrame(1, Buffer.from(JSON.stringify(completed()))),
    serverFrame(8, Buffer.from([3, 232])),
  );
  const whole = Buffer.concat(frames);
  parts.set(order[0] ?? "", (_, { socket }) => {
    for (let at = 0; at < whole.length; at += 1009) socket.write(whole.subarray(at, at + 1009));
    socket.end();
  });
  const client = await open();
  const got: Buffer[] = [];
  client.socket.on("data", (bytes: Buffer) => got.push(bytes));
  client.send(request);
  await client.closed;
  expect(Buffer.concat(got).equals(whole)).toBe(true);
});

test("pings, pongs, pieces of a message and the goodbye of the client reach upstream as they are", async () => {
  const { scene, got, connect: open } = await listeningScene();
  const client = await open();
  const text = Buffer.from(JSON.stringify(request));
  const sent = Buffer.concat([
    clientFrame(9, Buffer.from("ping")),
    clientFrame(1, text.subarray(0, 5), false),
    clientFrame(10, Buffer.from("pong")),
    clientFrame(0, text.subarray(5)),
    clientFrame(8, Buffer.from([3, 232])),
  ]);
  for (const byte of sent) client.socket.write(Buffer.from([byte]));
  await expect.poll(() => Buffer.concat(got).length).toBe(sent.length);
  expect(Buffer.concat(got).equals(sent)).toBe(true);
  expect(scene.proxy.status().problem).toBe(null);
});

test("a goodbye before anything was visible moves the turn at once", async () => {
  // It waited a minute for the end of a connection that upstream keeps open until the client says goodbye too.
  const { parts, handshakes, order, connect: open } = await socketScene(["a", "b"], 30_000);
  const [first = "", second = ""] = order;
  parts.set(first, (_, { socket }) => void socket.write(serverFrame(8, Buffer.from([3, 245]))));
  const client = await open();
  client.send(request);
  expect(await client.texts(3)).toEqual(texts);
  expect(handshakes.map(({ accountId }) => accountId)).toEqual([first, second]);
});

test("limits that are told inside a WebSocket are known afterwards", async () => {
  const { scene, parts, order, connect: open } = await socketScene(["a"]);
  const windows = { primary: { used_percent: 61, window_minutes: 300, reset_after_seconds: 900 } };
  parts.set(order[0] ?? "", (message, talk) => {
    talk.send({ type: "codex.rate_limits", plan_type: "plus", rate_limits: windows });
    answers(message, talk);
  });
  const client = await open();
  client.send(request);
  await client.texts(4);
  await scene.proxy.close();
  const [usage] = scene.store.usage().values();
  expect(usage?.limits[0]).toMatchObject({ usedPercent: 61, windowMinutes: 300, source: "event" });
});

test("upstream that leaves in the middle of an answer ends the client's connection, and nothing is sent again", async () => {
  const { parts, handshakes, order, connect: open } = await socketScene(["a", "b"]);
  parts.set(order[0] ?? "", (_, talk) => {
    talk.send(delta("x"));
    setImmediate(() => talk.socket.destroy());
  });
  const client = await open();
  client.send(request);
  await client.closed;
  expect(handshakes.length).toBe(1);
});

test("a client that leaves before upstream has answered the upgrade ends that too", async () => {
  // It was connected, account after account, for somebody who had left.
  const scene = await ProxyScene.open(["a", "b"], { webSocket: "forward" });
  const closed: Promise<unknown>[] = [];
  scene.fake.onUpgrade((_, socket) => {
    socket.on("error", () => undefined).resume();
    closed.push(new Promise((resolve) => socket.once("end", resolve).once("close", resolve)));
  });
  const socket = rawClient(scene.proxy.port);
  socket.write(handshake());
  await expect.poll(() => closed.length).toBe(1);
  socket.destroy();
  await Promise.all(closed);
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
  expect(closed.length).toBe(1);
  expect(scene.proxy.status().accounts.map(({ state }) => state)).toEqual(["ready", "ready"]);
});

const hostile: readonly [name: string, bytes: Buffer][] = [
  ["a frame of 2^62 bytes", Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0])],
  ["a frame of 2^64 - 1 bytes", Buffer.from([0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255])],
];

test.each(hostile)("%s ends the connection and nothing else", async (_, bytes) => {
  const { scene, connect: open } = await socketScene(["a"]);
  const client = await open();
  client.socket.write(bytes);
  await client.closed;
  await expect.poll(() => scene.proxy.status()).toMatchObject({ inFlight: 0, problem: null });
  expect((await scene.post()).status).toBe(200);
});

test("a message of pieces without an end is not collected for ever", async () => {
  const { scene, connect: open } = await listeningScene();
  const client = await open();
  const piece = clientFrame(0, Buffer.alloc(60_000), false);
  const start = clientFrame(1, Buffer.from("{"), false);
  client.socket.write(start);
  let sent = 0;
  while (!client.socket.destroyed && sent < 200 * 1024 * 1024) {
    sent += piece.length;
    await new Promise((resolve) => client.socket.write(piece, resolve));
  }
  expect(sent).toBeLessThan(150 * 1024 * 1024);
  expect(scene.proxy.status().problem).toBe(null);
});

const badUpgrades: readonly [name: string, bytes: string, status: string][] = [
  ["another protocol", handshake("upgrade: h2c"), "404"],
  ["another path", handshake("upgrade: websocket", "/v1/models"), "404"],
  ["another method", handshake().replace("GET", "PUT"), "404"],
  ["a web page", handshake("upgrade: websocket\r\norigin: https://evil.test"), "401"],
  ["another host", handshake().replace("host: 127.0.0.1", "host: evil.test"), "401"],
  ["no key", handshake().replace(`/${testKey}`, ""), "401"],
];

test.each(badUpgrades)(
  "an upgrade with %s is refused before upstream hears of it",
  async (_, bytes, status) => {
    const { scene, handshakes } = await socketScene(["a"]);
    const text = await scene.raw(bytes);
    expect(text.slice(9, 12)).toBe(status);
    expect(text).not.toContain(testKey);
    expect(handshakes).toEqual([]);
  },
);

function handshake(upgrade = "upgrade: websocket", path = "/v1/responses"): string {
  const lines = [`GET /${testKey}${path} HTTP/1.1`, "host: 127.0.0.1", "connection: Upgrade", upgrade];
  return `${[...lines, "sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="].join("\r\n")}\r\n\r\n`;
}

function rawClient(port: number) {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}
