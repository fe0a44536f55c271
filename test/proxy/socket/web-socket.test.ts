import { expect, test } from "vitest";
import { completed, created, delta, errorBody, fails } from "../../support/openai/responses.ts";
import { codexHeaders, ProxyScene, testKey } from "../../support/proxy-scene.ts";
import { storeOf } from "../../support/store-home.ts";
import {
  acceptSocket,
  connectSocket,
  type Hears,
  serveSockets,
  type Talk,
} from "../../support/web-socket.ts";

const inAnHour = Math.floor(Date.now() / 1000) + 3600;
const limited = { type: "error", status: 429, ...errorBody("usage_limit_reached", { resets_at: inAnHour }) };
const request = { type: "response.create", model: "gpt-5.5", input: ["x".repeat(70_000)] };

const says =
  (...events: readonly object[]): Hears =>
  (message, talk) => {
    if (message.type === "response.create") for (const event of events) talk.send(event);
  };
const answers = says(created(), delta("hello"), completed());
const texts = [created(), delta("hello"), completed()].map((event) => JSON.stringify(event));

async function socketScene(names: readonly string[], limits: object = {}) {
  const scene = await ProxyScene.open(names, {
    webSocket: "forward",
    limits: { headersMs: 800, preambleMs: 200, ...limits },
  });
  const parts = new Map<string, Hears | number>();
  const handshakes = serveSockets(scene.fake, parts);
  const order = await scene.order();
  for (const each of order) parts.set(each, answers);
  const connect = async () => {
    const talk = await connectSocket(`${scene.proxy.url}/responses`, codexHeaders);
    if (typeof talk === "number") throw new Error(`answered with ${talk}`);
    return talk;
  };
  return { scene, parts, handshakes, order, connect };
}

test("unless told otherwise an upgrade is answered with 426, and only for who has the key", async () => {
  const scene = await ProxyScene.open(["a"]);
  expect(await connectSocket(`${scene.proxy.url}/responses`, codexHeaders)).toBe(426);
  expect(await connectSocket(`${scene.proxy.origin}/v1/responses`, codexHeaders)).toBe(401);
  const web = { ...codexHeaders, origin: "https://evil.test" };
  expect(await connectSocket(`${scene.proxy.url}/responses`, web)).toBe(401);
  expect(await connectSocket(`${scene.proxy.url}/models`, codexHeaders)).toBe(404);
});

test("a turn goes through as it is, with the account's credentials", async () => {
  const { scene, handshakes, order, connect } = await socketScene(["a", "b"]);
  const talk = await connect();
  talk.send(request);
  expect(await talk.texts(3)).toEqual(texts);
  const [handshake] = handshakes;
  const account = await scene.accountOf(order[0] ?? "");
  expect(handshake).toMatchObject({ accountId: order[0], token: account.login.accessToken });
  expect(handshake?.headers["sec-websocket-extensions"]).toBeUndefined();
  expect(JSON.stringify(handshake?.headers)).not.toContain(testKey);
  await expect
    .poll(() => scene.proxy.status().accounts.find(({ id }) => id === account.id)?.tokens.output)
    .toBe(5);
});

const failures: readonly [name: string, part: Hears | number][] = [
  ["an error frame of 429", says(limited)],
  ["response.failed after response.created", says(created(), fails("usage_limit_reached"))],
  ["a lost connection", (_, talk) => void talk.socket.destroy()],
  ["a lost connection after response.created", (_, talk) => (talk.send(created()), void talk.socket.end())],
  ["silence", () => undefined],
  ["a handshake with 429", 429],
  ["a handshake with 503", 503],
];

test.each(failures)("%s: the next account answers and the client sees nothing of it", async (_, part) => {
  const { parts, handshakes, order, connect } = await socketScene(["a", "b"]);
  const [first = "", second = ""] = order;
  parts.set(first, part);
  const talk = await connect();
  talk.send(request);
  expect(await talk.texts(3)).toEqual(texts);
  expect(handshakes.map(({ accountId }) => accountId)).toEqual([first, second]);
});

test("the client's request reaches the next account as it was sent", async () => {
  const { parts, order, connect } = await socketScene(["a", "b"]);
  const [first = "", second = ""] = order;
  const heard: unknown[] = [];
  parts.set(first, says(limited));
  parts.set(second, (message, talk) => {
    heard.push(message);
    answers(message, talk);
  });
  const talk = await connect();
  talk.send(request);
  await talk.texts(3);
  talk.send({ ...request, input: ["second"] });
  expect((await talk.texts(6)).length).toBe(6);
  expect(heard).toEqual([request, { ...request, input: ["second"] }]);
});

test("a failure after something was visible is passed on, and nothing is sent again", async () => {
  const { parts, handshakes, order, connect } = await socketScene(["a", "b"]);
  parts.set(order[0] ?? "", says(created(), delta("x"), limited));
  const talk = await connect();
  talk.send(request);
  expect(await talk.texts(3)).toEqual([created(), delta("x"), limited].map((event) => JSON.stringify(event)));
  expect(handshakes.length).toBe(1);
});

test("a turn that goes on from an answer of a limited account ends the connection, and a new one moves on", async () => {
  const { parts, handshakes, order, connect } = await socketScene(["a", "b"]);
  const [first = "", second = ""] = order;
  parts.set(first, (message, talk) =>
    message["previous_response_id"] ? talk.send(limited) : answers(message, talk),
  );
  const talk = await connect();
  talk.send(request);
  await talk.texts(3);
  talk.send({ ...request, previous_response_id: "resp_1" });
  await talk.closed;
  expect((await talk.texts(3)).length).toBe(3);
  const again = await connect();
  again.send(request);
  expect(await again.texts(3)).toEqual(texts);
  expect(handshakes.map(({ accountId }) => accountId)).toEqual([first, second]);
});

test("when every account is limited the client gets the pool's answer as a frame", async () => {
  const { parts, order, connect } = await socketScene(["a", "b"]);
  for (const each of order) parts.set(each, says(limited));
  const talk = await connect();
  talk.send(request);
  const [text = ""] = await talk.texts(1);
  expect(JSON.parse(text)).toMatchObject({
    type: "error",
    status: 429,
    error: {
      type: "usage_limit_reached",
      code: "codex_runtime_rotation_pool_exhausted",
      resets_at: inAnHour,
    },
    headers: { "x-codex-promo-message": "Run: codex auth rotation status" },
  });
});

test("when no account can be connected the upgrade is answered with 426", async () => {
  const { scene, parts, order } = await socketScene(["a"]);
  parts.set(order[0] ?? "", 429);
  expect(await connectSocket(`${scene.proxy.url}/responses`, codexHeaders)).toBe(426);
});

test("a client that leaves ends the connection to upstream, and the proxy's end ends both", async () => {
  const { scene, parts, order, connect } = await socketScene(["a"]);
  const talks: Talk[] = [];
  parts.set(order[0] ?? "", (_, talk) => void talks.push(talk));
  const talk = await connect();
  talk.send(request);
  await expect.poll(() => talks.length).toBe(1);
  talk.socket.destroy();
  await talks[0]?.closed;
  expect(scene.proxy.status().accounts[0]).toMatchObject({ state: "ready", lastError: null });
  const other = await connect();
  other.send(request);
  await expect.poll(() => talks.length).toBe(2);
  await scene.proxy.close();
  await Promise.all([other.closed, talks[1]?.closed]);
});

test.each(["bio_policy", "flex_unavailable", "access_program_not_enabled", "audio_too_large"])(
  "%s is asked of one account and shown as it came",
  async (code) => {
    const { parts, handshakes, order, connect } = await socketScene(["a", "b", "c"]);
    for (const each of order) parts.set(each, says(created(), fails(code)));
    const talk = await connect();
    talk.send(request);
    expect(await talk.texts(2)).toEqual([created(), fails(code)].map((event) => JSON.stringify(event)));
    expect(handshakes.map(({ accountId }) => accountId)).toEqual(order.slice(0, 1));
  },
);

const madeUp = `glorp_${Math.random().toString(36).slice(2, 10)}`;

test("a code that nobody knows is tried on one more account and then shown as it came", async () => {
  const { scene, parts, handshakes, order, connect } = await socketScene(["a", "b", "c", "d"]);
  for (const each of order) parts.set(each, says(created(), fails(madeUp)));
  const talk = await connect();
  for (const times of [1, 2]) {
    talk.send(request);
    const shown = [created(), fails(madeUp)].map((event) => JSON.stringify(event));
    expect((await talk.texts(2 * times)).slice(-2)).toEqual(shown);
  }
  // The second turn begins where the first one ended, and goes to one more account again.
  expect(handshakes.map(({ accountId }) => accountId).slice(0, 2)).toEqual(order.slice(0, 2));
  expect(handshakes).toHaveLength(3);
  expect(new Set(scene.proxy.status().accounts.map(({ state }) => state))).toEqual(new Set(["ready"]));
});

test("with one account a refusal that nobody knows is shown as it came", async () => {
  const { parts, connect } = await socketScene(["a"]);
  parts.set("acct-a", says(created(), fails(madeUp)));
  const talk = await connect();
  talk.send(request);
  expect(await talk.texts(2)).toEqual([created(), fails(madeUp)].map((event) => JSON.stringify(event)));
});

test("a handshake that is refused in a way that nobody knows is tried on one more account", async () => {
  const { scene, parts, handshakes, order } = await socketScene(["a", "b", "c", "d"]);
  for (const each of order) parts.set(each, 432);
  expect(await connectSocket(`${scene.proxy.url}/responses`, codexHeaders)).toBe(426);
  expect(handshakes).toHaveLength(2);
});

test("a connection that died while it was idle is no failure of the account: the upgrade is asked once more", async () => {
  const scene = await ProxyScene.open(["a"], { webSocket: "forward" });
  await scene.post();
  const { port: idle } = scene.fake.received[0] ?? {};
  const ports: (number | undefined)[] = [];
  scene.fake.onUpgrade((upgrade, socket) => {
    ports.push(socket.remotePort);
    if (socket.remotePort === idle) socket.resetAndDestroy();
    else acceptSocket(upgrade, socket);
  });
  expect(await connectSocket(`${scene.proxy.url}/responses`, codexHeaders)).not.toBe(426);
  expect([ports.length, ports[0]]).toEqual([2, idle]);
  expect(scene.proxy.status().accounts[0]).toMatchObject({ state: "ready", failedOver: 0 });
});

// It was answered with 426, and Codex went over to HTTP for the rest of its session.
test("a conversation whose account cools down is connected to another one", async () => {
  const { scene, handshakes, order, connect } = await socketScene(["a", "b"]);
  const [first = "", second = ""] = order;
  expect((await scene.post()).status).toBe(200);
  const id = await scene.idOf(first);
  const block = { kind: "transient", sinceMs: Date.now(), untilMs: Date.now() + 4000 } as const;
  const trouble = { block, upstreamFailures: 1, lastUpstreamFailureMs: Date.now(), authFailures: 0 };
  await storeOf(scene.home).updateUsage((usage) => usage.set(id, { limits: [], availability: trouble }));
  await expect
    .poll(() => scene.proxy.status().accounts.find((each) => each.id === id)?.state)
    .toBe("cooling");
  const talk = await connect();
  talk.send(request);
  expect(await talk.texts(3)).toEqual(texts);
  expect([scene.fake.asked, handshakes.map(({ accountId }) => accountId)]).toEqual([[first], [second]]);
});

test("silence in the middle of an answer ends it with response.failed", async () => {
  const { scene, parts, handshakes, order, connect } = await socketScene(["a", "b"], { idleMs: 200 });
  parts.set(order[0] ?? "", says(created(), delta("hal")));
  const talk = await connect();
  talk.send(request);
  const [, , last = ""] = await talk.texts(3);
  expect(JSON.parse(last)).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: "upstream_error" } },
  });
  await talk.closed;
  expect(handshakes).toHaveLength(1);
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
});

test("silence between two turns ends nothing", async () => {
  const { connect } = await socketScene(["a"], { idleMs: 1_500 });
  const talk = await connect();
  talk.send(request);
  await talk.texts(3);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  talk.send(request);
  expect(await talk.texts(6)).toEqual([...texts, ...texts]);
});
