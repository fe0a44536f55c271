import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeLink } from "../../../src/gateway/admin/sessions.ts";
import { revokeKey } from "../../../src/gateway/keys/client-keys.ts";
import { completed, created, cutsAfter, delta, sse, type Scene } from "../../support/openai/responses.ts";
import { errorOf, GatewayScene, type Asked } from "../../support/gateway-scene.ts";
import { leastMs } from "../../support/least-time.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const chat = { model: "gpt-6-sol", messages: [{ role: "user", content: "hello" }] };
const responses = "/v1/responses";
const codex = { "user-agent": "codex_exec/0.171.0", originator: "codex_exec" };

/** One zstd frame that says "so many zeros" in few bytes: a block of four for each 128 KiB. */
function zstdBomb(megabytes: number): Buffer {
  const blocks = megabytes * 8;
  const size = 128 * 1024;
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  const block = (isLast: boolean) => {
    const header = (size << 3) | (1 << 1) | (isLast ? 1 : 0);
    return Buffer.from([header & 255, (header >> 8) & 255, (header >> 16) & 255, 0x20]);
  };
  return Buffer.concat([head, ...Array.from({ length: blocks }, (_, at) => block(at === blocks - 1))]);
}

/** JSON as a zstd frame of one raw block. */
function zstd(value: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(value));
  const header = (bytes.length << 3) | 1;
  const block = Buffer.from([header & 255, (header >> 8) & 255, (header >> 16) & 255]);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]), block, bytes]);
}

/** Begins well and then waits. */
const endless: Scene = (response) => {
  response.writeHead(200, { "content-type": "text/event-stream" }).write(sse(created(), delta("x")));
};

describe("nobody comes in by lying about where they are", () => {
  const lies: [what: string, headers: Record<string, string>, status: number][] = [
    ["a foreign Host", { host: "evil.test" }, 404],
    [
      "a foreign Host that says it was forwarded for us",
      { host: "evil.test", "x-forwarded-host": "127.0.0.1" },
      404,
    ],
    ["a foreign Host in Forwarded", { host: "evil.test", forwarded: "for=127.0.0.1;host=localhost" }, 404],
    ["a foreign Host that begins with this machine", { host: "127.0.0.1.evil.test" }, 404],
    ["a foreign Host that begins with its name", { host: "localhost.evil.test:80" }, 404],
    ["a foreign Host that holds the number of this machine", { host: "evil.test:127.0.0.1" }, 404],
    ["an Origin", { origin: "http://127.0.0.1" }, 404],
  ];
  test.each(lies)("%s, even with a good key", async (_, headers, status) => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    expect((await scene.ask({ path: responses, key: secret, headers, body: turn })).status).toBe(status);
    expect(scene.fake.received).toEqual([]);
  });

  test("behind a public address its name counts, and none that holds it", async () => {
    const scene = await GatewayScene.open(["a"], { publicUrl: new URL("https://pool.example") });
    const { secret } = await scene.key("ci");
    const statusOf = async (host: string) =>
      (await scene.ask({ path: responses, key: secret, headers: { host }, body: turn })).status;
    expect(await statusOf("POOL.example")).toBe(200);
    const foreign = [
      "evilpool.example",
      "x.pool.example",
      "pool.example.evil.test",
      "pool.example:81",
      "evil.test",
    ];
    for (const host of foreign) expect([host, await statusOf(host)]).toEqual([host, 404]);
  });

  test("without a key no header opens the door, and none of them reaches OpenAI", async () => {
    const scene = await GatewayScene.open(["a"]);
    const headers = {
      "x-forwarded-for": "127.0.0.1",
      "x-real-ip": "127.0.0.1",
      "x-forwarded-proto": "https",
      forwarded: "for=127.0.0.1",
    };
    expect((await scene.ask({ path: responses, headers, body: turn })).status).toBe(401);
    const { secret } = await scene.key("ci");
    expect((await scene.ask({ path: responses, key: secret, headers, body: turn })).status).toBe(200);
    const sent = Object.keys(scene.fake.received[0]?.headers ?? {});
    expect(sent.filter((name) => /forward|real-ip/.test(name))).toEqual([]);
  });
});

/** Everything that a thief of the files would hold. */
function bytesOf(folder: string): string {
  const names = readdirSync(folder).filter((name) => name.startsWith("gateway"));
  return names.map((name) => readFileSync(join(folder, name), "latin1")).join("\n");
}

test("who steals the database finds no key, no token, no session, no prompt and no answer in it", async () => {
  const scene = await GatewayScene.open(["a"]);
  const made = [
    await scene.key("one", { limits: ["requests=9/day"] }),
    await scene.key("boss", { role: "admin" }),
  ];
  const prompt = "MARKED-PROMPT-0123456789";
  const answer = "MARKED-ANSWER-0123456789";
  scene.fake.always("acct-a", (response) => {
    const text = sse(created(), delta(answer), completed());
    response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
  });
  const secret = made[0]?.secret ?? "";
  expect(
    (await scene.ask({ path: responses, key: secret, body: { ...turn, input: prompt } })).text,
  ).toContain(answer);
  await scene.ask({ path: responses, key: `${secret}x`, body: turn });
  await scene.ask({ path: `/${secret}/v1?key=${secret}`, key: secret, body: turn });
  const link = await makeLink(scene.database);
  const unused = await makeLink(scene.database);
  const signedIn = await scene.ask({ path: "/api/session", body: { link } });
  expect(signedIn.status).toBe(201);
  const session = /=([\w-]{43});/.exec(String(signedIn.headers["set-cookie"]))?.[1] ?? "";
  expect(session).not.toBe("");
  const { pool } = await scene.store.read();
  const tokens = pool.accounts.map(({ login }) => login.accessToken);
  const renewing = pool.accounts.flatMap(({ login }) =>
    "refreshToken" in login ? (login.refreshToken ?? []) : [],
  );
  await scene.gateway.close();
  const stolen = bytesOf(dirname(scene.database.place));
  expect(stolen).toContain("key_");
  const given = [...made.map((each) => each.secret), unused, session];
  const secrets = [...given, ...tokens, ...renewing, prompt, answer];
  const forms = secrets.flatMap((text) => [
    text,
    Buffer.from(text).toString("base64"),
    Buffer.from(text).toString("hex"),
  ]);
  expect(forms.filter((text) => stolen.includes(text))).toEqual([]);
});

describe("a list of models cannot be got around", () => {
  const dear = "gpt-6-astra";
  const tricks: [what: string, asked: Asked][] = [
    ["plainly", { path: responses, body: { ...turn, model: dear } }],
    ["by compacting", { path: `${responses}/compact`, body: { ...turn, model: dear } }],
    ["in a chat", { path: "/v1/chat/completions", body: { ...chat, model: dear } }],
    [
      "in a chat in the form of the other API",
      { path: "/v1/chat/completions", body: { ...turn, model: dear } },
    ],
    [
      "packed by zstd",
      { path: responses, headers: { "content-encoding": "zstd" }, body: zstd({ ...turn, model: dear }) },
    ],
    [
      "by Codex's own path",
      { path: "/backend-api/codex/responses", headers: codex, body: { ...turn, model: dear } },
    ],
    ["in another case", { path: responses, body: { ...turn, model: "GPT-6-SOL" } }],
    ["with a blank behind it", { path: responses, body: { ...turn, model: "gpt-6-sol " } }],
    [
      "twice, the good one first",
      { path: responses, body: `{"model":"gpt-6-sol","input":"x","stream":true,"model":"${dear}"}` },
    ],
  ];
  test.each(tricks)("%s", async (_, asked) => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci", { models: ["gpt-6-sol"] });
    const answer = await scene.ask({ ...asked, key: secret });
    expect([answer.status === 403 || answer.status === 400, answer.text]).toEqual([
      true,
      expect.stringContaining("model_not_allowed") as string,
    ]);
    expect(scene.fake.received).toEqual([]);
  });

  const lies: [what: string, asked: Asked][] = [
    [
      "a header that names another",
      { path: responses, headers: { ...codex, "x-codex-model": dear, "openai-model": dear }, body: turn },
    ],
    [
      "two models, the good one last",
      { path: responses, body: `{"model":"${dear}","input":"x","stream":true,"model":"gpt-6-sol"}` },
    ],
    [
      "two models, by Codex",
      {
        path: responses,
        headers: codex,
        body: `{"model":"${dear}","input":"x","stream":true,"model":"gpt-6-sol"}`,
      },
    ],
    [
      "two models, compacted by another client",
      { path: `${responses}/compact`, body: `{"model":"${dear}","input":[],"model":"gpt-6-sol"}` },
    ],
    [
      "a key that escapes its letters",
      { path: responses, headers: codex, body: `{"\\u006dodel":"${dear}","input":"x","model":"gpt-6-sol"}` },
    ],
  ];
  const wishes = [{ models: ["gpt-6-sol"] }, { limits: [`cost=1usd/day@${dear}`] }];
  test.each(lies)("%s: what reaches OpenAI is what was looked at", async (_, asked) => {
    for (const wish of wishes) {
      const scene = await GatewayScene.open(["a"]);
      const { secret } = await scene.key("ci", wish);
      expect((await scene.ask({ ...asked, key: secret })).status).toBe(200);
      const [sent] = scene.fake.received;
      expect([
        sent?.body.toString().includes(dear),
        JSON.stringify(sent?.body.toString()).match(/gpt-6/g)?.length,
      ]).toEqual([false, 1]);
    }
  });

  test("an answer by a dearer model than was asked for is charged as what it is", async () => {
    const scene = await GatewayScene.open(["a"]);
    const answered = { ...completed(), response: { ...completed().response, model: dear } };
    scene.fake.always("acct-a", (response) => {
      response
        .writeHead(200, { "content-type": "text/event-stream" })
        .end(sse(created(), delta("x"), answered));
    });
    const { secret } = await scene.key("ci", { limits: ["cost=1usd/day"] });
    await scene.ask({ path: responses, key: secret, body: turn });
    const usage = JSON.parse((await scene.ask({ method: "GET", path: "/v1/usage", key: secret })).text) as {
      limits: { used: number }[];
    };
    // As gpt-6-sol it would have been 67 millionths.
    expect(usage.limits[0]?.used).toBeGreaterThan(0.000_3);
  });
});

describe("an answer by a model that the key may not use", () => {
  const createdBy = (model: string) => ({ ...created(), response: { ...created().response, model } });
  const answersBy =
    (model: string): Scene =>
    (response) =>
      void response
        .writeHead(200, { "content-type": "text/event-stream" })
        .end(sse(createdBy(model), delta("DEAR-ANSWER"), completed()));
  const ways: [what: string, asked: Asked, status: number][] = [
    ["as a stream", { path: responses, body: turn }, 403],
    ["as a document", { path: responses, body: { ...turn, stream: false } }, 403],
    ["to Codex, in a form that it shows", { path: responses, headers: codex, body: turn }, 400],
    ["in a chat", { path: "/v1/chat/completions", body: chat }, 403],
    ["in a chat as a stream", { path: "/v1/chat/completions", body: { ...chat, stream: true } }, 403],
  ];
  test.each(ways)("is not shown %s, and is charged", async (_, asked, status) => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", answersBy("gpt-6-astra"));
    const { secret } = await scene.key("ci", { models: ["gpt-6-sol"], limits: ["tokens=100000/day"] });
    const answer = await scene.ask({ ...asked, key: secret });
    expect([answer.status, answer.text.includes("model_not_allowed")]).toEqual([status, true]);
    expect(answer.text).toContain("OpenAI answered with the model gpt-6-astra");
    expect(answer.text).not.toContain("DEAR-ANSWER");
    const usage = JSON.parse((await scene.ask({ method: "GET", path: "/v1/usage", key: secret })).text) as {
      limits: { used: number }[];
    };
    expect(usage.limits[0]?.used).toBeGreaterThan(2_000);
    await scene.gateway.close();
    expect(await scene.database.query(`select status, code from requests`)).toMatchObject([
      { status, code: "model_not_allowed" },
    ]);
  });

  const fine: [what: string, told: string, models: string[] | undefined][] = [
    ["the one that was asked for", "gpt-6-sol", ["gpt-6-sol"]],
    ["its version of a day", "gpt-6-sol-2026-04-23", ["gpt-6-sol"]],
    ["another one of the list", "gpt-6-luna", ["gpt-6-sol", "gpt-6-luna"]],
    ["any, for a key without a list", "gpt-6-astra", undefined],
  ];
  test.each(fine)("is none when it is %s", async (_, told, models) => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", answersBy(told));
    const { secret } = await scene.key("ci", models ? { models } : {});
    const answer = await scene.ask({ path: responses, key: secret, body: turn });
    expect([answer.status, answer.text.includes("DEAR-ANSWER")]).toEqual([200, true]);
  });
});

describe("the limits of an account are not told inside a stream", () => {
  const quota = { type: "codex.rate_limits", rate_limits: { primary: { used_percent: 97.25 } } };
  const late = { rate_limits: { primary: { used_percent: 97.25 } }, type: "codex.rate_limits" };
  const said = { type: "response.output_text.delta", delta: "codex.rate_limits" };
  const whole = sse(quota, created(), said, quota, late, delta("x"), completed(), quota);
  const sizes = [whole.length, 1, 50, 333];
  test.each(sizes)("in pieces of %i bytes", async (pieceBytes) => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let at = 0; at < whole.length; at += pieceBytes) {
        response.write(whole.slice(at, at + pieceBytes));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const { secret } = await scene.key("ci");
    for (const headers of [codex, {}]) {
      const { text } = await scene.ask({ path: responses, key: secret, headers, body: turn });
      expect(text).toBe(sse(created(), said, delta("x"), completed()));
    }
  });
});

describe("leaving early is not free", () => {
  test("an answer that OpenAI cuts is charged as far as it is known, and never with less than was held", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", cutsAfter(sse(created(), delta("x"))));
    const { secret } = await scene.key("ci", { limits: ["tokens=100000/day"] });
    await scene.ask({ path: responses, key: secret, body: turn });
    const usage = JSON.parse((await scene.ask({ method: "GET", path: "/v1/usage", key: secret })).text) as {
      limits: { used: number }[];
    };
    expect(usage.limits[0]?.used).toBeGreaterThan(2_000);
  });
});

test("a page of somebody else is told nothing, whoever signed in, and cannot show ours in a frame", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("boss", { role: "admin" });
  const asked = { method: "GET", path: "/api/keys", key: secret };
  expect((await scene.ask(asked)).status).toBe(200);
  for (const origin of ["https://evil.test", "null"])
    expect((await scene.ask({ ...asked, headers: { origin } })).status).toBe(404);
  const page = await scene.ask({ method: "GET", path: "/", headers: { accept: "text/html" } });
  expect(String(page.headers["content-security-policy"])).toContain("frame-ancestors 'none'");
});

test("a cookie goes over TLS only where the page is reached by it, and never to another page or a script", async () => {
  const scene = await GatewayScene.open(["a"], { publicUrl: new URL("https://pool.example") });
  const cookieAt = async (host: string) => {
    const body = { link: await makeLink(scene.database) };
    const headers = { host, origin: `https://${host}` };
    const { status, headers: told } = await scene.ask({ path: "/api/session", headers, body });
    expect(status).toBe(201);
    return String(told["set-cookie"]).split("; ").slice(1);
  };
  const always = ["Path=/", "HttpOnly", "SameSite=Strict", expect.stringMatching(/^Max-Age=4/) as string];
  expect(await cookieAt("pool.example")).toEqual([...always, "Secure"]);
  expect(await cookieAt("127.0.0.1:1234")).toEqual(always);
});

test("who leaves before OpenAI has said a word is charged with what was held", async () => {
  const scene = await GatewayScene.open(["a"]);
  scene.fake.always("acct-a", () => undefined);
  const { secret, key } = await scene.key("ci", { limits: ["tokens=100000/day"] });
  const begun = scene.begin({ path: responses, key: secret, body: turn });
  await scene.fake.arrival(1);
  begun.abort();
  await begun.answer.catch(() => undefined);
  const used = async () => {
    const [row] = await scene.database.query(`select body from documents where id = $1`, [key.id]);
    const state = JSON.parse(String(row?.["body"])) as {
      tickets: object;
      counters: Record<string, { used: number }>;
    };
    return Object.keys(state.tickets).length > 0 ? null : state.counters["tokens/day"]?.used;
  };
  await expect.poll(used).toBeGreaterThan(2_000);
});

describe("what an account's answer says of its quota and its cookies stays with us", () => {
  const told = {
    "x-codex-primary-used-percent": "97.25",
    "x-codex-credits-balance": "97.25",
    "x-ratelimit-remaining-requests": "97.25",
    "set-cookie": "account=97.25",
    "retry-after": "9725",
  };
  const ways: [what: string, asked: Asked, status: number][] = [
    ["a stream", { path: responses, body: turn }, 200],
    ["a stream to Codex", { path: responses, headers: codex, body: turn }, 200],
    ["a document", { path: responses, body: { ...turn, stream: false } }, 200],
    ["a chat", { path: "/v1/chat/completions", body: chat }, 200],
    ["a chat as a stream", { path: "/v1/chat/completions", body: { ...chat, stream: true } }, 200],
    ["the list of models", { method: "GET", path: "/v1/models" }, 200],
    ["the list of models for Codex", { method: "GET", path: "/v1/models", headers: codex }, 200],
    ["a refusal", { path: responses, body: turn }, 400],
    ["a refusal to Codex", { path: responses, headers: codex, body: turn }, 400],
  ];
  test.each(ways)("%s", async (_, asked, status) => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", (response, { path }) => {
      const isList = path.includes("/models");
      const type = isList || status === 400 ? "application/json" : "text/event-stream";
      const error = { error: { message: "no", type: "invalid_request_error", code: "bad" } };
      const text = isList ? '{"models":[]}' : sse(created(), delta("x"), completed());
      response
        .writeHead(status, { "content-type": type, ...told })
        .end(status === 400 ? JSON.stringify(error) : text);
    });
    const { secret } = await scene.key("ci");
    const answer = await scene.ask({ ...asked, key: secret });
    expect(answer.status).toBe(status);
    expect(scene.fake.received.length).toBeGreaterThan(0);
    expect(Object.entries(answer.headers).filter((pair) => /97\.?25/.test(String(pair)))).toEqual([]);
  });
});

test("of two keys neither learns anything of the other, on any route", async () => {
  const scene = await GatewayScene.open(["a"]);
  const wish = { limits: ["requests=50/week", "tokens=1m/5h"], models: ["gpt-6-sol"] };
  const [mine, theirs] = [await scene.key("mine", wish), await scene.key("theirs", wish)];
  scene.fake.always("acct-a", (response) => {
    const headers = {
      "content-type": "text/event-stream",
      "x-codex-primary-used-percent": "97",
      "x-codex-credits-balance": "12",
    };
    response
      .writeHead(200, { ...headers, "set-cookie": "account=a" })
      .end(sse(created("resp_mine"), delta("SAID-TO-MINE"), completed("resp_mine")));
  });
  for (let round = 0; round < 3; round += 1)
    await scene.ask({
      path: responses,
      key: mine.secret,
      headers: codex,
      body: { ...turn, prompt_cache_key: "same" },
    });
  scene.fake.always("acct-a", (response) => {
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .end(sse(created("resp_2"), delta("hello"), completed("resp_2")));
  });
  const asked: Asked[] = [
    { path: responses, body: turn },
    { path: responses, headers: codex, body: { ...turn, prompt_cache_key: "same" } },
    { path: responses, body: { ...turn, stream: false } },
    { path: "/v1/chat/completions", body: chat },
    { method: "GET", path: "/v1/usage" },
    { method: "GET", path: "/api/codex/usage" },
    { method: "GET", path: "/v1/models" },
    { method: "GET", path: "/v1/responses/resp_mine" },
    { method: "GET", path: "/api/keys" },
    { method: "GET", path: `/api/keys/${mine.key.id}` },
    { method: "GET", path: "/api/requests" },
    { method: "GET", path: "/api/usage" },
    { method: "GET", path: "/api/audit" },
    { method: "GET", path: "/metrics" },
    { method: "DELETE", path: `/api/keys/${mine.key.id}` },
  ];
  for (const each of asked) {
    const { text, headers } = await scene.ask({ ...each, key: theirs.secret });
    const all = `${text}\n${JSON.stringify(headers)}`;
    const leaks = [
      mine.key.id,
      mine.key.prefix,
      mine.secret,
      "SAID-TO-MINE",
      "resp_mine",
      "account=a",
      '"97"',
      "credits-balance",
    ];
    expect([each.path, leaks.filter((leak) => all.includes(leak))]).toEqual([each.path, []]);
  }
  const usage = JSON.parse(
    (await scene.ask({ method: "GET", path: "/v1/usage", key: theirs.secret })).text,
  ) as { limits: { used: number }[] };
  expect(usage.limits[0]?.used).toBe(4);
});

describe("a key that is taken back", () => {
  test("opens nothing a second later, while what it began goes on", async () => {
    const scene = await GatewayScene.open(["a"]);
    const closedAfterMs = async (number: number) => {
      scene.fake.next("acct-a", endless);
      const { secret, key } = await scene.key(`ci-${number}`);
      const begun = scene.begin({ path: responses, key: secret, body: turn });
      await begun.firstByte;
      await revokeKey(scene.database, key, "test");
      const from = performance.now();
      const status = async () => (await scene.ask({ path: responses, key: secret, body: turn })).status;
      await expect.poll(status, { interval: 20 }).toBe(401);
      const ms = performance.now() - from;
      expect(begun.received()).not.toContain("failed");
      begun.abort();
      return ms;
    };
    expect(await leastMs(1_000, closedAfterMs)).toBeLessThan(1_000);
  });

  const ways: [what: string, asked: Asked, last: RegExp][] = [
    [
      "a turn with response.failed",
      { path: responses, body: turn },
      /event: response\.failed\ndata: .*"code":"invalid_api_key".*\n\n$/,
    ],
    [
      "a chat with an error chunk and [DONE]",
      { path: "/v1/chat/completions", body: { ...chat, stream: true } },
      /data: \{"error":.*"code":"invalid_api_key".*\n\ndata: \[DONE\]\n\n$/,
    ],
  ];
  test.each(ways)("with --now, within a second, ends %s, and is charged for it", async (_, asked, last) => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", endless);
    const endedAfterMs = async (number: number) => {
      const { secret, key } = await scene.key(`ci-${number}`, { limits: ["tokens=100000/day"] });
      const begun = scene.begin({ ...asked, key: secret });
      await begun.firstByte;
      const from = performance.now();
      await revokeKey(scene.database, key, "test", { isNow: true });
      expect((await begun.answer).text).toMatch(last);
      const ms = performance.now() - from;
      const sql = `select body from documents where kind = 'usage' and id = $1`;
      const [row] = await scene.database.query(sql, [key.id]);
      expect(JSON.parse(String(row?.["body"]))).toMatchObject({ tickets: {} });
      return ms;
    };
    expect(await leastMs(1_000, endedAfterMs)).toBeLessThan(1_000);
    // The account has no part in it.
    const other = await scene.key("other");
    scene.fake.always(
      "acct-a",
      (response) =>
        void response
          .writeHead(200, { "content-type": "text/event-stream" })
          .end(sse(created(), completed())),
    );
    expect((await scene.ask({ path: responses, key: other.secret, body: turn })).status).toBe(200);
  });

  test("with --now, before the answer has begun, is told 401", async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.always("acct-a", () => undefined);
    const { secret, key } = await scene.key("ci");
    const begun = scene.begin({ path: responses, key: secret, body: turn });
    await scene.fake.arrival(1);
    await revokeKey(scene.database, key, "test", { isNow: true });
    const answer = await begun.answer;
    expect([answer.status, errorOf(answer)["code"]]).toEqual([401, "invalid_api_key"]);
  });
});

test("200 MB in 6 kB of zstd are refused before they are there", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  const bomb = zstdBomb(200);
  expect(bomb.length).toBeLessThan(7_000);
  const before = process.memoryUsage().rss;
  const headers = { "content-encoding": "zstd" };
  const answer = await scene.ask({ path: responses, key: secret, headers, body: bomb });
  expect(answer.status).toBe(413);
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
  const good = await scene.ask({ path: responses, key: secret, headers, body: zstd(turn) });
  expect(good.status).toBe(200);
});
