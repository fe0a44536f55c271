import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  delta,
  errorBody,
  fails,
  refuses,
  resets,
  type Scene,
  sse,
  streams,
} from "../../support/openai/responses.ts";
import { ProxyScene, testKey } from "../../support/proxy-scene.ts";

/** Upstream quotes what it was sent. */
const quotes =
  (status: number, code: string): Scene =>
  (response, received) => {
    const message = `${code}: Authorization was Bearer ${received.token}`;
    response.writeHead(status, {
      "content-type": "application/json",
      "x-request-id": `req ${received.token}`,
    });
    response.end(JSON.stringify({ error: { code, type: code, message } }));
  };

const quotesInStream: Scene = (response, { token }) =>
  void response.writeHead(200, { "content-type": "text/event-stream" }).end(
    sse({
      type: "response.failed",
      response: { error: { code: "server_error", message: `bad ${token}` } },
    }),
  );

const failures: readonly [name: string, scene: Scene][] = [
  ["a limit", quotes(429, "usage_limit_reached")],
  ["a slow down", quotes(429, "slow_down")],
  ["upstream trouble", quotes(503, "server_error")],
  ["a refused login", quotes(401, "token_invalidated")],
  ["a deactivated account", quotes(403, "account_deactivated")],
  ["an entitlement", quotes(403, "usage_not_included")],
  ["a page", (response, { token }) => void response.writeHead(502).end(`<html>${token}</html>`)],
  ["a failure in a stream", quotesInStream],
  ["a reset", resets],
];

test.each(failures)(
  "after %s no token and no key is in an answer, in the status or in a file of the store",
  async (_, failure) => {
    const scene = await ProxyScene.open(["a", "b"], { limits: { holdMs: 10, writeEveryMs: 1 } });
    const before = files(scene);
    const secrets = [testKey];
    for (const each of await scene.order()) {
      scene.fake.always(each, failure);
      const { login } = await scene.accountOf(each);
      secrets.push(login.accessToken, login.refreshToken, login.accessToken.split(".")[1] ?? "");
    }
    const answers = [
      await scene.post(),
      await scene.post({ headers: { "user-agent": "curl/8", originator: "" } }),
    ];
    const status = JSON.stringify(scene.proxy.status());
    await scene.proxy.close();
    expect(status).toContain('"lastError":{');
    const told = answers.map(({ text, headers }) => text + JSON.stringify(headers)).join("\n");
    // pool.json is where tokens live; whatever else the proxy has written holds none.
    const written = files(scene).filter(
      ({ name, text }) => !before.some((old) => old.name === name && old.text === text),
    );
    const everything = [
      told,
      status,
      ...written.filter(({ name }) => !/pool|backup/.test(name)).map(({ text }) => text),
    ].join("\n");
    for (const secret of secrets.flatMap(spellings)) expect(everything.includes(secret)).toBe(false);
  },
);

function spellings(secret: string): string[] {
  return [secret, Buffer.from(secret).toString("base64").slice(0, -4), encodeURIComponent(secret)];
}

function files({ home }: ProxyScene): { name: string; text: string }[] {
  return fs
    .readdirSync(home.dir, { recursive: true, encoding: "utf8" })
    .filter((name) => fs.statSync(join(home.dir, name)).isFile())
    .map((name) => ({ name, text: fs.readFileSync(join(home.dir, name), "utf8") }));
}

test("control characters of upstream do not reach the status", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  const hostile = "\u001b]52;c;evil\u0007\u202e\u200bboo";
  scene.fake.always("acct-a", refuses(503, errorBody("server_error", { message: hostile })));
  await scene.post();
  const { message } = scene.proxy.status().accounts[0]?.lastError ?? {};
  expect(message).toContain("boo");
  expect(message).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test("neither cookies nor the state of a turn travel from one account to the next", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = ""] = await scene.order();
  scene.fake.next(first, (response) => {
    const marks = { "set-cookie": "__cf=first", "x-codex-turn-state": "state-of-first" };
    response.writeHead(200, { "content-type": "text/event-stream", ...marks }).end(sse(delta("x")));
  });
  await scene.post();
  scene.fake.next(first, streams(fails("usage_limit_reached")));
  await scene.post({ headers: { cookie: "__cf=first", "x-codex-turn-state": "state-of-first" } });
  const [, same, next] = scene.fake.received;
  expect(same?.headers["x-codex-turn-state"]).toBe("state-of-first");
  expect(next?.accountId).not.toBe(first);
  expect(JSON.stringify([same, next].map((each) => each?.headers["cookie"] ?? null))).toBe("[null,null]");
  expect(JSON.stringify(next?.rawHeaders)).not.toContain("first");
});

test("the proxy listens on the loopback of IPv6 too, and there with the same guard", async () => {
  const scene = await ProxyScene.open(["a"], { host: "::1" });
  expect(scene.proxy.origin).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await scene.post()).status).toBe(200);
  expect((await scene.post({ headers: { host: "evil.test" } })).status).toBe(401);
});
