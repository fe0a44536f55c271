import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  answersAs,
  completed,
  created,
  delta,
  errorBody,
  FakeResponses,
  goodStream,
  itemDone,
  refuses,
  type Scene,
  sse,
} from "../../support/openai/responses.ts";
import { codexHeaders, ProxyScene, testKey } from "../../support/proxy-scene.ts";

const limited = refuses(
  429,
  errorBody("usage_limit_reached", { resets_at: Math.floor(Date.now() / 1000) + 3600 }),
);

// The first bytes of a zstd frame, and anything behind them: nobody unpacks it on the way.
const zstd = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00]), randomBytes(200_000)]);
// A frame that says it holds 2^60 bytes.
const bomb = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x03, 0, 0]);

const bodies: readonly [name: string, body: Buffer, headers: Record<string, string>][] = [
  ["JSON", Buffer.from('{ "model" : "gpt-5.5",\n "input":[] , "prompt_cache_key":"thread-1"}'), {}],
  ["JSON of a megabyte", Buffer.from(JSON.stringify({ input: 'ü\\"'.repeat(250_000) })), {}],
  ["no JSON", Buffer.from([0xff, 0x00, 0x7b, 0x22]), {}],
  ["nothing", Buffer.alloc(0), {}],
  ["zstd", zstd, { "content-encoding": "zstd" }],
  ["a zstd bomb", bomb, { "content-encoding": "zstd" }],
];

test.each(bodies)("a body of %s reaches every account byte for byte", async (_, body, headers) => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = ""] = await scene.order();
  scene.fake.next(first, limited);
  expect((await scene.post({ body, headers })).status).toBe(200);
  expect(scene.fake.received.length).toBe(2);
  for (const received of scene.fake.received) {
    expect(received.body.equals(body)).toBe(true);
    expect(received.headers["content-encoding"]).toBe(headers["content-encoding"]);
    expect(received.headers["content-length"]).toBe(String(body.length));
  }
});

const crlf = goodStream().replaceAll("\n", "\r\n");
const long = sse(
  created(),
  ...Array.from({ length: 3000 }, (_, at) => delta(`text ${at} ünïcödé`)),
  completed(),
);
const huge = sse(created(), delta("x".repeat(9_000_000)), itemDone(), completed());

const answers: readonly [name: string, text: string, pieces: number][] = [
  ["a short turn", goodStream(), 1],
  ["a turn in single bytes", goodStream(), goodStream().length],
  ["CRLF in single bytes", crlf, crlf.length],
  ["comments between events", `: hello\n\n${sse(created())}: more\n\n${sse(delta("x"), completed())}`, 7],
  ["no blank line at the end", goodStream().trimEnd(), 3],
  ["many events", long, 500],
  ["an event of nine megabytes", huge, 100],
];

test.each(answers)("%s reaches the client byte for byte", async (_, text, pieces) => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", inPieces(Buffer.from(text), pieces));
  const answer = await scene.post();
  expect(answer.body.equals(Buffer.from(text))).toBe(true);
  expect(answer.isCut).toBe(false);
});

function inPieces(bytes: Buffer, pieces: number): Scene {
  return async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const size = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve));
    }
    response.end();
  };
}

test("Codex's headers reach upstream as they were sent, with the account's credentials and nothing of ours", async () => {
  const scene = await ProxyScene.open(["a"]);
  const sent = {
    ...codexHeaders,
    authorization: "Bearer the-users-own-token",
    "chatgpt-account-id": "the-users-own-account",
    cookie: "session=secret",
    connection: "x-private, keep-alive",
    "x-private": "hop",
    "openai-beta": "responses=experimental",
    "x-codex-window-id": "w-1",
    "x-api-key": testKey,
  };
  await scene.post({ headers: sent });
  const [received] = scene.fake.received;
  const { login } = await scene.accountOf("acct-a");
  const names = received?.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  expect(received?.headers).toMatchObject({
    authorization: `Bearer ${login.accessToken}`,
    "chatgpt-account-id": "acct-a",
    "user-agent": codexHeaders["user-agent"],
    originator: "codex_exec",
    "openai-beta": "responses=experimental",
    "x-codex-window-id": "w-1",
    "session-id": "sess-1",
    host: scene.fake.url.slice("http://".length),
  });
  const expected =
    "accept authorization chatgpt-account-id connection content-length content-type host openai-beta";
  expect(names?.toSorted().join(" ")).toBe(
    `${expected} originator session-id thread-id user-agent x-codex-window-id`,
  );
  expect(JSON.stringify(received?.rawHeaders)).not.toContain(testKey);
});

test("upstream's headers reach the client, but no cookie", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", (response) => {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "openai-model": "gpt-5.5",
      "x-codex-primary-used-percent": "12",
      "x-request-id": "req_9",
      "set-cookie": ["a=1", "b=2"],
      date: "Sat, 21 Nov 2026 00:00:00 GMT",
    });
    response.end(goodStream());
  });
  const { headers } = await scene.post();
  expect(headers).toMatchObject({
    "openai-model": "gpt-5.5",
    "x-codex-primary-used-percent": "12",
    "x-request-id": "req_9",
    date: "Sat, 21 Nov 2026 00:00:00 GMT",
  });
  expect(headers["set-cookie"]).toBeUndefined();
});

test("the state of a turn goes back to the account that gave it, and never to another", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  const state = { "x-codex-turn-state": `state-of-${first}` };
  scene.fake.next(
    first,
    (response) =>
      void response.writeHead(200, { "content-type": "text/event-stream", ...state }).end(goodStream()),
  );
  expect((await scene.post()).headers["x-codex-turn-state"]).toBe(state["x-codex-turn-state"]);
  await scene.post({ headers: state });
  scene.fake.next(first, limited);
  await scene.post({ headers: state });
  await scene.post({ headers: { "x-codex-turn-state": "of-nobody-we-know" } });
  expect(
    scene.fake.received.map(({ accountId, headers }) => [accountId, headers["x-codex-turn-state"]]),
  ).toEqual([
    [first, undefined],
    [first, state["x-codex-turn-state"]],
    [first, state["x-codex-turn-state"]],
    [second, undefined],
    [second, undefined],
  ]);
});

test("a conversation stays with its account, and others are spread", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  const turn = (name: string) => scene.post({ headers: { "thread-id": name, "session-id": name } });
  for (const name of ["1", "2", "1", "2", "2", "1"]) await turn(name);
  expect(scene.fake.asked).toEqual([first, second, first, second, second, first]);
});

test("what goes on from an answer is asked of the account that gave it", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  scene.fake.always(first, answersAs(first));
  scene.fake.always(second, answersAs(second));
  const body = JSON.stringify({ previous_response_id: `resp_${first}`, input: [] });
  await scene.post({ headers: { "thread-id": "1", "session-id": "1" } });
  await scene.post({ headers: { "thread-id": "2", "session-id": "2" } });
  await scene.post({ headers: { "thread-id": "2", "session-id": "2" }, body });
  expect(scene.fake.asked).toEqual([first, second, first]);
});

test("a workspace that is bound to a place is served there, and asked about once", async () => {
  const scene = await ProxyScene.open(["a"]);
  const elsewhere = await FakeResponses.start();
  const place = { workspace_backend_origin: elsewhere.url, account_routing_override: "us" };
  scene.fake.workspaces.set("acct-a", place);
  await Promise.all([scene.post(), scene.post(), scene.post()]);
  expect(scene.fake.checked).toEqual(["acct-a"]);
  expect(scene.fake.received).toEqual([]);
  expect(elsewhere.received.map(({ headers }) => headers["x-openai-account-routing-override"])).toEqual([
    "us",
    "us",
    "us",
  ]);
});

const foreign = ["https://evil.test", "http://192.0.2.1", "http://user:pass@127.0.0.1:1", "nonsense"];

test.each(foreign)(
  "a workspace at %s does not take a token away from a backend of this machine",
  async (origin) => {
    const scene = await ProxyScene.open(["a"]);
    scene.fake.workspaces.set("acct-a", { workspace_backend_origin: origin });
    expect((await scene.post()).status).toBe(200);
    expect(scene.fake.asked).toEqual(["acct-a"]);
  },
);

test("a plain request of another client is made fit for Codex, and answered as it asked", async () => {
  const transformBody = async (body: object) => ({ ...body, stream: true, store: false });
  const scene = await ProxyScene.open(["a"], { transformBody });
  const plain = { "user-agent": "openai-python/1", originator: "" };
  const answer = await scene.post({
    headers: plain,
    body: JSON.stringify({ model: "gpt-5.5", input: "hi" }),
  });
  expect(JSON.parse(scene.fake.received[0]?.body.toString() ?? "")).toEqual({
    model: "gpt-5.5",
    input: "hi",
    stream: true,
    store: false,
  });
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(answer.text)).toMatchObject({
    id: "resp_1",
    status: "completed",
    output: [{ id: "msg_1" }],
  });
  await scene.post({ body: '{"input":"as Codex sent it"}' });
  expect(scene.fake.received[1]?.body.toString()).toBe('{"input":"as Codex sent it"}');
  expect(scene.proxy.status().accounts[0]?.tokens).toEqual({ input: 22, cachedInput: 6, output: 10 });
});

test("an idle connection that upstream closed is no failure of the account", async () => {
  const scene = await ProxyScene.open(["a"]);
  await scene.post();
  scene.fake.next("acct-a", (response) => void response.socket?.resetAndDestroy());
  expect((await scene.post()).status).toBe(200);
  expect(scene.fake.asked).toEqual(["acct-a", "acct-a", "acct-a"]);
  expect(scene.proxy.status().accounts[0]).toMatchObject({ state: "ready", failedOver: 0, served: 2 });
});
