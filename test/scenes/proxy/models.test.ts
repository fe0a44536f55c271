import { expect, test } from "vitest";
import { errorBody, goodStream, refuses, type Scene } from "../../support/openai/responses.ts";
import { ProxyScene, testKey } from "../../support/proxy-scene.ts";

const nowSec = Math.floor(Date.now() / 1000);
const models = { models: [{ slug: "gpt-6.2-sol", title: "Sol" }, { slug: "gpt-5.5" }] };
const lists: Scene = (response) =>
  void response
    .writeHead(200, { "content-type": "application/json", etag: 'W/"1"' })
    .end(JSON.stringify(models));
const plain = { "user-agent": "openai-python/1", originator: "" };
const openAi = (id: string) => ({ id, object: "model", created: 0, owned_by: "openai" });

async function modelScene(names: readonly string[]) {
  const scene = await ProxyScene.open(names);
  const list = (path = "/models?client_version=0.171.0", headers: Record<string, string> = {}) =>
    scene.post({ method: "GET", path, headers });
  for (const each of await scene.order()) scene.fake.always(each, lists);
  return { scene, list };
}

test("Codex gets the list as it came, with its own question", async () => {
  const { scene, list } = await modelScene(["a"]);
  const answer = await list();
  expect([answer.status, JSON.parse(answer.text), answer.headers.etag]).toEqual([200, models, 'W/"1"']);
  expect(scene.fake.received[0]?.path).toBe("/backend-api/codex/models?client_version=0.171.0");
});

test("other clients get OpenAI's shape, one model alone, and a trailing slash", async () => {
  const { scene, list } = await modelScene(["a"]);
  for (const path of ["/models", "/models/"])
    expect(JSON.parse((await list(path, plain)).text)).toEqual({
      object: "list",
      data: [openAi("gpt-6.2-sol"), openAi("gpt-5.5")],
    });
  for (const path of ["/models/gpt-5.5", "/models/gpt-5.5/"])
    expect(JSON.parse((await list(path, plain)).text)).toEqual(openAi("gpt-5.5"));
  const missing = await list("/models/gpt-9", plain);
  expect(missing.status).toBe(404);
  expect(JSON.parse(missing.text).error).toMatchObject({
    type: "invalid_request_error",
    code: "model_not_found",
    param: "model",
  });
  // The backend wants to know for which version.
  expect(
    scene.fake.received.every(({ path }) => /^\/backend-api\/codex\/models\?client_version=\d/.test(path)),
  ).toBe(true);
});

test("a list of models needs no quota, and counts as no answer of an account", async () => {
  const { scene, list } = await modelScene(["a", "b"]);
  for (const each of await scene.order())
    scene.fake.next(each, refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 3600 })));
  expect((await scene.post()).status).toBe(429);
  expect(JSON.parse((await list()).text)).toEqual(models);
  const accounts = scene.proxy.status().accounts.map(({ state, served }) => [state, served]);
  expect(accounts).toEqual([
    ["limited", 0],
    ["limited", 0],
  ]);
});

test("an account that fails to list models is set aside for nothing, and the next one lists them", async () => {
  const { scene, list } = await modelScene(["a", "b"]);
  const [first = ""] = await scene.order();
  for (const status of [500, 429, 403]) {
    scene.fake.next(first, refuses(status, errorBody("trouble")));
    expect(JSON.parse((await list()).text)).toEqual(models);
  }
  expect(scene.proxy.status().accounts).toMatchObject([
    { state: "ready", served: 0, failedOver: 0 },
    { state: "ready", served: 0, failedOver: 0 },
  ]);
  expect(scene.proxy.status().decisions).toEqual([]);
});

test("an account that is paused or needs a login lists nothing", async () => {
  const { scene, list } = await modelScene(["a"]);
  await scene.change("acct-a", (account) => (account.pausedAt = new Date().toISOString()));
  expect((await list()).status).toBe(400);
  expect(scene.fake.asked).toEqual([]);
});

const whole: readonly [path: string, upstream: string][] = [
  ["/images/generations", "/backend-api/codex/images/generations"],
  ["/images/edits", "/backend-api/codex/images/edits"],
  ["/alpha/search", "/backend-api/codex/alpha/search"],
  ["/responses/compact", "/backend-api/codex/responses/compact"],
];

// image_gen is on by default since Codex 0.169, and every picture ended with a 404 of ours.
test.each(whole)(
  "%s is passed on in one piece, and to the next account when the first is limited",
  async (path, upstream) => {
    const scene = await ProxyScene.open(["a", "b"]);
    const [first = "", second = ""] = await scene.order();
    const made = { created: 1, data: [{ b64_json: "x" }] };
    scene.fake.next(first, refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 3600 })));
    scene.fake.always(
      second,
      (response) =>
        void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(made)),
    );
    const body = '{"prompt":"a cat","model":"gpt-image-2"}';
    const answer = await scene.post({ path, body });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, made]);
    expect(
      scene.fake.received.map((each) => [each.accountId, each.method, each.path, each.body.toString()]),
    ).toEqual([
      [first, "POST", upstream, body],
      [second, "POST", upstream, body],
    ]);
  },
);

test("a picture is waited for as long as a compaction", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { headersMs: 100, compactMs: 60_000 } });
  scene.fake.next("acct-a", (response) => void setTimeout(() => response.writeHead(200).end("{}"), 300));
  expect((await scene.post({ path: "/images/generations" })).status).toBe(200);
});

test("what is not served is counted without the key, and only for who is let in", async () => {
  const scene = await ProxyScene.open(["a"]);
  const ask = (path: string, method = "POST") => scene.post({ path, method });
  expect((await ask("/realtime/calls?secret=1")).status).toBe(404);
  expect((await ask("/realtime/calls")).status).toBe(404);
  expect((await ask("/responses", "PUT")).status).toBe(404);
  expect((await ask(`/${testKey}/glorp`)).status).toBe(404);
  const stranger = { url: new URL(`${scene.proxy.origin}/v1/secret/place`), method: "POST" };
  expect((await fetch(stranger.url, { method: stranger.method })).status).toBe(401);
  const { notServed } = scene.proxy.status();
  expect(notServed).toEqual([
    { method: "POST", path: "/v1/realtime/calls", count: 2 },
    { method: "PUT", path: "/v1/responses", count: 1 },
    { method: "POST", path: "/v1/…/glorp", count: 1 },
  ]);
  for (let at = 0; at < 100; at += 1) await ask(`/x${at}`);
  expect(scene.proxy.status().notServed?.length).toBeLessThanOrEqual(20);
  expect(JSON.stringify(scene.proxy.status())).not.toContain(testKey);
  expect((await scene.post()).text).toBe(goodStream());
});
