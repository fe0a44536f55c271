import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  completed,
  created,
  cutsAfter,
  delta,
  errorBody,
  fails,
  goodStream,
  refuses,
  resets,
  type Scene,
  sse,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";
import { seat } from "../../support/store-home.ts";

const eventStream = { "content-type": "text/event-stream" };

/** Bytes that Node's server would not send. */
const says =
  (...pieces: readonly (string | Buffer)[]): Scene =>
  async ({ socket }) => {
    for (const piece of pieces) await new Promise((resolve) => socket?.write(piece, resolve));
    socket?.end();
  };

const chunked = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (text: string | Buffer) => [`${text.length.toString(16)}\r\n`, text, "\r\n"];

/** Upstream's answer is none, or nobody can tell what it means. */
const broken: readonly [name: string, scene: Scene][] = [
  ["a page with status 200", refuses(200, "<html>Just a moment...</html>")],
  ["204", (response) => void response.writeHead(204).end()],
  ["headers of 100 kB", (response) => void response.writeHead(200, { "x-a": "x".repeat(100_000) }).end()],
  ["half a head", says("HTTP/1.1 200 OK\r\ncontent-ty")],
  ["no HTTP", says("hello\r\n\r\n")],
  ["a chunk that is none", says(chunked, "zz\r\n")],
  [
    "an upgrade that nobody wanted",
    says("HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
  ],
  [
    "a length and chunks",
    says("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
  ],
  ["half a character", cutsAfter("data: \xc3")],
  ["a type behind everything else", (response) => void response.writeHead(200, eventStream).end(lateType)],
  [
    "an error that does not say its type",
    (response) => void response.writeHead(200, eventStream).end(untyped),
  ],
  ["503 and the end of the connection", says("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")],
];
const lateType = `data: ${JSON.stringify({ response: { ...fails("usage_limit_reached").response, pad: "x".repeat(400) }, type: "response.failed" })}\n\n`;
const untyped = `event: error\ndata: ${JSON.stringify(errorBody("server_error"))}\n\n`;

test.each(broken)("%s: the next account answers", async (_, scene) => {
  const it = await ProxyScene.open(["a", "b"], { limits: { headersMs: 500, firstEventMs: 500 } });
  const [first = "", second = ""] = await it.order();
  it.fake.next(first, scene, scene);
  const answer = await it.post();
  expect({ status: answer.status, text: answer.text, isCut: answer.isCut }).toEqual({
    status: 200,
    text: goodStream(),
    isCut: false,
  });
  expect([...new Set(it.fake.asked)]).toEqual([first, second]);
  expect(it.proxy.status().inFlight).toBe(0);
});

const gzipped = gzipSync(goodStream());

/** Odd, but an answer: it reaches the client as it is. */
const passed: readonly [name: string, scene: Scene, body: Buffer][] = [
  [
    "early hints before it",
    says("HTTP/1.1 103 Early\r\nlink: <x>\r\n\r\n", ...whole()),
    Buffer.from(goodStream()),
  ],
  ["100 before it", says("HTTP/1.1 100 Continue\r\n\r\n", ...whole()), Buffer.from(goodStream())],
  ["trailers", says(chunked, ...chunk(goodStream()), "0\r\nx-trailer: 1\r\n\r\n"), Buffer.from(goodStream())],
  ["no length and no chunks", says("HTTP/1.1 200 OK\r\n\r\n", goodStream()), Buffer.from(goodStream())],
  ["HTTP/1.0", says("HTTP/1.0 200 OK\r\n\r\n", goodStream()), Buffer.from(goodStream())],
  [
    "gzip that nobody asked for",
    (response) => void response.writeHead(200, { ...eventStream, "content-encoding": "gzip" }).end(gzipped),
    gzipped,
  ],
  [
    "one JSON document",
    (response) => void response.writeHead(200, { "content-type": "application/json" }).end('{"id":"r"}'),
    Buffer.from('{"id":"r"}'),
  ],
  [
    "headers of 40 kB",
    (response) => void response.writeHead(200, { ...eventStream, csp: "x".repeat(40_000) }).end(goodStream()),
    Buffer.from(goodStream()),
  ],
];

function whole() {
  return [chunked, ...chunk(goodStream()), "0\r\n\r\n"];
}

test.each(passed)("%s: the answer reaches the client byte for byte", async (_, scene, body) => {
  const it = await ProxyScene.open(["a"]);
  it.fake.next("acct-a", scene);
  const answer = await it.post();
  expect({ status: answer.status, isCut: answer.isCut }).toEqual({ status: 200, isCut: false });
  expect(answer.body.equals(body)).toBe(true);
});

test("a cut after the end of the response adds no failure to it", async () => {
  // It was a whole answer with a response.failed behind it, and Codex took the turn for lost.
  const it = await ProxyScene.open(["a"]);
  it.fake.next("acct-a", cutsAfter(goodStream()));
  const answer = await it.post();
  expect(answer.text).toBe(goodStream());
  expect(it.proxy.status().accounts[0]).toMatchObject({ state: "ready", tokens: { output: 5 } });
});

const afterTheEnd = [": bye\n\n", "data: [DONE]\n\n", sse({ type: "codex.rate_limits" })];

test.each(afterTheEnd)(
  "tokens are counted also when %j comes after the end, in a packet of its own",
  async (last) => {
    const it = await ProxyScene.open(["a"]);
    it.fake.next("acct-a", async (response) => {
      response.writeHead(200, eventStream).write(goodStream());
      await new Promise((resolve) => setImmediate(resolve));
      setTimeout(() => response.end(last), 30);
    });
    expect((await it.post()).text).toBe(goodStream() + last);
    expect(it.proxy.status().accounts[0]?.tokens).toEqual({ input: 11, cachedInput: 3, output: 5 });
  },
);

test("the tokens of an answer that was cut by its own length are counted", async () => {
  const it = await ProxyScene.open(["a"]);
  const { response } = completed();
  const end = { type: "response.incomplete", response: { ...response, status: "incomplete" } };
  it.fake.next("acct-a", (to) => void to.writeHead(200, eventStream).end(sse(created(), delta("x"), end)));
  await it.post();
  expect(it.proxy.status().accounts[0]?.tokens.output).toBe(5);
});

test("an end of 300 kB in many packets is recognised", async () => {
  const it = await ProxyScene.open(["a"]);
  const { response, type } = completed();
  const text = sse(delta("x"), { type, response: { ...response, output: ["ü\n".repeat(100_000)] } });
  it.fake.next("acct-a", async (to) => {
    to.writeHead(200, eventStream);
    for (let at = 0; at < text.length; at += 7001)
      await new Promise((resolve) => to.write(text.slice(at, at + 7001), resolve));
    to.end();
  });
  expect((await it.post()).text).toBe(text);
  expect(it.proxy.status().accounts[0]?.tokens.input).toBe(11);
});

/** So many connections that wait for their next request. */
async function idleConnections(it: ProxyScene, count: number): Promise<Set<number>> {
  const waiting: (() => void)[] = [];
  const together: Scene = (response) =>
    void waiting.push(() => response.writeHead(200, eventStream).end(goodStream()));
  it.fake.next("acct-a", ...Array.from({ length: count }, () => together));
  const all = Array.from({ length: count }, () => it.post());
  await it.fake.arrival(count);
  for (const answer of waiting) answer();
  await Promise.all(all);
  const ports = new Set(it.fake.received.map(({ port }) => port));
  it.fake.received.length = 0;
  return ports;
}

test("connections that died while they were idle are no failure of the account, and one fresh one is asked", async () => {
  const it = await ProxyScene.open(["a"]);
  const idle = await idleConnections(it, 12);
  it.fake.always("acct-a", (response, received) => {
    if (idle.has(received.port)) return resets(response, received);
    response.writeHead(200, eventStream).end(goodStream());
  });
  expect((await it.post()).status).toBe(200);
  expect(it.fake.received.map(({ port }) => idle.has(port))).toEqual([true, false]);
  expect(it.proxy.status().accounts[0]).toMatchObject({ state: "ready", failedOver: 0 });
});

// It was sent once for each connection that was idle: 37 times.
test("a request whose connection is reset is sent a second time, and not a third", async () => {
  const it = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  const idle = await idleConnections(it, 12);
  it.fake.always("acct-a", resets);
  expect((await it.post()).status).toBe(503);
  expect(it.fake.received.map(({ port }) => idle.has(port))).toEqual([true, false]);
});

test("an account whose token cannot be a header is passed over", async () => {
  const it = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  const broken = seat("z");
  broken.tokens.access_token = "broken\r\nx-injected: 1";
  await it.adopt(broken);
  await it.change("acct-a", (account) => (account.pausedAt = new Date().toISOString()));
  expect((await it.post()).status).toBe(503);
  await it.change("acct-a", (account) => (account.pausedAt = null));
  expect((await it.post()).text).toBe(goodStream());
  expect(it.fake.asked).toEqual(["acct-a"]);
});

test("the models are passed on, and a cut of them breaks nothing", async () => {
  const it = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await it.order();
  const models = (name: string) =>
    it.post({ method: "GET", path: "/models", headers: { "thread-id": name, "session-id": name } });
  it.fake.next(first, cutsAfter('{"models":['));
  expect((await models("1")).isCut).toBe(true);
  it.fake.next(second, refuses(200, { models: [] }, { etag: "1" }));
  expect((await models("2")).text).toBe('{"models":[]}');
});

test("a personal account does not wait for the workspace question each time", async () => {
  const it = await ProxyScene.open(["a"]);
  it.fake.checkStatus = 500;
  for (let round = 0; round < 5; round += 1) expect((await it.post()).status).toBe(200);
  expect(it.fake.checked).toEqual(["acct-a"]);
});
