import * as fs from "node:fs";
import { expect, test } from "vitest";
import { errorBody, refuses } from "../../support/openai/responses.ts";
import { ProxyScene, workspaceOf } from "../../support/proxy-scene.ts";
import { homeWith, storeOf } from "../../support/store-home.ts";

const inAnHour = { resets_at: Math.floor(Date.now() / 1000) + 3600 };
const limited = refuses(429, errorBody("usage_limit_reached", inAnHour));

// Other conversations, so that no account is kept for its prompt cache.
const turn = (name: string) => ({ headers: { "thread-id": name, "session-id": name } });

test("an account that another process pauses or removes gets no further request", async () => {
  const scene = await ProxyScene.open(["a", "b", "c"]);
  const [first = "", second = "", third = ""] = await scene.order();
  await scene.post();
  await scene.change(first, (account) => (account.pausedAt = new Date().toISOString()));
  await scene.post();
  await scene.change(second, (account, { pool }) => pool.accounts.splice(pool.accounts.indexOf(account), 1));
  await scene.post();
  expect(scene.fake.asked).toEqual([first, second, third]);
});

test("an account that another process adds or resumes serves the next request", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.always("acct-a", limited);
  expect((await scene.post()).status).toBe(429);
  await scene.logIn("b");
  expect((await scene.post()).status).toBe(200);
  await scene.change("acct-b", (account) => (account.pausedAt = new Date().toISOString()));
  expect((await scene.post()).status).toBe(429);
  await scene.change("acct-b", (account) => (account.pausedAt = null));
  expect((await scene.post()).status).toBe(200);
  expect(scene.fake.asked).toEqual(["acct-a", "acct-b", "acct-b"]);
});

test("a token that another process renews is used for the next request", async () => {
  const scene = await ProxyScene.open(["a"]);
  await scene.post();
  await scene.logIn("a", { issuedAt: Math.floor(Date.now() / 1000) + 5 });
  await scene.post();
  const [before, after] = scene.fake.received.map(({ token }) => token);
  expect(after).not.toBe(before);
  expect(after).toBe((await scene.accountOf("acct-a")).login.accessToken);
});

test("a flagged account is passed over, and serves again when the flag is gone", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  await scene.change(first, (account) => {
    account.flag = { reason: "revoked", since: new Date().toISOString(), evidence: null };
  });
  await scene.post(turn("1"));
  await scene.change(first, (account) => (account.flag = null));
  await scene.post(turn("2"));
  expect(scene.fake.asked).toEqual([second, first]);
});

test("a store that cannot be read for a while takes no account away", async () => {
  const scene = await ProxyScene.open(["a"]);
  const pool = fs.readFileSync(scene.home.paths.poolFile);
  fs.writeFileSync(scene.home.paths.poolFile, "{ torn");
  expect((await scene.post()).status).toBe(200);
  expect(scene.proxy.status().problem).toContain("cannot be read");
  fs.writeFileSync(scene.home.paths.poolFile, pool);
  await scene.post();
  expect(scene.proxy.status().problem).toBe(null);
});

test("what is learnt is merged into what other processes wrote, and no account is ever removed", async () => {
  const scene = await ProxyScene.open(["a", "b"], { limits: { writeEveryMs: 20 } });
  const [first = "", second = ""] = await scene.order();
  const otherId = await scene.idOf(second);
  const limit = {
    limitId: "codex",
    window: "primary",
    usedPercent: 42,
    windowMinutes: 300,
    resetsAtMs: Date.now() + 3_600_000,
    observedAtMs: Date.now(),
    source: "usage",
  } as const;
  await storeOf(scene.home).updateUsage((usage) =>
    usage.set(otherId, { limits: [limit], availability: null }),
  );
  scene.fake.next(first, limited);
  await scene.post();
  const firstId = await scene.idOf(first);
  await expect.poll(() => scene.store.usage().get(firstId)?.availability?.block?.kind).toBe("exhausted");
  expect(scene.store.usage().get(otherId)?.limits).toEqual([limit]);
  await scene.change(first, (account, { pool }) => pool.accounts.splice(pool.accounts.indexOf(account), 1));
  await scene.logIn("c");
  await scene.post();
  await scene.proxy.close();
  const names = (await scene.store.read()).pool.accounts.map(workspaceOf).toSorted();
  expect(names).toEqual(["acct-c", second].toSorted());
});

test("a limit that another process saw lifted is lifted here", async () => {
  const scene = await ProxyScene.open(["a"]);
  scene.fake.next("acct-a", limited);
  expect((await scene.post()).status).toBe(429);
  const id = await scene.idOf("acct-a");
  const fresh = {
    limitId: "codex",
    window: "primary",
    usedPercent: 3,
    windowMinutes: 300,
    resetsAtMs: Date.now() + 18_000_000,
    observedAtMs: Date.now() + 1,
    source: "usage",
  } as const;
  await storeOf(scene.home).updateUsage((usage) => usage.set(id, { limits: [fresh], availability: null }));
  expect((await scene.post()).status).toBe(200);
});

test("the ids of sessions that were served are kept for the attribution of their logs", async () => {
  const scene = await ProxyScene.open(["a"]);
  await scene.post({ headers: { "session-id": "sess-x", "thread-id": "thread-x" } });
  await scene.post({ headers: { "session-id": "sess-x", "thread-id": "thread-y" } });
  await scene.proxy.close();
  expect([...scene.store.proxiedSessions()].toSorted()).toEqual(["sess-x", "thread-x", "thread-y"]);
});

test("a request touches no file", async () => {
  let calls = 0;
  const counting = new Proxy(fs, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== "function") return found;
      return (...args: unknown[]) => {
        calls += 1;
        return Reflect.apply(found, target, args) as unknown;
      };
    },
  });
  const home = await homeWith(["a", "b", "c"]);
  const store = storeOf(home, { fs: counting });
  const limits = { pollMs: 60_000, writeEveryMs: 60_000 };
  const scene = await ProxyScene.open(["a", "b", "c"], { store, limits });
  expect(calls).toBeGreaterThan(0);
  await scene.post();
  calls = 0;
  scene.fake.next((await scene.order())[0] ?? "", limited);
  calls = 0;
  for (let round = 0; round < 50; round += 1) await scene.post();
  expect(calls).toBe(0);
  await scene.proxy.close();
  expect(calls).toBeGreaterThan(0);
});

test("an account is shown with the plan that the usage endpoint named since its token was issued", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [, second = ""] = await scene.order();
  const news = { atMs: Date.now() + 5000, plan: "pro", credits: null, hasWindows: true };
  const id = await scene.idOf(second);
  await storeOf(scene.home).updateUsage((usage) => usage.set(id, { limits: [], availability: null, news }));
  await scene.post();
  expect(scene.proxy.status().accounts.find((each) => each.id === id)?.plan).toBe("pro");
});
