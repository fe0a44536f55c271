import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { revokeKey } from "../../src/gateway/keys/client-keys.ts";
import type { PolicyWish } from "../../src/gateway/keys/key-document.ts";
import { completed, created, delta, errorBody, fails } from "../support/openai/responses.ts";
import { GatewayScene } from "../support/gateway-scene.ts";
import { leastMs } from "../support/least-time.ts";
import { rawExchange } from "../support/proxy-scene.ts";
import {
  acceptSocket,
  connectSocket,
  type Hears,
  serveSockets,
  type SocketPart,
} from "../support/web-socket.ts";

const codex = { "user-agent": "codex_exec/0.171.0", originator: "codex_exec" };
const request = { type: "response.create", model: "gpt-6-sol", input: ["x".repeat(70_000)] };
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
const limited = { type: "error", status: 429, ...errorBody("usage_limit_reached", { resets_at: inAnHour }) };

const says =
  (...events: readonly object[]): Hears =>
  (message, talk) => {
    if (message.type === "response.create") for (const event of events) talk.send(event);
  };
const answers = says(created(), delta("hello"), completed());
const texts = [created(), delta("hello"), completed()].map((event) => JSON.stringify(event));

async function socketScene(names: readonly string[], wish: PolicyWish = {}) {
  const scene = await GatewayScene.open(names);
  const parts = new Map<string, SocketPart>();
  const heard: Record<string, unknown>[] = [];
  for (const name of names) {
    parts.set(`acct-${name}`, (message, talk) => {
      heard.push(message);
      answers(message, talk);
    });
  }
  const handshakes = serveSockets(scene.fake, parts);
  const { secret, key } = await scene.key("ci", wish);
  const upgrade = (
    headers: Record<string, string> = codex,
    path = "/v1/responses",
    shown: string | null = secret,
  ) =>
    connectSocket(`${scene.gateway.origin}${path}`, {
      ...(shown === null ? {} : { authorization: `Bearer ${shown}` }),
      ...headers,
    });
  const connect = async (headers: Record<string, string> = codex) => {
    const talk = await upgrade(headers);
    if (typeof talk === "number") throw new Error(`answered with ${talk}`);
    return talk;
  };
  /** What the limits of the key have counted, when nothing runs any more. */
  const used = async () => {
    const [row] = await scene.database.query(`select body from documents where id = $1`, [key.id]);
    const state = JSON.parse(String(row?.["body"] ?? '{"counters":{},"tickets":{}}')) as State;
    if (Object.keys(state.tickets).length > 0) return null;
    return Object.fromEntries(Object.entries(state.counters).map(([name, counter]) => [name, counter.used]));
  };
  return { scene, parts, handshakes, heard, key, secret, upgrade, connect, used };
}

interface State {
  tickets: object;
  counters: Record<string, { used: number }>;
}

const errorIn = (text: string | undefined) =>
  JSON.parse(text ?? "{}") as {
    type: string;
    status: number;
    error: Record<string, unknown>;
    headers: object;
  };

test("a turn goes through as it is, on either path, with the credentials of an account", async () => {
  const { handshakes, heard, secret, upgrade } = await socketScene(["a"]);
  for (const path of ["/v1/responses", "/backend-api/codex/responses"]) {
    const talk = await upgrade(codex, path);
    if (typeof talk === "number") throw new Error(`answered with ${talk}`);
    talk.send(request);
    expect(await talk.texts(3)).toEqual(texts);
  }
  expect(heard).toEqual([request, request]);
  expect(handshakes[0]?.accountId).toBe("acct-a");
  expect(JSON.stringify(handshakes.map(({ headers }) => headers))).not.toContain(secret);
});

test("who may not come in: Codex goes over to HTTP, which tells it why, and others are told at once", async () => {
  const { scene, handshakes, upgrade } = await socketScene(["a"]);
  const admin = await scene.key("boss", { role: "admin" });
  const other = { "user-agent": "OpenAI/JS 7.59.0" };
  const cases: [path: string, key: string | null, headers: Record<string, string>, status: number][] = [
    ["/v1/responses", null, {}, 401],
    ["/v1/responses", "sk-ca-x", {}, 401],
    ["/v1/responses", admin.secret, {}, 403],
    ["/v1/responses", null, { host: "evil.test" }, 404],
    ["/v1/responses", null, { origin: "https://evil.test" }, 404],
  ];
  for (const [path, key, headers, status] of cases) {
    expect([status, await upgrade({ ...other, ...headers }, path, key)]).toEqual([status, status]);
    expect(await upgrade({ ...codex, ...headers }, path, key)).toBe(426);
  }
  expect(await upgrade(other, "/v1/chat/completions")).toBe(404);
  expect(await upgrade(other, "/v1/realtime?model=gpt-6-sol")).toBe(501);
  expect(handshakes).toEqual([]);
});

test.each([
  ["no key", "sec-websocket-version: 13"],
  ["a version of long ago", "sec-websocket-version: 8\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="],
])("what is no handshake, because of %s, is refused here and asks no account", async (_, lines) => {
  const { scene, handshakes, secret } = await socketScene(["a"]);
  const offer = `connection: Upgrade\r\nupgrade: websocket\r\n${lines}\r\nauthorization: Bearer ${secret}`;
  const answer = await rawExchange(
    scene.gateway.port,
    `GET /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\n${offer}\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid_request_error"/);
  expect(handshakes).toEqual([]);
});

test("a limit of one model counts it under every name that reaches it", async () => {
  const { heard, connect, used } = await socketScene(["a"], { limits: ["requests=9/day@gpt-6-sol"] });
  const talk = await connect({ "user-agent": "OpenAI/JS 7.59.0" });
  for (const [at, model] of ["openai/gpt-6-sol", "gpt-6-sol-high"].entries()) {
    talk.send({ type: "response.create", model, input: "x" });
    await talk.texts(3 * (at + 1));
  }
  expect(heard.map(({ model }) => model)).toEqual(["gpt-6-sol", "gpt-6-sol"]);
  await expect.poll(used).toEqual({ "requests/day@gpt-6-sol": 2 });
});

test("every response.create is a request with a ticket of its own, and a warm-up counts its tokens only", async () => {
  const { scene, connect, used } = await socketScene(["a"], {
    limits: ["requests=9/day", "tokens=100000/day"],
  });
  const talk = await connect();
  talk.send({ ...request, generate: false });
  expect(await talk.texts(3)).toHaveLength(3);
  await expect.poll(used).toEqual({ "requests/day": 0, "tokens/day": 16 });
  for (const count of [1, 2]) {
    talk.send(request);
    await talk.texts(3 + 3 * count);
    await expect.poll(used).toEqual({ "requests/day": count, "tokens/day": 16 + 16 * count });
  }
  await scene.gateway.close();
  const rows = await scene.database.query(
    `select route, model, status, input_tokens, first_ms from requests`,
  );
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({ route: "socket", model: "gpt-6-sol", status: 200, input_tokens: 11 });
  expect(rows.every((row) => typeof row["first_ms"] === "number")).toBe(true);
});

test("a used up limit is an error frame in the form that Codex shows, upstream hears nothing, and the connection stays", async () => {
  const { heard, connect } = await socketScene(["a"], { limits: ["requests=1/day"] });
  const talk = await connect();
  talk.send(request);
  await talk.texts(3);
  talk.send(request);
  const frame = errorIn((await talk.texts(4))[3]);
  expect(frame).toMatchObject({
    type: "error",
    status: 429,
    error: {
      type: "usage_limit_reached",
      code: "rate_limit_exceeded",
      resets_at: expect.any(Number) as number,
    },
  });
  expect(heard).toHaveLength(1);
  expect(talk.socket.destroyed).toBe(false);
});

const refusals: [what: string, message: object, status: number, error: object][] = [
  ["no model", { type: "response.create" }, 400, { code: "invalid_request_error", param: "model" }],
  [
    "a model that is a number",
    { type: "response.create", model: 5 },
    422,
    { code: "validation_error", param: "model" },
  ],
  [
    "a model of others",
    { ...request, model: "gpt-6-luna" },
    403,
    { type: "permission_error", code: "model_not_allowed" },
  ],
  ["a list", [], 400, { code: "invalid_request_error" }],
  [
    "what asks in words that are not known",
    { type: "response.append", model: "gpt-6-sol", input: [] },
    400,
    { code: "invalid_request_error", param: "type" },
  ],
];
test.each(refusals)(
  "%s is refused in a frame, and upstream hears nothing",
  async (_, message, status, error) => {
    const { heard, connect } = await socketScene(["a"], { models: ["gpt-6-sol"] });
    const talk = await connect({ "user-agent": "test" });
    talk.send(message);
    expect(errorIn((await talk.texts(1))[0])).toMatchObject({ type: "error", status, error });
    const own = await connect();
    own.send(message);
    // The one code whose text Codex shows as it is.
    const shown = {
      type: "response.failed",
      response: { status: "failed", error: { code: "invalid_prompt" } },
    };
    expect(JSON.parse((await own.texts(1))[0] ?? "")).toMatchObject(shown);
    expect(heard).toEqual([]);
  },
);

test("a field that stands twice reaches upstream once, as it was checked", async () => {
  const { parts, connect } = await socketScene(["a"], { models: ["gpt-6-sol"] });
  const raw: (string | undefined)[] = [];
  parts.set("acct-a", (message, upstream) => {
    raw.push(upstream.messages.at(-1)?.text);
    answers(message, upstream);
  });
  const talk = await connect();
  const twice =
    '{"type":"response.cancel","model":"gpt-6-luna","model":"gpt-6-sol","type":"response.create"}';
  talk.sendText(twice);
  await talk.texts(3);
  expect(raw).toEqual(['{"type":"response.create","model":"gpt-6-sol"}']);
});

test("a message that is no text ends the connection", async () => {
  const { heard, connect } = await socketScene(["a"]);
  const talk = await connect();
  talk.sendText(JSON.stringify(request), 2);
  await talk.closed;
  expect(heard).toEqual([]);
});

test("a key that was revoked begins no turn on the connection that it has", async () => {
  const { scene, key, secret, heard, connect } = await socketScene(["a"]);
  const talk = await connect();
  talk.send(request);
  await talk.texts(3);
  await scene.database.change(`update api_keys set revoked_ms = 1 where id = $1`, [key.id]);
  await scene.database.change(
    `insert into store_info values ('keys', '99') on conflict (name) do update set value = '99'`,
  );
  const usage = () => scene.ask({ method: "GET", path: "/v1/usage", key: secret });
  await expect.poll(async () => (await usage()).status).toBe(401);
  talk.send(request);
  expect((await talk.texts(4))[3]).toContain("This API key was revoked. (invalid_api_key)");
  expect(heard).toHaveLength(1);
});

test("a key that is revoked with --now loses its connections within a second: what runs is told why and charged", async () => {
  const closedAfterMs = async () => {
    const { scene, key, parts, connect, used } = await socketScene(["a"], { limits: ["tokens=100000/day"] });
    parts.set("acct-a", says(created(), delta("x")));
    const [idle, busy] = [await connect(), await connect()];
    busy.send(request);
    expect(await busy.texts(2)).toHaveLength(2);
    const from = performance.now();
    await revokeKey(scene.database, key, "test", { isNow: true });
    await Promise.all([idle.closed, busy.closed]);
    const ms = performance.now() - from;
    expect(await idle.texts(0)).toEqual([]);
    expect(JSON.parse((await busy.texts(3))[2] ?? "")).toMatchObject({
      type: "response.failed",
      response: {
        status: "failed",
        error: { code: "invalid_api_key", message: "This API key was revoked." },
      },
    });
    await expect.poll(async () => (await used())?.["tokens/day"]).toBeGreaterThan(2_000);
    return ms;
  };
  expect(await leastMs(1_000, closedAfterMs)).toBeLessThan(1_000);
});

test("a key that is revoked with --now while its turn moves to another account is asked for no more", async () => {
  const { scene, key, parts, handshakes, heard, connect, used } = await socketScene(["a", "b"], {
    limits: ["requests=9/day"],
  });
  let accept = (_: Hears) => {};
  const other = new Promise<Hears>((resolve) => (accept = resolve));
  parts.set("acct-a", says(limited));
  parts.set("acct-b", other);
  const talk = await connect();
  talk.send(request);
  await expect.poll(() => handshakes.length).toBe(2);
  // It does not notice that it was left.
  talk.socket.pause();
  await revokeKey(scene.database, key, "test", { isNow: true });
  await expect.poll(async () => (await used()) !== null).toBe(true);
  accept((message) => heard.push(message));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(heard).toEqual([]);
});

test("an answer by a model that the key may not use is not shown, and is charged", async () => {
  const { parts, connect, used } = await socketScene(["a"], {
    models: ["gpt-6-sol"],
    limits: ["tokens=100000/day"],
  });
  const dear = { ...created(), response: { ...created().response, model: "gpt-6-astra" } };
  parts.set("acct-a", says(dear, delta("DEAR-ANSWER"), completed()));
  const talk = await connect({ "user-agent": "OpenAI/JS 7.59.0" });
  talk.send(request);
  const [only = ""] = await talk.texts(1);
  expect(errorIn(only)).toMatchObject({ type: "error", status: 403, error: { code: "model_not_allowed" } });
  await talk.closed;
  await expect.poll(used).not.toBeNull();
  expect((await used())?.["tokens/day"]).toBeGreaterThan(10_000);
});

test("the limits of an account stay with us, and Codex is told the key's own", async () => {
  const { parts, connect } = await socketScene(["a"], { limits: ["requests=4/5h"] });
  const event = (percent: number) => ({
    type: "codex.rate_limits",
    rate_limits: { primary: { used_percent: percent, window_minutes: 300, reset_at: inAnHour } },
  });
  parts.set("acct-a", says(event(97), created(), delta("hello"), completed()));
  const talk = await connect();
  talk.send(request);
  const [own = "", ...rest] = await talk.texts(4);
  expect(JSON.parse(own)).toMatchObject({
    type: "codex.rate_limits",
    rate_limits: { primary: { used_percent: 25, window_minutes: 300 }, secondary: null },
  });
  expect(rest).toEqual(texts);
});

test("the handshake tells the limits of the key, and nothing of an account", async () => {
  const scene = await GatewayScene.open(["a"]);
  const told = ["x-codex-primary-used-percent", "x-codex-credits-balance", "x-ratelimit-remaining-tokens"];
  scene.fake.onUpgrade((upgrade, socket) =>
    acceptSocket(upgrade, socket, [...told.map((name) => `${name}: 97.25`), "x-request-id: r"]),
  );
  const { secret } = await scene.key("ci", { limits: ["requests=4/5h"] });
  const asked = httpRequest(`${scene.gateway.origin}/v1/responses`, {
    headers: {
      ...codex,
      authorization: `Bearer ${secret}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    },
  });
  asked.end();
  const [{ headers }, socket] = (await once(asked, "upgrade")) as [IncomingMessage, Duplex];
  socket.destroy();
  expect(JSON.stringify(headers)).not.toContain("97.25");
  expect(headers).toMatchObject({ "x-request-id": "r", "x-ratelimit-limit-requests": "4" });
  expect(headers["set-cookie"]).toBeUndefined();
});

test("a limited account is replaced by another that the key may use, and by no other", async () => {
  const open = await socketScene(["a", "b"]);
  open.parts.set(open.handshakes[0]?.accountId ?? "acct-a", says(limited));
  open.parts.set("acct-a", says(limited));
  const talk = await open.connect();
  talk.send(request);
  expect(await talk.texts(3)).toEqual(texts);

  const { scene, parts, handshakes } = await socketScene(["a", "b"]);
  const { pool } = await scene.store.read();
  const only = pool.accounts.find(
    ({ login }) => login.identity.kind === "seat" && login.identity.accountId === "acct-a",
  );
  const { secret } = await scene.key("one", { accounts: [only?.id ?? ""], limits: ["requests=5/day"] });
  parts.set("acct-a", says(limited));
  const bound = await connectSocket(`${scene.gateway.url}/responses`, {
    ...codex,
    authorization: `Bearer ${secret}`,
  });
  if (typeof bound === "number") throw new Error(`answered with ${bound}`);
  bound.send(request);
  const frame = errorIn((await bound.texts(1))[0]);
  expect(frame).toMatchObject({ status: 429, error: { type: "usage_limit_reached", code: "no_accounts" } });
  expect(handshakes.map(({ accountId }) => accountId)).toEqual(["acct-a"]);

  await expect
    .poll(
      async () =>
        (JSON.parse((await scene.ask({ method: "GET", path: "/v1/usage", key: secret })).text) as Usage)
          .limits[0]?.used,
    )
    .toBe(0);
});

interface Usage {
  limits: { used: number }[];
}

test("where no account can be connected Codex goes over to HTTP and another client is told 503 no_accounts", async () => {
  const { parts, upgrade } = await socketScene(["a"]);
  parts.set("acct-a", 429);
  expect(await upgrade()).toBe(426);
  expect(await upgrade({ "user-agent": "test" })).toBe(503);
});

test("a client that leaves in the middle pays for what was sent, and a failure of upstream is charged as a request", async () => {
  const limits = ["requests=9/day", "output=100000/day"];
  const { parts, connect, used } = await socketScene(["a"], { limits });
  parts.set("acct-a", says(created(), fails("bio_policy")));
  const failed = await connect();
  failed.send(request);
  await failed.texts(2);
  await expect.poll(used).toEqual({ "requests/day": 1, "output/day": 0 });
  parts.set("acct-a", says(created(), delta("x".repeat(1_000_000))));
  const talk = await connect();
  talk.send(request);
  await talk.texts(2);
  talk.socket.destroy();
  await expect.poll(used).toEqual({ "requests/day": 2, "output/day": expect.closeTo(5001, -1) as number });
});

test("closing lets a turn end, begins no other, and keeps what was charged", async () => {
  const { scene, parts, heard, connect, used } = await socketScene(["a"], { limits: ["requests=9/day"] });
  let finish = () => {};
  parts.set("acct-a", (message, talk) => {
    heard.push(message);
    talk.send(created());
    talk.send(delta("hello"));
    finish = () => talk.send(completed());
  });
  const talk = await connect();
  talk.send(request);
  await talk.texts(2);
  const closing = scene.gateway.close({ graceMs: 5_000 });
  const late = await connect().catch(() => null);
  finish();
  await closing;
  await talk.closed;
  expect(late).toBeNull();
  expect(await talk.texts(3)).toEqual(texts);
  expect(await used()).toEqual({ "requests/day": 1 });
});
