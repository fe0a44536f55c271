import { expect, test } from "vitest";
import { completed, created, delta } from "../../support/openai/responses.ts";
import { codexHeaders, ProxyScene, send } from "../../support/proxy-scene.ts";
import { seat } from "../../support/store-home.ts";
import { connectSocket, serveSockets } from "../../support/web-socket.ts";

/** A Codex that shows the token of its own login, and no key. */
function codex(scene: ProxyScene, token: string, more: Record<string, string> = {}) {
  const url = new URL(`${scene.proxy.origin}/v1/responses`);
  const headers = { ...codexHeaders, authorization: `Bearer ${token}`, ...more };
  return send({ url, method: "POST", headers, body: "{}" }).answer;
}

const tokenOf = async (scene: ProxyScene, workspace: string) =>
  (await scene.accountOf(workspace)).login.accessToken;

test("a token of the pool lets its Codex in, and one that was renewed meanwhile too", async () => {
  const scene = await ProxyScene.open(["a"]);
  const old = await tokenOf(scene, "acct-a");
  expect((await codex(scene, old)).status).toBe(200);
  await scene.logIn("a", { issuedAt: Math.floor(Date.now() / 1000) + 60 });
  const renewed = await tokenOf(scene, "acct-a");
  expect(renewed).not.toBe(old);
  expect([(await codex(scene, renewed)).status, (await codex(scene, old)).status]).toEqual([200, 200]);
});

// It opened the pool for as long as the proxy ran.
test("a token that has ended lets nobody in, although its account is there", async () => {
  let nowMs = Date.now();
  const scene = await ProxyScene.open(["a"], { now: () => nowMs });
  const token = await tokenOf(scene, "acct-a");
  expect((await codex(scene, token)).status).toBe(200);
  nowMs += 3601 * 1000;
  scene.fake.received.length = 0;
  const refused = await codex(scene, token);
  expect([refused.status, refused.headers["content-type"]]).toEqual([
    400,
    expect.stringMatching("text/plain"),
  ]);
  const other = await codex(scene, token, { "user-agent": "curl/8", originator: "me" });
  expect(other.status).toBe(401);
  expect(scene.fake.received).toEqual([]);
});

test("the tokens of an account that was removed let nobody in, from the next request on", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const old = await tokenOf(scene, "acct-a");
  await scene.logIn("a", { issuedAt: Math.floor(Date.now() / 1000) + 60 });
  const renewed = await tokenOf(scene, "acct-a");
  for (const token of [old, renewed]) expect((await codex(scene, token)).status).toBe(200);
  await scene.change("acct-a", ({ id }, { pool }) => {
    pool.accounts.splice(
      pool.accounts.findIndex((each) => each.id === id),
      1,
    );
  });
  scene.fake.received.length = 0;
  const statuses = await Promise.all([old, renewed].map(async (token) => (await codex(scene, token)).status));
  expect(statuses).toEqual([400, 400]);
  expect(scene.fake.received).toEqual([]);
  expect((await codex(scene, await tokenOf(scene, "acct-b"))).status).toBe(200);
});

test("a WebSocket that was opened with the token of an account that was removed gets no further turn", async () => {
  const scene = await ProxyScene.open(["a", "b"], { webSocket: "forward" });
  const turns: string[] = [];
  const answer = [created(), delta("hello"), completed()];
  const hears = new Map(
    (await scene.order()).map((name) => [
      name,
      (_: object, talk: { send: (event: object) => void }) => {
        turns.push(name);
        for (const event of answer) talk.send(event);
      },
    ]),
  );
  serveSockets(scene.fake, hears);
  const headers = { ...codexHeaders, authorization: `Bearer ${await tokenOf(scene, "acct-a")}` };
  const talk = await connectSocket(`${scene.proxy.origin}/v1/responses`, headers);
  if (typeof talk === "number") throw new Error(`answered with ${talk}`);
  talk.send({ type: "response.create" });
  await talk.texts(3);
  await scene.change("acct-a", ({ id }, { pool }) => {
    pool.accounts.splice(
      pool.accounts.findIndex((each) => each.id === id),
      1,
    );
  });
  await expect.poll(() => scene.proxy.status().accounts.length).toBe(1);
  talk.send({ type: "response.create" });
  await talk.closed;
  expect(turns).toHaveLength(1);
});

test("a login of a pool is known again when its account comes back", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const token = await tokenOf(scene, "acct-a");
  await scene.change("acct-a", ({ id }, { pool }) => {
    pool.accounts.splice(
      pool.accounts.findIndex((each) => each.id === id),
      1,
    );
  });
  expect((await codex(scene, token)).status).toBe(400);
  const document = seat("a");
  await scene.adopt({ ...document, tokens: { ...document.tokens, access_token: token } });
  expect((await codex(scene, token)).status).toBe(200);
});
