import { expect, test } from "vitest";
import { errorBody, fails, refuses, resets, type Scene, streams } from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";
import { seat } from "../../support/store-home.ts";

const nowSec = Math.floor(Date.now() / 1000);
const turn = { body: '{"model":"gpt-5.5","input":"x"}' };
const other = { ...turn, headers: { "user-agent": "curl/8", originator: "me" } };
const noChatGpt = "The 'gpt-5.5' model is not supported when using Codex with a ChatGPT account.";

/** What every account refuses with, and the code and text that a client is told. */
const refusals: readonly [name: string, scene: Scene, code: string, text: string][] = [
  [
    "404 usage_not_included",
    refuses(404, errorBody("usage_not_included")),
    "usage_not_included",
    "upstream says usage_not_included",
  ],
  [
    "400 not supported with a ChatGPT account",
    refuses(400, { detail: noChatGpt }),
    "model_not_supported_with_chatgpt_account",
    noChatGpt,
  ],
  [
    "403 model_not_allowed",
    refuses(403, errorBody("model_not_allowed")),
    "model_not_allowed",
    "upstream says model_not_allowed",
  ],
  ["402", refuses(402, errorBody("payment_required")), "payment_required", "upstream says payment_required"],
  [
    "usage_not_included inside a stream",
    streams(fails("usage_not_included")),
    "usage_not_included",
    "upstream says usage_not_included",
  ],
];

// For ten minutes after the first one Codex saw 503 "auth-failure", and people signed in again in vain.
test.each(refusals)(
  "%s: every request of the next minutes is told the same",
  async (_, refusal, code, text) => {
    const scene = await ProxyScene.open(["a", "b"]);
    scene.fake.always("acct-a", refusal);
    scene.fake.always("acct-b", refusal);
    for (let round = 0; round < 3; round += 1) {
      const answer = await scene.post(turn);
      expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([
        400,
        "text/plain; charset=utf-8",
        text,
      ]);
    }
    for (let round = 0; round < 2; round += 1) {
      const { status, text: body } = await scene.post(other);
      const { error } = JSON.parse(body);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(404);
      expect(error).toMatchObject({ code, message: text, retry_after_ms: null });
      expect(error.hint).toEqual(expect.any(String));
    }
    expect(scene.fake.asked).toHaveLength(2);
  },
);

test("a refusal of a plan is told beside a paused account and one that needs a login", async () => {
  const scene = await ProxyScene.open(["a", "b", "c"]);
  await scene.change("acct-b", (account) => (account.pausedAt = new Date().toISOString()));
  const since = new Date().toISOString();
  await scene.change("acct-c", (account) => (account.flag = { reason: "revoked", since, evidence: "" }));
  scene.fake.always("acct-a", refuses(404, errorBody("usage_not_included")));
  for (let round = 0; round < 2; round += 1) {
    const answer = await scene.post(turn);
    expect([answer.status, answer.text]).toEqual([400, "upstream says usage_not_included"]);
  }
});

test("where one account is limited and the plan of another leaves the model out, the limit is told, and why of both", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  scene.fake.always("acct-a", refuses(403, errorBody("model_not_allowed")));
  scene.fake.always("acct-b", refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 3600 })));
  for (let round = 0; round < 2; round += 1) {
    const { status, text } = await scene.post(other);
    const { error } = JSON.parse(text);
    expect(status).toBe(429);
    expect(error).toMatchObject({ reason: "rate-limit", resets_at: nowSec + 3600 });
    expect(error.account_skip_reasons).toEqual({
      [await scene.idOf("acct-a")]: "model_not_allowed",
      [await scene.idOf("acct-b")]: "limit reached",
    });
  }
});

test("another model is asked for as ever", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", refuses(403, errorBody("model_not_allowed")));
  expect((await scene.post(turn)).status).toBe(400);
  expect((await scene.post({ body: '{"model":"gpt-5.6-sol"}' })).status).toBe(200);
});

/** What keeps an account out for a moment: the next request is told the same as the first. */
const transient: readonly [name: string, scene: Scene, status: number, reason: string, code: string][] = [
  ["no connection", resets, 503, "server-error", "upstream_error"],
  ["500", refuses(500, errorBody("server_error")), 503, "server-error", "server_error"],
  ["a request to slow down", refuses(429, errorBody("slow_down")), 429, "rate-limit", "slow_down"],
  [
    "a page of a bot wall",
    refuses(403, "<html>Just a moment...</html>"),
    503,
    "server-error",
    "upstream_error",
  ],
];

test.each(transient)(
  "%s: the next request is told the same reason",
  async (_, refusal, status, reason, code) => {
    const scene = await ProxyScene.open(["a", "b"], { limits: { holdMs: 1 } });
    scene.fake.always("acct-a", refusal);
    scene.fake.always("acct-b", refusal);
    for (let round = 0; round < 2; round += 1) {
      const answer = await scene.post(other);
      const { error } = JSON.parse(answer.text);
      expect([answer.status, error.reason]).toEqual([status, reason]);
      expect(error).toHaveProperty("retry_after_ms");
      expect(error.hint).toContain("codex auth rotation status");
      expect(Object.values(error.account_skip_reasons)).toEqual([code, code]);
    }
  },
);

test("a renewal that was thrown is named, and is no reason to sign in again", async () => {
  const renew = () => Promise.reject(new Error("The disk is full."));
  const scene = await ProxyScene.open([], { renew, limits: { holdMs: 1 } });
  await scene.adopt(seat("m", { issuedAt: nowSec - 7200, expiresInSec: 3600 }));
  for (let round = 0; round < 2; round += 1) {
    const answer = await scene.post(other);
    const { error } = JSON.parse(answer.text);
    expect([answer.status, error.reason]).toEqual([503, "server-error"]);
    expect(Object.values(error.account_skip_reasons)).toEqual([
      "the login could not be renewed: The disk is full.",
    ]);
  }
  expect(scene.fake.asked).toEqual([]);
});

test("an issuer that cannot be reached is a matter of the network", async () => {
  const renew = () => Promise.resolve({ kind: "unreachable", code: "ECONNREFUSED" } as const);
  const scene = await ProxyScene.open([], { renew, limits: { holdMs: 1 } });
  await scene.adopt(seat("m", { issuedAt: nowSec - 7200, expiresInSec: 3600 }));
  const { status, text } = await scene.post(other);
  const { error } = JSON.parse(text);
  expect([status, error.reason]).toEqual([503, "network-error"]);
  expect(Object.values(error.account_skip_reasons)[0]).toContain("ECONNREFUSED");
});

const since = new Date().toISOString();
const nothingReturns: readonly [
  reason: string,
  names: readonly string[],
  flag: "revoked" | "deactivated" | null,
][] = [
  ["no-account", [], null],
  ["auth-failure", ["a", "b"], "revoked"],
  ["deactivated", ["a"], "deactivated"],
];

test.each(nothingReturns)(
  "%s is told with its reason, without a wait, and with what to type",
  async (reason, names, flag) => {
    const scene = await ProxyScene.open(names);
    for (const name of names)
      await scene.change(
        `acct-${name}`,
        (account) => (account.flag = flag && { reason: flag, since, evidence: "" }),
      );
    await expect
      .poll(() => scene.proxy.status().accounts.every(({ state }) => state === "login-needed"))
      .toBe(true);
    const { status, text } = await scene.post(other);
    expect(status).toBe(503);
    const { error } = JSON.parse(text);
    expect(error).toMatchObject({ type: "server_error", reason, retry_after_ms: null });
    expect(error.hint).toMatch(/^Run: codex auth /);
    expect(error).not.toHaveProperty("resets_at");
    const codex = await scene.post();
    expect(codex.status).toBe(400);
    expect(codex.text).toContain(reason);
    expect(codex.text).toContain("codex auth");
  },
);

test("every account paused: the reason is that no account may serve", async () => {
  const scene = await ProxyScene.open(["a"]);
  await scene.change("acct-a", (account) => (account.pausedAt = since));
  const { error } = JSON.parse((await scene.post(other)).text);
  expect(error).toMatchObject({ reason: "no-account", retry_after_ms: null });
});
