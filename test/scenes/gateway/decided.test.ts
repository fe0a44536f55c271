import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { parseRetryHint } from "../../../src/errors/retry-hint.ts";
import {
  completed,
  created,
  delta,
  errorBody,
  fails,
  refuses,
  resets,
  sse,
  streams,
} from "../../support/openai/responses.ts";
import { type Asked, errorOf, GatewayScene } from "../../support/gateway-scene.ts";
import { rawExchange } from "../../support/proxy-scene.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const codex = { "user-agent": "codex_exec/0.171.0", originator: "codex_exec" };
const chat = "/v1/chat/completions";

describe("of two faults the one that comes first in the order of refusals is told", () => {
  const pairs: [first: string, then: string, asked: Asked, status: number][] = [
    ["no key", "an unknown path", { path: "/nowhere", key: null, body: "{" }, 401],
    ["an unknown path", "a broken body", { path: "/v1/nothing", body: "{" }, 404],
    ["what is not served", "a broken body", { path: "/v1/embeddings", body: "{" }, 501],
    ["a broken body", "no permission", { path: "/api/keys", body: "{" }, 400],
    ["a missing model", "a wrong stream", { path: "/v1/responses", body: { stream: "yes" } }, 400],
    [
      "a missing role",
      "a wrong model",
      { path: chat, body: { model: 5, messages: [{ content: "x" }] } },
      400,
    ],
    ["a wrong type", "no permission", { path: "/api/keys", body: { name: 5 } }, 422],
    [
      "a wrong stream",
      "a foreign model",
      { path: "/v1/responses", body: { model: "x", stream: "yes" } },
      422,
    ],
    ["a foreign model", "a used up limit", { path: "/v1/responses", body: { ...turn, model: "x" } }, 403],
    ["a used up limit", "upstream", { path: "/v1/responses", body: turn }, 429],
  ];
  test.each(pairs)("%s before %s", async (_, __, asked, status) => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { models: ["gpt-6-sol"], limits: ["requests=0/day"] });
    expect((await scene.ask({ key: secret, ...asked })).status).toBe(status);
    expect(scene.fake.received).toEqual([]);
  });
});

test("no key opens a way around its role: a client key reads no key, not even its own, and changes none", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret, key } = await scene.key("ci");
  const own = `/api/keys/${key.id}`;
  const asked: Asked[] = [
    { method: "GET", path: "/api/keys" },
    { method: "GET", path: own },
    { method: "PATCH", path: own, body: { limits: [] } },
    { method: "DELETE", path: own },
    { method: "POST", path: `${own}/rotate` },
  ];
  for (const each of asked) {
    const answer = await scene.ask({ ...each, key: secret });
    expect([each.method, answer.status, errorOf(answer)["code"]]).toEqual([
      each.method,
      403,
      "insufficient_permissions",
    ]);
  }
});

test("plan_type is said of an account of the pool, never of a key's own limit", async () => {
  const scene = await GatewayScene.open(["a"]);
  const refusal = errorBody("usage_limit_reached", { resets_in_seconds: 90, plan_type: "plus" });
  scene.fake.always("acct-a", refuses(429, refusal));
  const [free, spent] = [await scene.key("free"), await scene.key("spent", { limits: ["requests=0/day"] })];
  const ask = (key: string) => scene.ask({ path: "/v1/responses", key, body: turn });
  const [ofPool, ofKey] = [await ask(free.secret), await ask(spent.secret)].map(errorOf);
  expect(ofPool).toMatchObject({ code: "no_accounts", plan_type: "plus" });
  expect(ofKey).not.toHaveProperty("plan_type");
  const hint = parseRetryHint(String(ofPool?.["message"]), Date.now());
  expect(Math.abs((hint?.retryAfterMs ?? 0) - 90_000)).toBeLessThan(20_000);
});

test("accounts that are merely cooling: 503 no_accounts, and nobody is asked", async () => {
  const scene = await GatewayScene.open(["a"]);
  scene.fake.next("acct-a", refuses(429, errorBody("usage_limit_reached", { resets_in_seconds: 3600 })));
  const { secret } = await scene.key("ci");
  const ask = () => scene.ask({ path: "/v1/responses", key: secret, body: turn });
  const [first, second] = [await ask(), await ask()];
  expect([first, second].map((answer) => [answer.status, errorOf(answer)["code"]])).toEqual([
    [503, "no_accounts"],
    [503, "no_accounts"],
  ]);
  expect(scene.fake.received).toHaveLength(1);
});

test("a key without limits gets no limit headers, one with limits gets them on every answer", async () => {
  const scene = await GatewayScene.open(["a"]);
  const [free, limited] = [await scene.key("free"), await scene.key("ci", { limits: ["requests=1/minute"] })];
  const ask = (key: string) => scene.ask({ path: "/v1/responses", key, body: turn });
  const headers = [await ask(free.secret), await ask(limited.secret), await ask(limited.secret)].map(
    (answer) => [
      answer.status,
      answer.headers["x-ratelimit-remaining-requests"],
      answer.headers["retry-after"] === undefined,
    ],
  );
  expect(headers).toEqual([
    [200, undefined, true],
    [200, "0", true],
    [429, "0", false],
  ]);
});

test("a failure inside a stream is passed on after the first byte, and is a status before it", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const body = { model: "gpt-6-sol", messages: [{ role: "user", content: "x" }], stream: true };
  scene.fake.next("acct-a", streams(created(), fails("bio_policy")));
  const before = await scene.ask({ path: chat, key: secret, body });
  scene.fake.next("acct-a", streams(created(), delta("x"), fails("bio_policy")));
  const after = await scene.ask({ path: chat, key: secret, body });
  expect([before.status, errorOf(before)["code"], before.headers["x-should-retry"]]).toEqual([
    502,
    "bio_policy",
    "false",
  ]);
  expect([after.status, after.text.trim().split("\n\n").slice(-2).join(" ")]).toEqual([
    200,
    expect.stringMatching(/^data: \{"error":.*bio_policy.* data: \[DONE\]$/),
  ]);
});

test("to Codex what OpenAI refuses comes as it came, and the codes of the gateway as a 400 or a usage limit", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci", { models: ["gpt-6-sol"], limits: ["requests=1/5h"] });
  scene.fake.next("acct-a", refuses(400, "plain words"));
  const ask = (body: object) => scene.ask({ path: "/v1/responses", key: secret, headers: codex, body });
  const answers = [
    await ask(turn),
    await ask({ ...turn, model: "x" }),
    await ask({ model: 5 }),
    await ask(turn),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 429]);
  expect(answers[0]?.text).toBe("plain words");
  expect(answers[1]?.text).toContain("model_not_allowed");
  expect(answers[2]?.text).toContain("validation_error");
  expect(answers[3] && errorOf(answers[3])).toMatchObject({
    type: "usage_limit_reached",
    code: "rate_limit_exceeded",
  });
});

test("while upstream does not answer, models come from the list that Codex fetched last, or not at all", async () => {
  const cache = JSON.stringify({ models: [{ slug: "gpt-6-sol" }, { slug: "gpt-6-luna" }] });
  for (const scene of [resets, refuses(503, errorBody("server_error")), refuses(500, "<html>")]) {
    const [without, known] = [
      await GatewayScene.open(["a"]),
      await GatewayScene.open(["a"], { cachedModels: () => cache }),
    ];
    for (const { fake } of [without, known]) fake.always("acct-a", scene);
    const list = async (gateway: GatewayScene) => {
      const { secret } = await gateway.key("ci", { models: ["gpt-6-sol"] });
      return await gateway.ask({ method: "GET", path: "/v1/models", key: secret });
    };
    expect(errorOf(await list(without))["code"]).toBe("upstream_error");
    const models = JSON.parse((await list(known)).text) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual(["gpt-6-sol"]);
  }
});

test("a stream that is whole ends as upstream ended it", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const said = sse(created(), delta("x"), completed());
  scene.fake.always("acct-a", streams(created(), delta("x"), completed()));
  expect((await scene.ask({ path: "/v1/responses", key: secret, body: turn })).text).toBe(said);
});

const key = "authorization: Bearer x\r\n";
const turnHead = `POST /v1/responses HTTP/1.1\r\n${key}connection: close\r\ncontent-length: 0\r\n`;
const broken: readonly (readonly [what: string, bytes: string, status: number, code: string])[] = [
  ["no HTTP at all", "hello\r\n\r\n", 400, "invalid_request_error"],
  [
    "a length that is none",
    `${turnHead.replace(": 0", ": x")}host: localhost\r\n\r\n`,
    400,
    "invalid_request_error",
  ],
  [
    "headers of 100 kB",
    `${turnHead}host: localhost\r\nx: ${"x".repeat(100_000)}\r\n\r\n`,
    431,
    "invalid_request_error",
  ],
  ["no Host header", `${turnHead}\r\n`, 404, "not_found"],
  [
    "something expected that nobody knows",
    `${turnHead}host: localhost\r\nexpect: tea\r\n\r\n`,
    417,
    "invalid_request_error",
  ],
];

test.each(broken)("%s is refused with an envelope like all else", async (_, bytes, status, code) => {
  const scene = await GatewayScene.open(["a"]);
  const [head = "", body = ""] = (await rawExchange(scene.gateway.port, bytes)).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain("content-type: application/json");
  const { error } = JSON.parse(body) as { error: Record<string, unknown> };
  expect(error).toMatchObject({
    code,
    type: expect.any(String) as string,
    message: expect.any(String) as string,
  });
});

test("what is broken in the middle of an answer ends the connection and puts nothing into the answer", async () => {
  const scene = await GatewayScene.open(["a"]);
  scene.fake.always("acct-a", (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(sse(created(), delta("x")));
  });
  const { secret } = await scene.key("ci");
  const body = JSON.stringify(turn);
  const head = `POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${secret}\r\n`;
  const socket = connect(scene.gateway.port, "127.0.0.1");
  const received: string[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk.toString()));
  socket.on("error", () => undefined);
  socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  await expect.poll(() => received.join("")).toContain("output_text.delta");
  const closed = once(socket, "close");
  socket.write("no HTTP\r\n\r\n");
  await closed;
  expect(received.join("")).not.toContain("400 Bad");
});
