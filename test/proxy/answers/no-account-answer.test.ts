import { expect, test } from "vitest";
import { errorBody, goodStream, refuses, resets } from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const nowSec = Math.floor(Date.now() / 1000);
const hint = "Run: codex auth rotation status";

test("when every account has reached its limit, Codex is told the earliest return and asks once", async () => {
  const scene = await ProxyScene.open(["a", "b", "c"]);
  const [first = "", second = "", third = ""] = await scene.order();
  scene.fake.always(first, refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 7200 })));
  scene.fake.always(second, refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 3600 })));
  scene.fake.always(third, refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 9000 })));
  const answer = await scene.post();
  expect(answer.status).toBe(429);
  expect(answer.headers["retry-after"]).toBeUndefined();
  expect(answer.headers["x-codex-promo-message"]).toBe(hint);
  const { error } = JSON.parse(answer.text);
  expect(error).toMatchObject({
    type: "usage_limit_reached",
    code: "codex_runtime_rotation_pool_exhausted",
    reason: "rate-limit",
    resets_at: nowSec + 3600,
    plan_type: "plus",
    hint,
  });
  expect(Number.isInteger(error.resets_in_seconds)).toBe(true);
  expect(Object.values(error.account_skip_reasons)).toEqual([
    "limit reached",
    "limit reached",
    "limit reached",
  ]);
  expect(scene.fake.asked.toSorted()).toEqual([first, second, third].toSorted());
  scene.fake.received.length = 0;
  expect((await scene.post()).status).toBe(429);
  expect(scene.fake.asked).toEqual([]);
});

test("a return that nobody named is not told as a time; one that was named is, also when it is later", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  scene.fake.always("acct-a", refuses(429, errorBody("usage_limit_reached", {})));
  scene.fake.always("acct-b", refuses(429, errorBody("usage_limit_reached", {})));
  const { error } = JSON.parse((await scene.post()).text);
  expect([error.reason, error.resets_at, error.resets_in_seconds]).toEqual([
    "rate-limit",
    undefined,
    undefined,
  ]);
  const other = await ProxyScene.open(["a", "b"]);
  other.fake.always("acct-a", refuses(429, errorBody("usage_limit_reached", {})));
  other.fake.always("acct-b", refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 9000 })));
  expect(JSON.parse((await other.post()).text).error.resets_at).toBe(nowSec + 9000);
});

test("an account that comes back within the hold is waited for", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", refuses(429, {}, { "retry-after": "1" }));
  expect((await scene.post()).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual(["acct-a", "acct-a"]);
});

test("when upstream is down, the answer says so after the hold", async () => {
  const scene = await ProxyScene.open(["a", "b"], { limits: { holdMs: 10 } });
  scene.fake.always("acct-a", refuses(500, errorBody("server_error")));
  scene.fake.always("acct-b", refuses(500, errorBody("server_error")));
  const answer = await scene.post();
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.text).error).toMatchObject({ reason: "server-error" });
});

test("when nothing answers, the answer says so", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  scene.fake.always("acct-a", resets);
  const answer = await scene.post();
  expect(answer.status).toBe(503);
});

test("when no plan includes the request, waiting is not suggested and Codex asks once", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  scene.fake.always("acct-a", refuses(404, errorBody("usage_not_included")));
  scene.fake.always("acct-b", refuses(404, errorBody("usage_not_included")));
  const codex = await scene.post();
  expect({ status: codex.status, type: codex.headers["content-type"], text: codex.text }).toEqual({
    status: 400,
    type: "text/plain; charset=utf-8",
    text: "upstream says usage_not_included",
  });
});

test("another client is told the documented 403", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.always("acct-a", refuses(404, errorBody("usage_not_included")));
  const answer = await scene.post({ headers: { "user-agent": "curl/8", originator: "me" } });
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.text).error).toMatchObject({
    type: "entitlement_error",
    code: "usage_not_included",
  });
});

test("without an account Codex is told to log in and asks once; other clients get 503", async () => {
  const scene = await ProxyScene.open([]);
  const codex = await scene.post();
  expect(codex.status).toBe(400);
  expect(codex.text).toContain("codex auth login");
  const other = await scene.post({ headers: { "user-agent": "curl/8", originator: "me" } });
  expect(other.status).toBe(503);
  expect(JSON.parse(other.text).error.code).toBe("no_accounts");
});

test("a pin on an account that was removed, or moved into a database, says so", async () => {
  const scene = await ProxyScene.open(["a"], { pin: { accountId: "acc_gone", source: "--pin" } });
  const codex = await scene.post();
  expect([codex.status, codex.text]).toEqual([
    400,
    expect.stringMatching(/not in the pool any more.*moved into a database.*codex auth gateway accounts/s),
  ]);
  const other = await scene.post({ headers: { "user-agent": "curl/8", originator: "me" } });
  expect([other.status, JSON.parse(other.text).error]).toMatchObject([
    503,
    { code: "codex_pinned_account_unavailable", message: expect.stringContaining("moved into a database") },
  ]);
  expect(scene.fake.asked).toEqual([]);
});

test("a pin is kept: no other account is asked, and its return is told", async () => {
  const pinned = await ProxyScene.open(["a", "b"]);
  const accountId = await pinned.idOf("acct-b");
  const scene = await ProxyScene.open(["a", "b"], { pin: { accountId, source: "--account" } });
  expect((await scene.post()).status).toBe(200);
  scene.fake.always(
    "acct-b",
    refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 60 * 60 })),
  );
  const answer = await scene.post();
  expect(answer.status).toBe(429);
  expect(JSON.parse(answer.text).error).toMatchObject({
    code: "codex_pinned_account_unavailable",
    pin_source: "--account",
    reset_at: nowSec + 3600,
  });
  expect(new Set(scene.fake.asked)).toEqual(new Set(["acct-b"]));
});
