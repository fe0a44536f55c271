import { expect, test } from "vitest";
import { CodexAuthError } from "../../../src/errors/codex-auth-error.ts";
import { startRotationProxy } from "../../../src/proxy/rotation-proxy.ts";
import { ProxyScene, send, testKey } from "../../support/proxy-scene.ts";
import { makeHome, storeOf } from "../../support/store-home.ts";

const unauthorized = "runtime_rotation_proxy_unauthorized";
const notFound = "runtime_rotation_proxy_not_found";
const tooLarge = "runtime_rotation_proxy_payload_too_large";

const wrongKey = testKey.replace("k", "x");

interface HttpExchange {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** None of these reaches upstream. */
const refused: readonly [name: string, exchange: HttpExchange, status: number, code: string][] = [
  ["no key", { path: "/v1/responses" }, 401, unauthorized],
  ["no key on an unknown path", { path: "/v1/other" }, 401, unauthorized],
  ["a wrong key", { path: `/${wrongKey}/v1/responses` }, 401, unauthorized],
  ["half the key", { path: `/${testKey.slice(0, 8)}/v1/responses` }, 401, unauthorized],
  ["the key and more", { path: `/${testKey}x/v1/responses` }, 401, unauthorized],
  ["a very long key", { path: `/${"x".repeat(5000)}/v1/responses` }, 401, unauthorized],
  [
    "a wrong bearer",
    { path: "/v1/responses", headers: { authorization: `Bearer ${wrongKey}` } },
    401,
    unauthorized,
  ],
  ["a wrong x-api-key", { path: "/v1/responses", headers: { "x-api-key": "nope" } }, 401, unauthorized],
  ["a name pointed at this machine", { headers: { host: "evil.test" } }, 401, unauthorized],
  ["a name that begins like this machine", { headers: { host: "127.0.0.1.evil.test" } }, 401, unauthorized],
  ["a name that ends like this machine", { headers: { host: "evil.localhost" } }, 401, unauthorized],
  ["a web page", { headers: { origin: "https://evil.test" } }, 401, unauthorized],
  ["a sandboxed page", { headers: { origin: "null" } }, 401, unauthorized],
  ["a page of this machine", { headers: { origin: "http://127.0.0.1" } }, 401, unauthorized],
  ["a preflight", { method: "OPTIONS", headers: { origin: "https://evil.test" } }, 401, unauthorized],
  [
    "a script tag",
    { method: "GET", path: "/models", headers: { "sec-fetch-site": "cross-site" } },
    401,
    unauthorized,
  ],
  ["another path", { path: "/chat/completions" }, 404, notFound],
  ["a path below", { path: "/responses/compact/x" }, 404, notFound],
  ["side calls of Codex", { path: "/wham/usage" }, 404, notFound],
  ["another method", { method: "PUT" }, 404, notFound],
  ["GET of a turn", { method: "GET" }, 404, notFound],
  ["POST of the models", { path: "/models" }, 404, notFound],
  ["a body over the cap", { body: "x".repeat(2000) }, 413, tooLarge],
  [
    "a body over the cap that does not say its length",
    { body: "x".repeat(2000), headers: { "transfer-encoding": "chunked" } },
    413,
    tooLarge,
  ],
];

test.each(refused)(
  "%s is refused",
  async (_, { method = "POST", path, headers = {}, body = "" }, status, code) => {
    const scene = await ProxyScene.open(["a"], { limits: { bodyBytes: 1000 } });
    const url = new URL(
      path?.includes("/v1") ? scene.proxy.origin + path : scene.proxy.url + (path ?? "/responses"),
    );
    const answer = await send({ url, method, headers, body }).answer;
    expect({ status: answer.status, code: JSON.parse(answer.text).error.code }).toEqual({ status, code });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    expect(answer.text).not.toContain(testKey);
    expect(scene.fake.received).toEqual([]);
  },
);

/** Targets that a URL object would tidy up. */
const rawTargets = [
  `//evil.test/${testKey}/v1/responses`,
  `http://evil.test/${testKey}/v1/responses`,
  `/${testKey}/v1/responses%2f..%2fx`,
  `/${testKey}/v1%2fresponses`,
  `/${testKey}/v1/../v1/responses`,
  `/${testKey}/v1//responses`,
  `/${testKey}/v1/./responses`,
  `/${testKey}\\v1\\responses`,
  `/${testKey}/v1/responses/`,
  `*`,
];

test.each(rawTargets)("the target %s is refused and reaches nobody", async (target) => {
  const scene = await ProxyScene.open(["a"]);
  const head = `POST ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\nconnection: close\r\n`;
  const text = await scene.raw(`${head}authorization: Bearer ${testKey}\r\n\r\n{}`);
  expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
  expect(scene.fake.received).toEqual([]);
});

const turn = `POST /${testKey}/v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\n`;

/** What two servers could understand in two ways. */
const ambiguous: readonly [name: string, bytes: string, status: RegExp][] = [
  [
    "a length and chunks",
    `${turn}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  ["two lengths", `${turn}content-length: 2\r\ncontent-length: 5\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
  ["a folded header", `${turn}x-a: b\r\n c\r\ncontent-length: 2\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
  ["a header of 1 MB", `${turn}x-a: ${"x".repeat(1024 * 1024)}\r\n\r\n`, /^(HTTP\/1\.1 431 |$)/],
  ["no host", `POST /${testKey}/v1/responses HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}`, /^HTTP\/1\.1 401 /],
  ["no HTTP", "hello\r\n\r\n", /^HTTP\/1\.1 400 /],
];

test.each(ambiguous)("%s is refused", async (_, bytes, status) => {
  const scene = await ProxyScene.open(["a"]);
  expect(await scene.raw(bytes)).toMatch(status);
  expect(scene.fake.received).toEqual([]);
});

/** The spellings that other clients know. */
const served: readonly [path: string, method: string, headers: Record<string, string>, upstream: string][] = [
  [`/${testKey}/v1/responses`, "POST", {}, "/backend-api/codex/responses"],
  [`/${testKey}/backend-api/codex/responses`, "POST", {}, "/backend-api/codex/responses"],
  ["/v1/responses", "POST", { authorization: `Bearer ${testKey}` }, "/backend-api/codex/responses"],
  ["/v1/responses", "POST", { "x-api-key": testKey }, "/backend-api/codex/responses"],
  [`/${testKey}/v1/responses/compact`, "POST", {}, "/backend-api/codex/responses/compact"],
  [
    `/${testKey}/v1/models?client_version=0.169.0`,
    "GET",
    {},
    "/backend-api/codex/models?client_version=0.169.0",
  ],
];

test.each(served)("%s %s reaches its place at upstream", async (path, method, headers, upstream) => {
  const scene = await ProxyScene.open(["a"]);
  const url = new URL(scene.proxy.origin + path);
  const answer = await send({ url, method, headers, body: method === "GET" ? "" : "{}" }).answer;
  expect(answer.status).toBe(200);
  expect(scene.fake.received.map((each) => `${each.method} ${each.path}`)).toEqual([`${method} ${upstream}`]);
});

test("health is told without a key and holds no secret", async () => {
  const scene = await ProxyScene.open(["a"]);
  const ask = (path: string, headers: Record<string, string> = {}) =>
    send({ url: new URL(scene.proxy.origin + path), method: "GET", headers, body: "" }).answer;
  expect((await ask("/health")).text).toBe('{"status":"ok"}');
  expect((await ask(`/${testKey}/health`)).text).toBe('{"status":"ok"}');
  expect((await ask("/health", { host: "evil.test" })).status).toBe(401);
  expect((await ask("/health", { origin: "https://evil.test" })).status).toBe(401);
});

test("a client that sends its body too slowly is let go", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { bodyIdleMs: 100 } });
  expect(await scene.raw(`${turn}content-length: 100\r\n\r\n{`)).toBe("");
  expect(scene.fake.received).toEqual([]);
  expect(scene.proxy.status().inFlight).toBe(0);
});

test("bodies that together are over the cap are refused, and their memory comes back", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { allBodiesBytes: 1500 } });
  const answer = await scene.post({ body: "x".repeat(2000) });
  expect(answer.status).toBe(500);
  expect(JSON.parse(answer.text).error.code).toBe("codex_runtime_rotation_proxy_error");
  for (let round = 0; round < 5; round += 1)
    expect((await scene.post({ body: "x".repeat(1000) })).status).toBe(200);
});

const wrongStarts: readonly [
  name: string,
  options: { host?: string; key?: string; backend?: string },
  code: string,
][] = [
  ["another host", { host: "0.0.0.0" }, "proxy_host_refused"],
  ["a name of another host", { host: "example.com" }, "proxy_host_refused"],
  ["every address", { host: "::" }, "proxy_host_refused"],
  ["an empty host", { host: "" }, "proxy_host_refused"],
  ["an empty key", { key: "" }, "proxy_key_invalid"],
  ["a key that is no path segment", { key: "a/b/c/d/e/f/g/h/i/j" }, "proxy_key_invalid"],
  ["plain http to another machine", { backend: "http://example.com/backend-api" }, "backend_refused"],
];

test.each(wrongStarts)("%s is refused before anything is started", async (_, options, code) => {
  const store = storeOf(makeHome());
  const renew = () => Promise.reject(new Error("unexpected renewal"));
  const starting = startRotationProxy({ store, renew, key: testKey, ...options });
  await expect(starting).rejects.toThrow(CodexAuthError);
  await expect(starting).rejects.toMatchObject({ code });
});

test("a port in use is named", async () => {
  const scene = await ProxyScene.open(["a"]);
  const renew = () => Promise.reject(new Error("unexpected renewal"));
  const starting = startRotationProxy({ store: scene.store, renew, key: testKey, port: scene.proxy.port });
  await expect(starting).rejects.toMatchObject({ code: "proxy_port_busy" });
});

// After a 401 it reconnected five times, and named a key that its user has never seen.
test.each([{}, { "chatgpt-account-id": "acct-z" }])(
  "a Codex with another login, or an API key, is told so once: %j",
  async (more) => {
    const scene = await ProxyScene.open(["a"]);
    const headers = { "user-agent": "codex_exec/0.169.0", authorization: "Bearer sk-of-another", ...more };
    const url = new URL(`${scene.proxy.origin}/v1/responses`);
    const answer = await send({ url, method: "POST", headers, body: "{}" }).answer;
    expect([answer.status, answer.headers["content-type"]]).toEqual([
      400,
      expect.stringMatching("text/plain"),
    ]);
    expect(answer.text).toContain("An API key is not let in");
    expect(scene.fake.received).toEqual([]);
  },
);
