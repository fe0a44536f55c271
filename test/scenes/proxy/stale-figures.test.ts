import { expect, test } from "vitest";
import {
  completed,
  created,
  delta,
  errorBody,
  goodStream,
  refuses,
  sse,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const minuteMs = 60_000;
const nowSec = Math.floor(Date.now() / 1000);
const limited = refuses(429, errorBody("usage_limit_reached", { resets_at: nowSec + 5 * 86_400 }));

/** What the usage endpoint says: so much of five hours and of a week is used. */
function usage(short: number, week: number, more: object = {}) {
  const window = (used_percent: number, seconds: number) => ({
    used_percent,
    limit_window_seconds: seconds,
    reset_after_seconds: seconds / 2,
    reset_at: nowSec + seconds / 2,
  });
  const windows = { primary_window: window(short, 18_000), secondary_window: window(week, 604_800) };
  const isFull = short >= 100 || week >= 100;
  return {
    plan_type: "plus",
    rate_limit: { allowed: !isFull, limit_reached: isFull, ...windows, ...more },
  };
}

/** Every account was refused, some time ago. */
async function limitedScene(names: readonly string[], more: object = {}) {
  let nowMs = Date.now();
  const scene = await ProxyScene.open(names, { now: () => nowMs, limits: { holdMs: 10 }, ...more });
  for (const each of await scene.order()) scene.fake.next(each, limited);
  expect((await scene.post()).status).toBe(429);
  scene.fake.received.length = 0;
  scene.fake.usageAsked.length = 0;
  const pass = (ms: number) => void (nowMs += ms);
  pass(minuteMs * 30);
  return { scene, pass };
}

// It stayed refused for five days, until somebody ran check.
test("accounts whose limits were reset early serve again, after one free question", async () => {
  const { scene } = await limitedScene(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  scene.fake.usage.set(first, usage(100, 100));
  scene.fake.usage.set(second, usage(3, 1));
  expect((await scene.post()).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual([second]);
  expect(scene.fake.usageAsked.toSorted()).toEqual([first, second].toSorted());
});

test("while figures say the same, an account is asked once a minute, however many are refused", async () => {
  const { scene, pass } = await limitedScene(["a"]);
  scene.fake.usage.set("acct-a", usage(40, 100));
  const refuseAll = async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => scene.post()));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([429]));
  };
  await refuseAll();
  pass(59_000);
  await refuseAll();
  expect(scene.fake.usageAsked).toEqual(["acct-a"]);
  pass(2000);
  await refuseAll();
  expect(scene.fake.usageAsked).toEqual(["acct-a", "acct-a"]);
  expect(scene.fake.asked).toEqual([]);
});

test.each([
  ["nothing", undefined],
  ["no report", { detail: "x" }],
  ["that nothing more is allowed, whatever the percents", usage(40, 40, { allowed: false })],
  ["that a limit is reached, whatever the percents", usage(40, 40, { limit_reached: true })],
])("a usage endpoint that says %s lifts no refusal", async (_, said) => {
  const { scene } = await limitedScene(["a"]);
  if (said) scene.fake.usage.set("acct-a", said);
  expect((await scene.post()).status).toBe(429);
  expect([scene.fake.asked, scene.fake.usageAsked]).toEqual([[], ["acct-a"]]);
});

test("an account that has just refused the request itself is not asked", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  scene.fake.next("acct-a", limited);
  expect((await scene.post()).status).toBe(429);
  expect(scene.fake.usageAsked).toEqual([]);
});

test("accounts that are paused, or not meant, are not asked", async () => {
  const { scene } = await limitedScene(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  await scene.change(first, (account) => (account.pausedAt = new Date().toISOString()));
  expect((await scene.post()).status).toBe(429);
  expect(scene.fake.usageAsked).toEqual([second]);
});

test("a new turn is not refused for the sake of others before the figures were asked for", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  const used = { "x-codex-primary-used-percent": "97", "x-codex-primary-window-minutes": "300" };
  const headers = {
    "content-type": "text/event-stream",
    ...used,
    "x-codex-primary-reset-at": String(nowSec + 3600),
  };
  scene.fake.next(
    "acct-a",
    (response) => void response.writeHead(200, headers).write(sse(created(), delta("x"))),
  );
  const running = scene.begin();
  await running.firstByte;
  scene.fake.usage.set("acct-a", usage(2, 1));
  const other = { "thread-id": "other", "session-id": "other" };
  expect((await scene.post({ headers: other })).text).toContain(completed().type);
  expect([scene.fake.usageAsked, scene.proxy.status().deferred]).toEqual([["acct-a"], 0]);
  running.abort();
});
