import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseRetryHint } from "../../src/errors/retry-hint.ts";
import {
  completed,
  created,
  delta,
  errorBody,
  fails,
  refuses,
  resets,
  silent,
  sse,
  streams,
} from "../support/openai/responses.ts";
import { errorOf, GatewayScene } from "../support/gateway-scene.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const chat = { model: "gpt-6-sol", messages: [{ role: "user", content: "hello" }] };
const codex = { "user-agent": "codex_exec/0.171.0", originator: "codex_exec" };

describe("who is let in", () => {
  test("without a key, with a wrong, an expired and a revoked one, on every path: 401 invalid_api_key", async () => {
    const scene = await GatewayScene.open(["a"]);
    const expired = await scene.key("old", { expiresMs: 1 });
    for (const key of [null, "nonsense", "sk-ca-x", expired.secret]) {
      for (const path of ["/v1/responses", "/api/keys", "/nowhere"]) {
        const answer = await scene.ask({ path, key, body: turn });
        expect([path, answer.status]).toEqual([path, 401]);
        expect(errorOf(answer)).toMatchObject({ type: "authentication_error", code: "invalid_api_key" });
      }
    }
    expect(scene.fake.received).toEqual([]);
  });

  test("a key that was made while the gateway runs works at once, and one that was revoked does not", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret, key } = await scene.key("new");
    expect((await scene.ask({ path: "/v1/responses", key: secret, body: turn })).status).toBe(200);
    await scene.database.change(`update api_keys set revoked_ms = 1 where id = $1`, [key.id]);
    await scene.database.change(
      `insert into store_info values ('keys', '99') on conflict (name) do update set value = '99'`,
    );
    const status = async () => (await scene.ask({ path: "/v1/responses", key: secret, body: turn })).status;
    await expect.poll(status).toBe(401);
  });

  test("a key in x-api-key counts, a key in the path or behind a foreign Host does not", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("new");
    const own = await scene.ask({ path: "/v1/responses", headers: { "x-api-key": secret }, body: turn });
    const inPath = await scene.ask({ path: `/${secret}/v1/responses`, body: turn });
    const foreign = await scene.ask({
      path: "/v1/responses",
      key: secret,
      headers: { host: "evil.test" },
      body: turn,
    });
    const page = await scene.ask({
      path: "/v1/responses",
      key: secret,
      headers: { origin: "https://evil.test" },
      body: turn,
    });
    expect([own, inPath, foreign, page].map(({ status }) => status)).toEqual([200, 401, 404, 404]);
  });
});

test("the key of the owner of the files tells the last decisions, and opens nothing else", async () => {
  const ownerKey = "gw_0123456789abcdef0123456789abcdef";
  const scene = await GatewayScene.open(["a"], { ownerKey });
  const { secret } = await scene.key("ci");
  await scene.ask({ path: "/v1/responses", key: secret, body: turn });
  const ask = (path: string, headers = {}) => scene.ask({ method: "GET", path, key: ownerKey, headers });
  const told = await ask("/decisions");
  expect(JSON.parse(told.text).decisions).toMatchObject([
    { kind: "use", client: "ci", accountName: "label-a", outcome: "served" },
  ]);
  expect(told.text).not.toContain(secret);
  const others = await Promise.all([
    ask("/v1/models"),
    ask("/api/keys"),
    ask("/metrics"),
    scene.ask({ path: "/v1/responses", key: ownerKey, body: turn }),
    ask("/decisions", { host: "evil.test" }),
    ask("/decisions", { origin: "https://evil.test" }),
  ]);
  expect(others.map(({ status }) => status)).toEqual([404, 401, 401, 404, 404, 404]);
});

test("who offers another protocol, as Java's client does with HTTP/2, is answered all the same", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const offer = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAAA" };
  const input = "x".repeat(100_000);
  const asked = await scene.ask({
    path: "/v1/responses",
    key: secret,
    headers: offer,
    body: { ...turn, input },
  });
  expect([asked.status, asked.text]).toEqual([200, expect.stringContaining("response.completed")]);
  expect(scene.fake.received[0]?.body.toString()).toContain(input);
  expect(scene.fake.received[0]?.headers["upgrade"]).toBeUndefined();
  scene.fake.models = ["gpt-6-sol"];
  const list = await scene.ask({ method: "GET", path: "/v1/models", key: secret, headers: offer });
  expect(list.status).toBe(200);
  const none = await scene.ask({ method: "GET", path: "/v1/models", headers: offer });
  expect([none.status, errorOf(none)["code"]]).toEqual([401, "invalid_api_key"]);
});

describe("what is refused", () => {
  const cases: [
    what: string,
    asked: { path: string; method?: string; body?: object | string },
    status: number,
    error: object,
  ][] = [
    ["an unknown path", { path: "/v1/nothing" }, 404, { type: "invalid_request_error", code: "not_found" }],
    ["a wrong method", { path: "/v1/responses", method: "PUT", body: turn }, 404, { code: "not_found" }],
    [
      "embeddings",
      { path: "/v1/embeddings", body: {} },
      501,
      { type: "server_error", code: "not_implemented" },
    ],
    ["images", { path: "/v1/images/generations", body: {} }, 501, { code: "not_implemented" }],
    ["a stored chat", { path: "/v1/chat/completions/x", method: "GET" }, 501, { code: "not_implemented" }],
    ["realtime", { path: "/v1/realtime/sessions", body: {} }, 501, { code: "not_implemented" }],
    [
      "text that is no JSON",
      { path: "/v1/responses", body: "{" },
      400,
      { type: "invalid_request_error", code: "invalid_request_error" },
    ],
    ["a list", { path: "/v1/responses", body: "[]" }, 400, { code: "invalid_request_error" }],
    [
      "no model",
      { path: "/v1/responses", body: { input: "x" } },
      400,
      { code: "invalid_request_error", param: "model" },
    ],
    [
      "a model that is a number",
      { path: "/v1/responses", body: { model: 5 } },
      422,
      { type: "invalid_request_error", code: "validation_error", param: "model" },
    ],
    [
      "a chat without messages",
      { path: "/v1/chat/completions", body: { model: "m" } },
      400,
      { param: "messages" },
    ],
    [
      "a chat with a wrong message",
      { path: "/v1/chat/completions", body: { ...chat, messages: [{ role: "user", content: 5 }] } },
      422,
      {
        code: "validation_error",
        param: "messages.0.content",
        // LangChain and the AI SDK show nothing but the message.
        message: "messages.0.content: It must be text, or a list of parts.",
      },
    ],
    [
      "a chat with a part of a wrong type",
      {
        path: "/v1/chat/completions",
        body: { ...chat, messages: [{ role: "user", content: [{ type: "text", text: "x" }, { type: 5 }] }] },
      },
      422,
      { code: "validation_error", param: "messages.0.content.1.type" },
    ],
    [
      "a chat with a part without a type",
      {
        path: "/v1/chat/completions",
        body: { ...chat, messages: [{ role: "user", content: [{ text: "x" }] }] },
      },
      400,
      { code: "invalid_request_error", param: "messages.0.content.0.type" },
    ],
    [
      "a model that the key may not use",
      { path: "/v1/responses", body: { ...turn, model: "gpt-6-luna" } },
      403,
      { type: "permission_error", code: "model_not_allowed", param: "model" },
    ],
    [
      "management with a client key",
      { path: "/api/keys", method: "GET" },
      403,
      { type: "permission_error", code: "insufficient_permissions" },
    ],
    [
      "an unknown transcription model",
      { path: "/v1/audio/transcriptions", body: { model: "tts" } },
      400,
      { param: "model" },
    ],
    [
      "a known transcription model",
      { path: "/v1/audio/transcriptions", body: { model: "whisper-1" } },
      501,
      { code: "not_implemented" },
    ],
  ];
  test.each(cases)("%s", async (_, asked, status, error) => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("limited", { models: ["gpt-6-sol"] });
    const answer = await scene.ask({ ...asked, key: secret });
    expect([answer.status, errorOf(answer)]).toMatchObject([status, error]);
    expect(typeof errorOf(answer)["message"]).toBe("string");
    expect(scene.fake.received).toEqual([]);
  });

  test("what is not served is not asked for again", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    for (const path of ["/v1/embeddings", "/v1/files", "/v1/responses/resp_1"]) {
      const { status, headers } = await scene.ask({ path, key: secret, body: {} });
      expect([path, status, headers["x-should-retry"]]).toEqual([path, 501, "false"]);
    }
  });

  test("a refusal tells the limits of the key, the first answer of a gateway, too", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("limited", { models: ["gpt-6-sol"], limits: ["requests=5/day"] });
    for (const [status, body] of [
      [403, { ...turn, model: "x" }],
      [400, {}],
      [422, { ...turn, model: 5 }],
      [200, turn],
    ] as const) {
      const answer = await scene.ask({ path: "/v1/responses", key: secret, body });
      expect([answer.status, answer.headers["x-ratelimit-limit-requests"]]).toEqual([status, "5"]);
    }
  });

  test("Codex is told a refusal as 400 in plain text, which it shows at once and as it is", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("limited", { models: ["gpt-6-sol"] });
    const forbidden = await scene.ask({
      path: "/v1/responses",
      key: secret,
      headers: codex,
      body: { ...turn, model: "x" },
    });
    const stranger = await scene.ask({ path: "/v1/responses", key: "sk-ca-x", headers: codex, body: turn });
    expect([forbidden.status, forbidden.text]).toEqual([
      400,
      "This API key may not use the model x. (model_not_allowed)",
    ]);
    expect([stranger.status, stranger.text]).toEqual([
      400,
      "This API key is not known here. (invalid_api_key)",
    ]);
  });

  test.each([
    ["gpt-6-sol", "openai/gpt-6-sol"],
    ["gpt-6-sol", "gpt-6-sol-high"],
    ["gpt-6-sol-high", "gpt-6-sol-high"],
    ["openai/gpt-6-sol", "openai/gpt-6-sol"],
  ])("a key for %s may ask for %s, and gets the answer", async (listed, model) => {
    const scene = await GatewayScene.open(["a"]);
    const response = { id: "resp_1", status: "in_progress", model: "gpt-6-sol", output: [] };
    scene.fake.always("acct-a", streams({ type: "response.created", response }, delta("x"), completed()));
    const { secret } = await scene.key("limited", { models: [listed] });
    const asked = await scene.ask({ path: "/v1/responses", key: secret, body: { ...turn, model } });
    const other = await scene.ask({
      path: "/v1/responses",
      key: secret,
      body: { ...turn, model: "openai/gpt-6-luna" },
    });
    expect([asked.status, other.status]).toEqual([200, 403]);
    expect(errorOf(other)["message"]).toContain("openai/gpt-6-luna");
  });

  test("a second model in the same bytes cannot reach upstream past the list of a key", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("limited", { models: ["gpt-6-sol"] });
    const body = '{"model":"gpt-6-luna","input":"x","stream":true,"model":"gpt-6-sol"}';
    await scene.ask({ path: "/v1/responses", key: secret, headers: codex, body });
    expect(scene.fake.received[0]?.body.toString()).not.toContain("luna");
  });
});

describe("limits", () => {
  test("the last request of a limit passes, the next is 429 with the reset that our own reader finds", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { limits: ["requests=2/5h"] });
    const fromSec = Date.now() / 1_000;
    const first = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    const second = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    const third = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect([first, second, third].map(({ status }) => status)).toEqual([200, 200, 429]);
    expect([first, second, third].map(({ headers }) => headers["x-ratelimit-remaining-requests"])).toEqual([
      "1",
      "0",
      "0",
    ]);
    const error = errorOf(third);
    expect(error).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
    const resetsAfterSec = Number(error["resets_at"]) - fromSec;
    expect(resetsAfterSec).toBeGreaterThanOrEqual(5 * 3_600);
    expect(resetsAfterSec).toBeLessThan(5 * 3_600 + 60);
    expect(error).not.toHaveProperty("plan_type");
    const hint = parseRetryHint(String(error["message"]), Date.now());
    expect(Math.abs((hint?.retryAfterMs ?? 0) / 1000 - Number(error["resets_in_seconds"]))).toBeLessThan(3);
    expect(third.headers["x-should-retry"]).toBe("false");
  });

  test("a limit of one model counts it under every name that reaches it", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { limits: ["requests=4/day@gpt-6-sol", "requests=1/day@o/m"] });
    const names = ["gpt-6-sol", "openai/gpt-6-sol", "gpt-6-sol-high"];
    const statuses: number[] = [];
    for (const model of names)
      statuses.push(
        (await scene.ask({ path: "/v1/responses", key: secret, body: { ...turn, model } })).status,
      );
    const body = { ...chat, model: "openai/gpt-6-sol-low" };
    statuses.push((await scene.ask({ path: "/v1/chat/completions", key: secret, body })).status);
    statuses.push((await scene.ask({ path: "/v1/chat/completions", key: secret, body })).status);
    // Also by the name that stands in the limit.
    const other = { ...turn, model: "o/m" };
    statuses.push((await scene.ask({ path: "/v1/responses", key: secret, body: other })).status);
    statuses.push((await scene.ask({ path: "/v1/responses", key: secret, body: other })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 200, 429]);
    const sent = scene.fake.received.map(({ body: bytes }) => JSON.parse(bytes.toString()).model);
    expect(sent).toEqual([...Array<string>(4).fill("gpt-6-sol"), "m"]);
  });

  test("fifty at once on the last request of a limit: exactly one passes", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { limits: ["requests=1/5h"] });
    const asked = Array.from({ length: 50 }, () =>
      scene.ask({ path: "/v1/responses", key: secret, body: turn }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });

  test.each([
    [1, "one request"],
    [2, "2 requests"],
  ])("more than %d at the same time: 429, to be tried again in a second", async (parallel, words) => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", silent);
    const { secret } = await scene.key("ci", { parallel });
    const ask = () => scene.begin({ path: "/v1/responses", key: secret, body: turn });
    const running = Array.from({ length: parallel }, ask);
    await scene.fake.arrival(parallel);
    const refused = await ask().answer;
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"]);
    expect(errorOf(refused)["message"]).toContain(`may run ${words} at the same time`);
    await scene.gateway.close();
    await Promise.all(running.map(({ answer }) => answer.catch(() => undefined)));
  });

  test("to Codex a used up limit is the form that it shows with its time", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { limits: ["requests=0/day"] });
    const answer = await scene.ask({ path: "/v1/responses", key: secret, headers: codex, body: turn });
    expect(answer.status).toBe(429);
    expect(errorOf(answer)).toMatchObject({ type: "usage_limit_reached", code: "rate_limit_exceeded" });
    expect(answer.headers["retry-after"]).toBeUndefined();
  });

  test("tokens and cost are charged as the answer says, once", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { limits: ["tokens=1000/day", "cost=1usd/week"] });
    await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    const usage = JSON.parse((await scene.ask({ method: "GET", path: "/v1/usage", key: secret })).text) as {
      limits: { used: number }[];
    };
    // 8 x 2 + 3 x .2 + 5 x 10, in millionths, rounded up.
    expect(usage.limits.map(({ used }) => used)).toEqual([16, 0.000_067]);
  });

  test("a client that leaves before the end is charged all the same", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(sse(created(), delta("x")));
    });
    const { secret, key } = await scene.key("ci", { limits: ["tokens=100000/day"] });
    const begun = scene.begin({ path: "/v1/responses", key: secret, body: turn });
    await begun.firstByte;
    begun.abort();
    const used = async () => {
      const [row] = await scene.database.query(`select body from documents where id = $1`, [key.id]);
      const state = JSON.parse(String(row?.["body"])) as {
        tickets: object;
        counters: Record<string, { used: number }>;
      };
      return Object.keys(state.tickets).length === 0 ? (state.counters["tokens/day"]?.used ?? 0) : -1;
    };
    await expect.poll(used).toBeGreaterThan(2_000);
  });

  test("a request that no account could serve is given back", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", refuses(429, errorBody("usage_limit_reached", { resets_in_seconds: 3600 })));
    const { secret } = await scene.key("ci", { limits: ["requests=5/day"] });
    const answer = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect([answer.status, errorOf(answer)["code"]]).toEqual([503, "no_accounts"]);
    const usage = JSON.parse((await scene.ask({ method: "GET", path: "/v1/usage", key: secret })).text) as {
      limits: { used: number }[];
    };
    expect(usage.limits[0]?.used).toBe(0);
  });
});

describe("what upstream says", () => {
  test("all accounts limited: 503 no_accounts with the reset and the plan", async () => {
    const scene = await GatewayScene.open(["a", "b"]);
    for (const id of ["acct-a", "acct-b"]) {
      scene.fake.always(id, refuses(429, errorBody("usage_limit_reached", { resets_in_seconds: 3600 })));
    }
    const { secret } = await scene.key("ci");
    const answer = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect(answer.status).toBe(503);
    expect(errorOf(answer)).toMatchObject({
      type: "server_error",
      code: "no_accounts",
      resets_at: expect.any(Number) as number,
    });
    expect(answer.headers["x-should-retry"]).toBe("false");
  });

  test("an unreachable upstream: 503 upstream_error", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", resets);
    const { secret } = await scene.key("ci");
    const answer = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect([answer.status, errorOf(answer)]).toMatchObject([
      503,
      { type: "server_error", code: "upstream_error" },
    ]);
  });

  test("a refusal that can be read keeps status, message, type and code", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always(
      "acct-a",
      refuses(400, {
        error: {
          message: "no such field",
          type: "invalid_request_error",
          code: "unknown_parameter",
          param: "x",
        },
      }),
    );
    const { secret } = await scene.key("ci");
    const answer = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect([answer.status, errorOf(answer)]).toMatchObject([
      400,
      { message: "no such field", code: "unknown_parameter", param: "x" },
    ]);
  });

  test("what the backend of Codex does not take is left out, and what nobody can read upstream refuses", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const wishes = {
      temperature: 0,
      top_p: 1,
      max_output_tokens: 5,
      user: "me",
      metadata: {},
      truncation: "auto",
    };
    await scene.ask({ path: "/v1/responses", key: secret, body: { ...turn, ...wishes } });
    const sent = JSON.parse(scene.fake.received[0]?.body.toString() ?? "{}") as object;
    expect(Object.keys(sent).filter((name) => Object.hasOwn(wishes, name))).toEqual([]);
    scene.fake.always("acct-a", refuses(400, errorBody("invalid_input")));
    for (const more of [{ input: 5 }, { background: true }]) {
      const answer = await scene.ask({ path: "/v1/responses", key: secret, body: { ...turn, ...more } });
      expect([answer.status, errorOf(answer)["code"]]).toEqual([400, "invalid_input"]);
    }
  });

  test("an error that nobody can read is 502 upstream_error, whatever its status", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    for (const status of [400, 404, 418]) {
      scene.fake.always("acct-a", refuses(status, "<html>teapot</html>"));
      for (const path of ["/v1/responses", "/v1/chat/completions"]) {
        const answer = await scene.ask({ path, key: secret, body: path.includes("chat") ? chat : turn });
        expect([answer.status, errorOf(answer)["code"]]).toEqual([502, "upstream_error"]);
      }
    }
  });

  test("an answer that is collected into one document tells the limits and upstream's request, too", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { limits: ["requests=4/day"] });
    scene.fake.always("acct-a", (response) => {
      const headers = { "content-type": "text/event-stream", "x-request-id": "r", "set-cookie": "a=b" };
      response.writeHead(200, headers).end(sse(created(), delta("x"), completed()));
    });
    for (const path of ["/v1/responses", "/v1/chat/completions"]) {
      const body = path.includes("chat") ? chat : { ...turn, stream: false };
      const { status, headers } = await scene.ask({ path, key: secret, body });
      expect([status, headers["x-request-id"], headers["set-cookie"]]).toEqual([200, "r", undefined]);
      expect(headers["x-ratelimit-limit-requests"]).toBe("4");
    }
  });

  test("the model of a transcription may stand behind the sound", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const part = (name: string, value: string) =>
      `--b\r\ncontent-disposition: form-data; ${name}\r\n\r\n${value}\r\n`;
    const sound = part('name="file"; filename="a.wav"', "x".repeat(3_000_000));
    for (const [model, status] of [
      ["gpt-4o-transcribe", 501],
      ["nonsense", 400],
    ] as const) {
      const body = `${sound}${part('name="model"', model)}--b--\r\n`;
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      const answer = await scene.ask({ path: "/v1/audio/transcriptions", key: secret, headers, body });
      expect([model, answer.status]).toEqual([model, status]);
    }
  });

  test("a key's client sees its own limits, never the quota of an account", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", (response) => {
      const quota = {
        "x-codex-primary-used-percent": "97",
        "x-ratelimit-remaining-requests": "1",
        "set-cookie": "a=b",
      };
      response
        .writeHead(200, { "content-type": "text/event-stream", "x-request-id": "r", ...quota })
        .end(sse(created(), delta("x"), completed()));
    });
    const { secret } = await scene.key("ci", { limits: ["requests=4/5h"] });
    const { headers } = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect(headers["x-codex-primary-used-percent"]).toBe("25");
    expect(headers["x-ratelimit-remaining-requests"]).toBe("3");
    expect([headers["set-cookie"], headers["x-request-id"]]).toEqual([undefined, "r"]);
  });

  // The AI SDK takes no event for one that has no number, and hides what it says.
  test("the end that we make of a stream is numbered as its events are", async () => {
    const lastOf = async (...events: readonly object[]) => {
      const scene = await GatewayScene.open(["a"]);
      const { secret } = await scene.key("ci");
      scene.fake.next("acct-a", streams(...events));
      const { text } = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
      return JSON.parse(text.trim().split("data: ").at(-1) ?? "") as Record<string, unknown>;
    };
    const said = { ...delta('"sequence_number":99'), sequence_number: 7 };
    const failed = { type: "response.failed", response: { error: { code: "upstream_error" } } };
    expect(await lastOf({ ...created(), sequence_number: 0 }, said)).toMatchObject({
      ...failed,
      sequence_number: 8,
    });
    const plain = await lastOf(created(), delta("x"));
    expect([plain["type"], "sequence_number" in plain]).toEqual(["response.failed", false]);
  });

  test("a turn state that was given to one key is not passed on for another", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.next("acct-a", (response) => {
      response
        .writeHead(200, { "content-type": "text/event-stream", "x-codex-turn-state": "state-1" })
        .end(sse(created(), delta("x"), completed()));
    });
    const [one, other] = [await scene.key("one"), await scene.key("other")];
    await scene.ask({ path: "/v1/responses", key: one.secret, headers: codex, body: turn });
    for (const { secret } of [one, other]) {
      await scene.ask({
        path: "/v1/responses",
        key: secret,
        headers: { ...codex, "x-codex-turn-state": "state-1" },
        body: turn,
      });
    }
    expect(scene.fake.received.slice(1).map(({ headers }) => headers["x-codex-turn-state"])).toEqual([
      "state-1",
      undefined,
    ]);
  });

  test("a key for one account is served by that account alone", async () => {
    const scene = await GatewayScene.open(["a", "b"]);
    const { pool } = await scene.store.read();
    const [first] = pool.accounts;
    const { secret } = await scene.key("ci", { accounts: [first?.id ?? ""] });
    for (let round = 0; round < 3; round += 1)
      await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect(new Set(scene.fake.asked).size).toBe(1);
  });

  const packings = [
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ] as const;
  test.each(packings)(
    "a body in %s is understood, and one that unpacks without end is refused",
    async (name, pack) => {
      const scene = await GatewayScene.open(["a"]);
      const { secret } = await scene.key("ci");
      const packed = pack(JSON.stringify(turn));
      const headers = { "content-encoding": name };
      const answer = await scene.ask({ path: "/v1/responses", key: secret, headers, body: packed });
      const bomb = await scene.ask({
        path: "/v1/responses",
        key: secret,
        headers,
        body: pack(Buffer.alloc(80 * 1024 * 1024)),
      });
      expect([answer.status, bomb.status]).toEqual([200, 413]);
    },
  );
});

describe("chat completions", () => {
  test("a stream is chunks that end with [DONE], a document is one answer", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const streamed = await scene.ask({
      path: "/v1/chat/completions",
      key: secret,
      body: { ...chat, stream: true },
    });
    const whole = await scene.ask({ path: "/v1/chat/completions", key: secret, body: chat });
    expect(streamed.text.trim().endsWith("data: [DONE]")).toBe(true);
    expect(streamed.text).toContain('"content":"hel"');
    expect(JSON.parse(whole.text)).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { content: "hello" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 11, completion_tokens: 5 },
    });
  });

  test("a failure before the first byte is a status, after it an error chunk and [DONE]", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    scene.fake.next("acct-a", streams(created(), fails("bio_policy")));
    const before = await scene.ask({ path: "/v1/chat/completions", key: secret, body: chat });
    scene.fake.next("acct-a", streams(created(), delta("x"), fails("server_error")));
    const after = await scene.ask({
      path: "/v1/chat/completions",
      key: secret,
      body: { ...chat, stream: true },
    });
    expect(before.status).toBeGreaterThanOrEqual(400);
    expect([after.status, after.text.includes('"error"'), after.text.trim().endsWith("[DONE]")]).toEqual([
      200,
      true,
      true,
    ]);
  });
});

test.each([true, false])("silence in the middle of a chat answer ends it; stream: %s", async (stream) => {
  const scene = await GatewayScene.open(["a"], { limits: { pollMs: 60_000, holdMs: 0, idleMs: 200 } });
  const { secret } = await scene.key("ci");
  scene.fake.always("acct-a", (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(sse(created(), delta("x")));
  });
  const answer = await scene.ask({ path: "/v1/chat/completions", key: secret, body: { ...chat, stream } });
  if (!stream) return expect([answer.status, errorOf(answer)["code"]]).toEqual([502, "upstream_error"]);
  expect(answer.text).toContain('"code":"upstream_error"');
  expect(answer.text.trim().endsWith("data: [DONE]")).toBe(true);
});

describe("management", () => {
  test("keys are made with 201, read, changed, rotated and revoked, and each answer is documented", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret: admin } = await scene.key("boss", { role: "admin" });
    const made = await scene.ask({
      path: "/api/keys",
      key: admin,
      body: { name: "ci", limits: ["requests=5/day"] },
    });
    expect(made.status).toBe(201);
    const key = JSON.parse(made.text) as { id: string; secret: string };
    const path = `/api/keys/${key.id}`;
    const read = await scene.ask({ method: "GET", path, key: admin });
    const edited = await scene.ask({ method: "PATCH", path, key: admin, body: { models: ["gpt-6-sol"] } });
    const rotated = await scene.ask({ path: `${path}/rotate`, key: admin });
    const revoked = await scene.ask({ method: "DELETE", path, key: admin });
    const unknown = await scene.ask({ method: "GET", path: "/api/keys/key_none", key: admin });
    expect([read, edited, rotated, revoked, unknown].map(({ status }) => status)).toEqual([
      200, 200, 201, 204, 404,
    ]);
    expect(JSON.parse(read.text)).not.toHaveProperty("secret");
    expect(JSON.parse(edited.text)).toMatchObject({ models: ["gpt-6-sol"], limits: ["requests=5/day"] });
    expect((JSON.parse(rotated.text) as { secret: string }).secret).not.toBe(key.secret);
  });

  const bad: [body: object | string, status: number, param: string | undefined][] = [
    ["{", 400, undefined],
    [{}, 400, "name"],
    [{ name: 5 }, 422, "name"],
    [{ name: "ci", role: "king" }, 422, "role"],
    [{ name: "ci", limits: ["requests=1/day", "requests=x/day"] }, 422, "limits.1"],
    [{ name: "ci", limits: ["requests=1/day", "requests=2/day"] }, 422, "limits"],
    [{ name: "ci", nonsense: true }, 400, "nonsense"],
    [{ name: "boss" }, 422, "name"],
  ];
  test.each(bad)("%j is refused with its parameter", async (body, status, param) => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("boss", { role: "admin" });
    const answer = await scene.ask({ path: "/api/keys", key: secret, body });
    expect([answer.status, errorOf(answer)["param"]]).toEqual([status, param]);
  });

  test("an admin key asks no models", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("boss", { role: "admin" });
    for (const [path, body] of [
      ["/v1/responses", turn],
      ["/v1/chat/completions", chat],
    ] as const) {
      const answer = await scene.ask({ path, key: secret, body });
      expect([answer.status, errorOf(answer)["code"]]).toEqual([403, "insufficient_permissions"]);
    }
  });
});

test("without its database, a key with limits is refused at once, and one without goes on for a while", async () => {
  const scene = await GatewayScene.open(["a"]);
  const [limited, free] = [
    await scene.key("limited", { limits: ["requests=5/day"] }),
    await scene.key("free"),
  ];
  for (const { secret } of [limited, free])
    await scene.ask({ path: "/v1/responses", key: secret, body: turn });
  await scene.database.change(`alter table documents rename to elsewhere`);
  await scene.database.change(`alter table api_keys rename to nowhere`);
  const answers = await Promise.all(
    [limited, free].map(({ secret }) => scene.ask({ path: "/v1/responses", key: secret, body: turn })),
  );
  expect(answers.map(({ status }) => status)).toEqual([503, 200]);
  expect(answers[0] && errorOf(answers[0])).toMatchObject({ type: "server_error", code: "server_error" });
  await scene.database.change(`alter table elsewhere rename to documents`);
  await scene.database.change(`alter table nowhere rename to api_keys`);
});

test.each([
  ["/v1/responses", (deep: string) => `{"model":"gpt-6-sol","input":${deep}}`],
  [
    "/v1/chat/completions",
    (deep: string) =>
      `{"model":"gpt-6-sol","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":${deep}}}}]}`,
  ],
])(
  "a body that is nested deeper than the stack, or has more fields than any request, is %s's 400, and no fault of the gateway's",
  async (path, bodyOf) => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const wide = Array.from({ length: 50_000 }, (_, at) => `"f${at}":1`).join(",");
    const bodies = [
      bodyOf(`${"[".repeat(100_000)}${"]".repeat(100_000)}`),
      // A second of the processor, and longer the longer it is, for JSON.parse.
      bodyOf("[".repeat(5_000_000)),
      bodyOf("1").replace("{", `{${wide},`),
    ];
    for (const body of bodies) {
      const answer = await scene.ask({ path, key: secret, body });
      expect([answer.status, errorOf(answer)["message"]]).toEqual([
        400,
        "The request body is nested too deep, or has too many fields.",
      ]);
    }
    expect(scene.gateway.status()).toMatchObject({ inFlight: 0, problem: null });
    expect(scene.fake.received).toEqual([]);
  },
);

test("a web page in the place of an answer is told as what it is", async () => {
  const scene = await GatewayScene.open(["a"]);
  scene.fake.always("acct-a", refuses(200, "<html>Just a moment...</html>"));
  const { secret } = await scene.key("ci");
  const answer = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
  expect(answer.status).toBe(502);
  expect(errorOf(answer)).toEqual({
    message: "OpenAI answered 200 with a web page.",
    type: "server_error",
    code: "upstream_error",
  });
});

test("a body that is packed in another way is refused with the ways that there are", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const headers = { "content-encoding": "br" };
  const answer = await scene.ask({ path: "/v1/responses", key: secret, headers, body: turn });
  expect([answer.status, errorOf(answer)["message"]]).toEqual([
    400,
    "The request body cannot be unpacked: send it as it is, or as Content-Encoding gzip, deflate or zstd.",
  ]);
});

test("a silent upstream does not keep the gateway from closing", async () => {
  const scene = await GatewayScene.open(["a"]);
  scene.fake.always("acct-a", silent);
  const { secret } = await scene.key("ci");
  const begun = scene.begin({ path: "/v1/responses", key: secret, body: turn });
  await scene.fake.arrival(1);
  await scene.gateway.close();
  await expect(begun.answer).rejects.toThrow();
});

test("a gateway that is asked to end says so to its balancer, and serves until that has looked elsewhere", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const closing = scene.gateway.close({ graceMs: 5_000, lingerMs: 1_000 });
  const ready = await scene.ask({ method: "GET", path: "/health/ready" });
  const late = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
  expect([ready.status, late.status, late.headers.connection]).toEqual([503, 200, "close"]);
  await closing;
  await expect(scene.ask({ method: "GET", path: "/health/ready" })).rejects.toThrow();
});
