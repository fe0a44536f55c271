import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { completed, created, delta, type Scene, sse } from "../../support/openai/responses.ts";
import { type Asked, GatewayScene } from "../../support/gateway-scene.ts";
import { connectSocket, type Hears, serveSockets } from "../../support/web-socket.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const responses = "/v1/responses";
const codex = { "user-agent": "codex_exec/0.171.0", originator: "codex_exec" };

test("each key is told its own use, in sums and in limits, in either form", async () => {
  const scene = await GatewayScene.open(["a"]);
  const limits = ["requests=10/5h", "requests=100/week", "cost=1usd/day"];
  const counts = { one: 3, two: 1, none: 0 };
  for (const [name, count] of Object.entries(counts)) {
    const { secret } = await scene.key(name, { limits });
    for (let round = 0; round < count; round += 1)
      await scene.ask({ path: responses, key: secret, body: turn });
    const told = async (path: string) =>
      JSON.parse((await scene.ask({ method: "GET", path, key: secret })).text) as Record<string, unknown>;
    // The log, from which the sums come, is written a moment later.
    await expect.poll(async () => (await told("/v1/usage"))["request_count"]).toBe(count);
    expect(await told("/v1/usage")).toMatchObject({
      request_count: count,
      total_tokens: 16 * count,
      input_tokens: 11 * count,
      output_tokens: 5 * count,
      cached_input_tokens: 3 * count,
      limits: [
        { used: count, remaining: 10 - count },
        { used: count, remaining: 100 - count },
        { kind: "cost", used: (67 * count) / 1_000_000 },
      ],
    });
    expect(await told("/api/codex/usage")).toMatchObject({
      rate_limit: {
        primary_window: count === 0 ? { used_percent: 0 } : { used_percent: 10 * count },
        secondary_window: { used_percent: count },
      },
    });
  }
});

const given = { "x-codex-turn-state": "state-of-one" };

/** Answers, and says that the account is nearly used up: whatever is new goes to another one. */
const nearlyUsedUp: Scene = (response) =>
  void response
    .writeHead(200, {
      "content-type": "text/event-stream",
      ...given,
      "x-codex-primary-used-percent": "90",
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-at": String(Math.floor(Date.now() / 1000) + 3600),
    })
    .end(sse(created("resp_of_one"), delta("x"), completed("resp_of_one")));

describe("what one key was given another cannot go on with", () => {
  const marks: [what: string, headers: Record<string, string>, body: object][] = [
    ["a thread", { "thread-id": "thread-1" }, turn],
    ["a session", { "session-id": "session-1" }, turn],
    ["a cache key", {}, { ...turn, prompt_cache_key: "cache-1" }],
    ["a turn's state", { "thread-id": "thread-1", ...given }, turn],
    ["an answer", {}, { ...turn, previous_response_id: "resp_of_one" }],
    [
      "an answer, in a packed request",
      { "content-encoding": "gzip" },
      gzipSync(JSON.stringify({ ...turn, previous_response_id: "resp_of_one" })),
    ],
  ];
  test.each(marks)("%s", async (_, marked, body) => {
    const scene = await GatewayScene.open(["a", "b"]);
    const [one, two] = [await scene.key("one"), await scene.key("two")];
    for (const name of ["a", "b"]) scene.fake.next(`acct-${name}`, nearlyUsedUp);
    const headers = { ...codex, ...marked };
    await scene.ask({ path: responses, key: one.secret, headers, body });
    const [served] = scene.fake.asked;
    scene.fake.next(served ?? "", nearlyUsedUp);
    for (const { secret } of [one, two])
      expect((await scene.ask({ path: responses, key: secret, headers, body })).status).toBe(200);
    const [, own, foreign] = scene.fake.received;
    expect([own?.accountId, foreign?.accountId === served]).toEqual([served, false]);
    const states = [own, foreign].map((each) => each?.headers["x-codex-turn-state"]);
    expect(states).toEqual([marked["x-codex-turn-state"], undefined]);
  });
});

describe("over a WebSocket", () => {
  const answers: Hears = (message, talk) => {
    if (message.type !== "response.create") return;
    for (const event of [created(), delta("hello"), completed()]) talk.send(event);
  };
  const marks: [what: string, headers: Record<string, string>][] = [
    ["a thread", { "thread-id": "thread-1" }],
    ["a session", { "session-id": "session-1" }],
    ["a turn's state", { "thread-id": "thread-1", ...given }],
  ];
  test.each(marks)("%s of another key is none", async (_, marked) => {
    const scene = await GatewayScene.open(["a", "b"]);
    const [one, two] = [await scene.key("one"), await scene.key("two")];
    for (const name of ["a", "b"]) scene.fake.next(`acct-${name}`, nearlyUsedUp);
    const headers = { ...codex, ...marked };
    await scene.ask({ path: responses, key: one.secret, headers, body: turn });
    const [served] = scene.fake.asked;
    const handshakes = serveSockets(
      scene.fake,
      new Map([
        ["acct-a", answers],
        ["acct-b", answers],
      ]),
    );
    for (const { secret } of [one, two]) {
      const talk = await connectSocket(`${scene.gateway.origin}${responses}`, {
        ...headers,
        authorization: `Bearer ${secret}`,
      });
      if (typeof talk === "number") throw new Error(`answered with ${talk}`);
      talk.send({ type: "response.create", model: "gpt-6-sol", input: [] });
      expect(await talk.texts(3)).toHaveLength(3);
    }
    const [own, foreign] = handshakes;
    expect([own?.accountId, foreign?.accountId === served]).toEqual([served, false]);
    const states = [own, foreign].map((each) => each?.headers["x-codex-turn-state"]);
    expect(states).toEqual([marked["x-codex-turn-state"], undefined]);
  });
});

test("nothing by which a client is known reaches OpenAI", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const shown = {
    cookie: "session=MARKED",
    "x-api-key": secret,
    "proxy-authorization": "Bearer MARKED",
    "chatgpt-account-id": "MARKED",
    "x-openai-account-routing-override": "MARKED",
  };
  const asked: Asked[] = [
    { path: responses, body: turn },
    { path: responses, headers: codex, body: turn },
    {
      path: "/v1/chat/completions",
      body: { model: "gpt-6-sol", messages: [{ role: "user", content: "x" }] },
    },
    { method: "GET", path: "/v1/models" },
  ];
  for (const each of asked) await scene.ask({ ...each, key: secret, headers: { ...each.headers, ...shown } });
  expect(scene.fake.received).toHaveLength(asked.length);
  const sent = scene.fake.received.map(({ rawHeaders }) => rawHeaders.join("\n"));
  expect(sent.filter((headers) => headers.includes("MARKED") || headers.includes(secret))).toEqual([]);
});

describe("a key counts in the header for it and nowhere else", () => {
  const routes: Asked[] = [
    { path: responses, body: turn },
    { path: "/backend-api/codex/responses", headers: codex, body: turn },
    { path: "/v1/chat/completions", body: turn },
    { method: "GET", path: "/v1/models" },
    { method: "GET", path: "/v1/usage" },
    { method: "GET", path: "/api/codex/usage" },
    { method: "GET", path: "/api/keys" },
    { method: "GET", path: "/api/requests" },
    { method: "GET", path: "/api/session" },
    { method: "GET", path: "/metrics" },
  ];
  const names =
    "key api_key api-key apikey apiKey x-api-key access_token token auth authorization Authorization bearer secret".split(
      " ",
    );

  test.each(routes)("$path", async (asked) => {
    const scene = await GatewayScene.open(["a"]);
    const made = [await scene.key("ci"), await scene.key("boss", { role: "admin" })];
    // As a header is written, a "+" is the blank.
    const queries = made.flatMap(({ secret }) =>
      names.flatMap((name) => [`${name}=${secret}`, `${name}=Bearer+${secret}`]),
    );
    const paths = made.flatMap(({ secret }) => [
      `/${secret}${asked.path}`,
      `${asked.path}/${secret}`,
      `${asked.path};key=${secret}`,
      `//user:${secret}@127.0.0.1${asked.path}`,
    ]);
    const elsewhere = made.flatMap(({ secret }): Record<string, string>[] => [
      { cookie: `key=${secret}; codex_auth_page=${secret}` },
      { authorization: `Basic ${Buffer.from(`user:${secret}`).toString("base64")}` },
      { authorization: secret },
      { "api-key": secret },
      { "proxy-authorization": `Bearer ${secret}` },
      { "sec-websocket-protocol": `openai-insecure-api-key.${secret}` },
    ]);
    const isRefused = async (each: Asked) => {
      const { status, text } = await scene.ask(each);
      const isSaid = status === 401 || (status === 400 && text.includes("invalid_api_key"));
      expect([each.path, isSaid]).toEqual([each.path, true]);
    };
    for (const query of queries) await isRefused({ ...asked, path: `${asked.path}?${query}` });
    for (const path of paths) await isRefused({ ...asked, path });
    for (const headers of elsewhere) await isRefused({ ...asked, headers: { ...asked.headers, ...headers } });
    expect(scene.fake.received).toEqual([]);
  });

  test("and so it is for a WebSocket", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const client = { "user-agent": "OpenAI/JS 7.59.0" };
    const ask = (path: string, headers: Record<string, string> = {}) =>
      connectSocket(`${scene.gateway.origin}${path}`, { ...client, ...headers });
    for (const name of names)
      expect([name, await ask(`${responses}?${name}=${secret}`)]).toEqual([name, 401]);
    expect(await ask(`/${secret}${responses}`)).toBe(401);
    const protocol = { "sec-websocket-protocol": `realtime, openai-insecure-api-key.${secret}` };
    expect(await ask(responses, protocol)).toBe(401);
  });
});
