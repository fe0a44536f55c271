import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  created,
  delta,
  goodStream,
  type Scene,
  silent,
  sse,
  stalls,
} from "../../support/openai/responses.ts";
import { ProxyScene, testKey } from "../../support/proxy-scene.ts";

const eventStream = { "content-type": "text/event-stream" };
const path = `/${testKey}/v1/responses`;
const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: codex_exec/1\r\n`;
const bye = "connection: close\r\n";

/** Requests as Codex never sends them, that are right all the same. */
const served: readonly [name: string, bytes: string, body: string][] = [
  ["HTTP/1.0", `POST ${path} HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}`, "{}"],
  ["chunks", `${head}${bye}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`, "{}"],
  [
    "chunks with a trailer",
    `${head}${bye}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-a: b\r\n\r\n`,
    "{}",
  ],
  [
    "an offer of HTTP/2",
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAAA\r\ncontent-length: 2\r\n\r\n{}`,
    "{}",
  ],
  ["a length of 0", `${head}${bye}content-length: 0\r\n\r\n`, ""],
  ["no length", `${head}${bye}\r\n`, ""],
  ["a question before the body", `${head}${bye}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`, "{}"],
  [
    "a host with capitals",
    `POST ${path} HTTP/1.1\r\nHost: LOCALHOST:1\r\n${bye}content-length: 2\r\n\r\n{}`,
    "{}",
  ],
  ["IPv6 by name", `POST ${path} HTTP/1.1\r\nHost: [::1]:1\r\n${bye}content-length: 2\r\n\r\n{}`, "{}"],
];

test.each(served)("%s: the request is served", async (_, bytes, body) => {
  const scene = await ProxyScene.open(["a"]);
  const text = await scene.raw(bytes);
  expect(text).toMatch(/HTTP\/1\.1 200 OK\r\n/);
  expect(text).toContain("response.completed");
  expect(scene.fake.received.map((each) => each.body.toString())).toEqual([body]);
  // Whatever the client sent, upstream gets one length and no chunks.
  expect(scene.fake.received[0]?.headers).toMatchObject({ "content-length": String(body.length) });
  expect(scene.fake.received[0]?.headers["transfer-encoding"]).toBeUndefined();
  expect(scene.fake.received[0]?.headers.expect).toBeUndefined();
});

const refused: readonly [name: string, bytes: string, status: string][] = [
  ["HEAD", `HEAD ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`, "404"],
  ["OPTIONS", `OPTIONS ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`, "404"],
  ["CONNECT", `CONNECT chatgpt.com:443 HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`, ""],
  ["TRACE", `TRACE ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`, "404"],
  ["another expectation", `${head}${bye}expect: miracle\r\ncontent-length: 2\r\n\r\n{}`, "417"],
  ["a body that is longer than it says", `${head}${bye}content-length: 2\r\n\r\n{}GARBAGE`, "400"],
  ["a length that is no number", `${head}content-length: 2x\r\n\r\n{}`, "400"],
  ["a negative length", `${head}content-length: -2\r\n\r\n{}`, "400"],
  ["an encoding twice", `${head}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, "400"],
  ["a bare line feed in a header", `${head}x-a: b\nx-b: c\r\n\r\n`, "400"],
  ["a header with a NUL", `${head}x-a: \0\r\n\r\n`, "400"],
  ["a name that is no token", `${head}x a: b\r\n\r\n`, "400"],
  [
    "the key as a query",
    `POST /v1/responses?key=${testKey} HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`,
    "401",
  ],
  [
    "the key with an escape",
    `POST /${testKey.replace("k", "%6b")}/v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`,
    "401",
  ],
  [
    "the key in capitals",
    `POST /${testKey.toUpperCase()}/v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`,
    "401",
  ],
  [
    "a path in other letters",
    `POST /${testKey}/v1/r\u00e9sponses HTTP/1.1\r\nhost: 127.0.0.1\r\n${bye}\r\n`,
    "400",
  ],
  ["no host and HTTP/1.0", `POST ${path} HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}`, "401"],
];

test.each(refused)("%s is refused", async (_, bytes, status) => {
  const scene = await ProxyScene.open(["a"]);
  const text = await scene.raw(bytes);
  expect(text.slice(9, 12)).toBe(status);
  expect(text).not.toContain(testKey);
  expect(scene.fake.received).toEqual([]);
});

test("requests that were sent ahead on one connection are all answered, in their order", async () => {
  // The second one found no socket of its own, was taken for abandoned, and nobody ever answered it.
  const scene = await ProxyScene.open(["a"]);
  const order: string[] = [];
  scene.fake.always("acct-a", (response, { body }) => {
    order.push(body.toString());
    response.writeHead(200, eventStream).end(sse(created(), delta(body.toString())));
  });
  const names = Array.from({ length: 15 }, (_, at) => `n${at + 10}`);
  const text = await scene.raw(names.map((name) => `${head}content-length: 3\r\n\r\n${name}`).join(""));
  expect([...text.matchAll(/"delta":"(n\d+)"/g)].map(([, name]) => name)).toEqual(names);
  expect(order.toSorted()).toEqual(names);
});

test("a client that leaves ends all the requests that it sent ahead", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", stallsVisibly, stallsVisibly, stallsVisibly);
  const socket = await open(scene);
  socket.write(`${head}content-length: 2\r\n\r\n{}`.repeat(3));
  const received = [await scene.fake.arrival(1), await scene.fake.arrival(2), await scene.fake.arrival(3)];
  socket.destroy();
  await Promise.all(received.map(({ aborted }) => aborted));
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
});

const stallsVisibly: Scene = (response) => void response.writeHead(200, eventStream).write(sse(delta("x")));

const phases: readonly [name: string, scene: Scene][] = [
  ["before the headers of the answer", silent],
  ["before the first event", stalls],
  ["in the middle", stallsVisibly],
];

test.each(phases)("a client that ends its half %s ends the request", async (_, wait) => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", wait);
  const socket = await open(scene);
  socket.write(`${head}content-length: 2\r\n\r\n{}`);
  const { aborted } = await scene.fake.arrival(1);
  socket.end();
  await aborted;
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
});

test("a client that leaves while its JSON document is put together ends the request", async () => {
  const transformBody = (body: object) => Promise.resolve({ ...body, stream: true });
  const scene = await ProxyScene.open(["a"], { transformBody });
  scene.fake.next("acct-a", stallsVisibly);
  const plain = { "user-agent": "python/1", originator: "" };
  const request = scene.begin({ headers: plain, body: '{"model":"m"}' });
  const { aborted } = await scene.fake.arrival(1);
  await expect.poll(() => scene.proxy.status().accounts[0]?.served).toBe(1);
  request.abort();
  await aborted;
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
});

test("a client that leaves in the middle of its body asks nobody", async () => {
  const scene = await ProxyScene.open(["a"]);
  const socket = await open(scene);
  socket.write(`${head}content-length: 1000\r\n\r\n{`);
  await expect.poll(() => scene.proxy.status().inFlight).toBe(1);
  socket.destroy();
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
  expect(scene.fake.received).toEqual([]);
});

test("headers that come too slowly are not waited for", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { clientHeadersMs: 100 } });
  const text = await scene.raw(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: `);
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
});

test("a client that reads slowly holds upstream back, and gets every byte", async () => {
  const scene = await ProxyScene.open(["a"]);
  const piece = Buffer.from(sse(delta("x".repeat(64 * 1024))));
  const pieces = 800;
  let sent = 0;
  let whenStuck = () => {};
  const stuck = new Promise<void>((resolve) => (whenStuck = resolve));
  scene.fake.next("acct-a", async (response) => {
    response.writeHead(200, eventStream);
    for (; sent < pieces; sent += 1) {
      if (response.write(piece)) continue;
      const drained = new Promise((resolve) => response.once("drain", resolve));
      const timer = setTimeout(whenStuck, 300);
      await drained;
      clearTimeout(timer);
    }
    response.end();
  });
  const socket = await open(scene);
  socket.pause();
  socket.write(`${head}${bye}content-length: 2\r\n\r\n{}`);
  await stuck;
  // What lies in the buffers of two connections, not the fifty megabytes.
  expect(sent * piece.length).toBeLessThan(25 * 1024 * 1024);
  let count = 0;
  socket.on("data", (bytes: Buffer) => (count += bytes.length)).resume();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(count).toBeGreaterThan(pieces * piece.length);
});

const cap = 64 * 1024 * 1024;

test("a body of exactly 64 MiB is served byte for byte, and one byte more is refused", async () => {
  const scene = await ProxyScene.open(["a"]);
  const body = randomBytes(1024 * 1024);
  const whole = Buffer.concat(Array.from({ length: 64 }, () => body));
  expect(whole.length).toBe(cap);
  expect((await scene.post({ body: whole, headers: { "content-encoding": "zstd" } })).status).toBe(200);
  expect(scene.fake.received[0]?.body.equals(whole)).toBe(true);
  const more = { body: Buffer.concat([whole, Buffer.from("x")]), headers: { "content-encoding": "zstd" } };
  expect((await scene.post(more)).status).toBe(413);
  const chunked = { ...more, headers: { ...more.headers, "transfer-encoding": "chunked" } };
  expect((await scene.post(chunked)).status).toBe(413);
  expect(scene.fake.received.length).toBe(1);
});

test("large bodies that wait at the same time share one cap, and those over it are refused", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { allBodiesBytes: 5_500_000 } });
  const answers: (() => void)[] = [];
  scene.fake.always(
    "acct-a",
    (response) => void answers.push(() => response.writeHead(200, eventStream).end(goodStream())),
  );
  const body = Buffer.alloc(1_000_000);
  const waiting = [];
  for (let count = 1; count <= 5; count += 1) {
    waiting.push(scene.post({ body }));
    await scene.fake.arrival(count);
  }
  expect((await scene.post({ body })).status).toBe(500);
  for (const answer of answers) answer();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  scene.fake.always("acct-a", (response) => void response.writeHead(200, eventStream).end(goodStream()));
  expect((await scene.post({ body })).status).toBe(200);
});

async function open(scene: ProxyScene): Promise<Socket> {
  const socket = connect(scene.proxy.port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

// They were ended by half, and stayed until the proxy ended: three hundred of them for ever.
test.each([
  ["silent", ""],
  ["slow", head],
  ["wrong", "hello\r\n\r\n"],
])(
  "three hundred %s connections are gone after the deadline, whatever they do about it",
  async (_, bytes) => {
    const scene = await ProxyScene.open(["a"], { limits: { clientHeadersMs: 200 } });
    const sockets = await Promise.all(Array.from({ length: 300 }, () => openHalf(scene)));
    for (const socket of sockets) socket.write(bytes);
    // Bytes that arrive at a connection that is gone are answered with a reset.
    const gone = sockets.map((socket) => {
      const timer = setInterval(() => socket.write("x"), 50);
      return new Promise<void>((resolve) => socket.once("close", () => (clearInterval(timer), resolve())));
    });
    await Promise.all(gone);
    expect((await scene.post()).status).toBe(200);
  },
);

test("room for a new connection is made by the oldest that was never let in", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { connections: 5 } });
  scene.fake.next("acct-a", stallsVisibly);
  const running = scene.begin();
  await running.firstByte;
  const silent = await Promise.all(Array.from({ length: 10 }, () => openHalf(scene)));
  const closed = silent.map(
    (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
  );
  for (const socket of silent) socket.on("end", () => socket.destroy());
  await Promise.all(closed.slice(0, 6));
  expect((await scene.post()).status).toBe(200);
  expect(scene.proxy.status().inFlight).toBe(1);
  running.abort();
});

test("a client that sends its request piece by piece, for ever, is let go", async () => {
  const limits = { clientHeadersMs: 200, clientRequestMs: 400, bodyIdleMs: 60_000 };
  const scene = await ProxyScene.open(["a"], { limits });
  const socket = await openHalf(scene);
  socket.write(`${head}content-length: 100000\r\n\r\n`);
  const timer = setInterval(() => socket.write("x"), 50);
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  clearInterval(timer);
  expect(scene.fake.received).toEqual([]);
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
});

/** A client that leaves its half open when the proxy ends. */
async function openHalf(scene: ProxyScene): Promise<Socket> {
  const socket = connect({ port: scene.proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined).resume();
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}
