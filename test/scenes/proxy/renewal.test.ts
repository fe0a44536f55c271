import * as fs from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import type { RefreshNeed, RefreshOutcome } from "../../../src/auth/renew/need.ts";
import { refreshAccount } from "../../../src/auth/renew/refresh.ts";
import { currentProcess } from "../../../src/machine/processes.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { errorBody, goodStream, refuses, type Scene } from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const expired: Scene = refuses(401, errorBody("token_expired"));

/** Accounts of an issuer whose refresh tokens work once, renewed by the real protocol. */
async function renewableScene(names: readonly string[], { expiresInSec = 3600 } = {}) {
  const issuer = await FakeOpenAI.start();
  onTestFinished(() => issuer.close());
  const needs: RefreshNeed["kind"][] = [];
  let renew: (id: string, need: RefreshNeed) => Promise<RefreshOutcome> = () =>
    Promise.reject(new Error("early"));
  const scene = await ProxyScene.open([], { renew: (id, need) => renew(id, need) });
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  renew = (id, need) => {
    needs.push(need.kind);
    const { store } = scene;
    const env = { CODEX_AUTH_ISSUER: issuer.url };
    const effects = { fetch, now: Date.now, sleep, env, fs, store, self: currentProcess };
    return refreshAccount({ ...effects, processes: () => [], isCancelled: () => false }, id, need);
  };
  const issuedAt = Math.floor(Date.now() / 1000) - 60;
  for (const name of names) {
    const who = { email: `${name}@example.com`, userId: `user-${name}`, accountId: `acct-${name}` };
    await scene.adopt(issuer.issuer.issue({ ...who, issuedAt, expiresInSec }));
  }
  const newest = async (name: string) => {
    const kept = (await scene.accountOf(`acct-${name}`)).login.refreshToken;
    return { kept, issued: issuer.issuer.newestToken(`${name}@example.com`) };
  };
  return { scene, issuer: issuer.issuer, needs, newest };
}

const refused = ["token_expired", "token_invalidated", "token_revoked", "invalid_api_key", "something_new"];

// Some names of a 401 were read as the end of the login, and set the account aside without one renewal.
test.each(refused)(
  "401 %s is renewed once and the same account answers; no 401 is passed on",
  async (code) => {
    const { scene, issuer, needs, newest } = await renewableScene(["m"]);
    scene.fake.next("acct-m", refuses(401, errorBody(code)));
    const answer = await scene.post();
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: goodStream() });
    const [before, after] = scene.fake.received.map(({ token }) => token);
    expect(after).not.toBe(before);
    expect(needs).toEqual(["rejected"]);
    expect({ refreshes: issuer.refreshes, reuses: issuer.reuses }).toEqual({ refreshes: 1, reuses: 0 });
    const { kept, issued } = await newest("m");
    expect(kept).toBe(issued);
  },
);

test("thirty requests that are refused at the same time renew once", async () => {
  const { scene, issuer } = await renewableScene(["m"]);
  const old = (await scene.accountOf("acct-m")).login.accessToken;
  scene.fake.always("acct-m", (response, received) => {
    if (received.token === old) return expired(response, received);
    response.writeHead(200, { "content-type": "text/event-stream" }).end(goodStream());
  });
  const answers = await Promise.all(Array.from({ length: 30 }, () => scene.post()));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
  expect({ refreshes: issuer.refreshes, reuses: issuer.reuses }).toEqual({ refreshes: 1, reuses: 0 });
});

test.each(refused)(
  "an account whose new token is refused with %s too rests for a while, and the next one answers",
  async (code) => {
    const { scene, issuer } = await renewableScene(["m", "n"]);
    const [first = "", second = ""] = await scene.order();
    scene.fake.always(first, refuses(401, errorBody(code)));
    expect((await scene.post()).text).toBe(goodStream());
    await expect.poll(() => issuer.refreshes).toBe(1);
    await expect
      .poll(async () => {
        await scene.post({ headers: { "thread-id": `t${Math.random()}` } });
        return scene.fake.asked.filter((name) => name === first).length;
      })
      .toBe(2);
    expect(scene.fake.asked.slice(0, 2)).toEqual([first, second]);
    expect(issuer.refreshes).toBe(1);
    const state = scene.proxy
      .status()
      .accounts.find(({ email }) => email === `${first.replace("acct-", "")}@example.com`);
    expect(state).toMatchObject({ state: "cooling", reason: "login refused" });
    expect((await scene.accountOf(first)).flag).toBe(null);
  },
);

test("when the only account is refused for good, Codex gets no 401 but one text", async () => {
  const { scene } = await renewableScene(["m"]);
  scene.fake.always("acct-m", expired);
  const answer = await scene.post();
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("auth-failure");
});

test("an account whose refresh token is used up is flagged by the protocol, and the next one answers", async () => {
  const { scene, issuer } = await renewableScene(["m", "n"]);
  const [first = "", second = ""] = await scene.order();
  issuer.refresh((await scene.accountOf(first)).login.refreshToken);
  scene.fake.next(first, expired);
  expect((await scene.post()).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual([first, second]);
  await expect
    .poll(async () => (await scene.accountOf(first)).flag)
    .toMatchObject({ reason: "used-elsewhere" });
});

test("an access token that has ended is renewed before it is sent", async () => {
  const { scene, needs } = await renewableScene(["m"], { expiresInSec: 30 });
  expect((await scene.post()).status).toBe(200);
  expect(needs).toEqual(["expiring"]);
  expect(scene.fake.received.map(({ token }) => token)).toEqual([
    (await scene.accountOf("acct-m")).login.accessToken,
  ]);
});

test("an access token that ends soon serves meanwhile", async () => {
  const { scene, needs, newest } = await renewableScene(["m"], { expiresInSec: 300 });
  const old = (await scene.accountOf("acct-m")).login.accessToken;
  expect((await scene.post()).status).toBe(200);
  expect(scene.fake.received.map(({ token }) => token)).toEqual([old]);
  await scene.proxy.close();
  expect(needs).toEqual(["expiring"]);
  const { kept, issued } = await newest("m");
  expect(kept).toBe(issued);
});

/** Accounts whose renewals wait until they are told to end, as for a Codex that is to renew itself. */
async function slowRenewals(names: readonly string[], more: object = {}) {
  const needs: string[] = [];
  let finish: () => void = () => undefined;
  const told = new Promise<void>((resolve) => (finish = resolve));
  const scene = await ProxyScene.open(names, {
    renew: async (id, need) => {
      needs.push(need.kind);
      await told;
      const { pool } = await scene.store.read();
      const account = pool.accounts.find((each) => each.id === id);
      const name = account?.login.email?.split("@")[0] ?? "";
      await scene.logIn(name, { issuedAt: Math.floor(Date.now() / 1000) + 60 });
      return { kind: "ready", how: "renewed" };
    },
    ...more,
  });
  return { scene, needs, finish };
}

// The turn stood still for twelve seconds: the renewal waits for a Codex that never sees the 401.
test("while a refused token is renewed the next ready account answers at once, that request and the others", async () => {
  const { scene, needs, finish } = await slowRenewals(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  scene.fake.next(first, expired);
  expect((await scene.post()).text).toBe(goodStream());
  for (const name of ["2", "3"])
    expect((await scene.post({ headers: { "thread-id": name } })).status).toBe(200);
  expect(scene.fake.asked).toEqual([first, second, second, second]);
  expect(needs).toEqual(["rejected"]);
  const old = scene.fake.received[0]?.token;
  finish();
  await expect
    .poll(async () => {
      await scene.post({ headers: { "thread-id": `t${Math.random()}` } });
      return scene.fake.received.some(({ accountId, token }) => accountId === first && token !== old);
    })
    .toBe(true);
  expect(needs).toEqual(["rejected"]);
  expect(scene.proxy.status().accounts.map(({ state }) => state)).toEqual(["ready", "ready"]);
});

test("while an ended token is renewed the next ready account answers, and nobody else is renewed", async () => {
  const { scene, needs, finish } = await slowRenewals(["a", "b", "c"]);
  const order = await scene.order();
  const [first = "", second = "", third = ""] = order;
  for (const each of [first, second])
    await scene.logIn(each.replace("acct-", ""), {
      issuedAt: Math.floor(Date.now() / 1000) + 2,
      expiresInSec: -60,
    });
  expect((await scene.post()).text).toBe(goodStream());
  expect([scene.fake.asked, needs]).toEqual([[third], ["expiring"]]);
  finish();
});

test("a renewal is waited for when nobody else is ready", async () => {
  const { scene, finish } = await slowRenewals(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  await scene.change(second, (account) => (account.pausedAt = new Date().toISOString()));
  scene.fake.next(first, expired);
  const answer = scene.post();
  await scene.fake.arrival(1);
  await expect.poll(() => scene.proxy.status().decisions[0]?.kind).toBe("wait");
  finish();
  expect((await answer).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual([first, first]);
});

test("a renewal that fails is booked once, however many requests wait for it", async () => {
  let fail: () => void = () => undefined;
  const failing = new Promise<never>((_, reject) => {
    fail = () => reject(new Error("the issuer is down"));
  });
  failing.catch(() => undefined);
  const scene = await ProxyScene.open(["a"], { renew: () => failing, limits: { holdMs: 10 } });
  scene.fake.always("acct-a", expired);
  const all = Array.from({ length: 20 }, () => scene.post());
  await scene.fake.arrival(1);
  await expect.poll(() => scene.proxy.status().decisions[0]?.kind).toBe("wait");
  fail();
  for (const { status } of await Promise.all(all)) expect(status).not.toBe(401);
  const { returnsAtMs } = scene.proxy.status().accounts[0] ?? {};
  expect((returnsAtMs ?? Infinity) - Date.now()).toBeLessThanOrEqual(3000);
});
