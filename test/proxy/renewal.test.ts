import * as fs from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { refreshAccount } from "../../src/auth/refresh.ts";
import type { RefreshNeed, RefreshOutcome } from "../../src/auth/refresh-outcome.ts";
import { currentProcess } from "../../src/store/process-identity.ts";
import { FakeOpenAI } from "../support/fake-openai.ts";
import { errorBody, goodStream, refuses } from "../support/fake-responses.ts";
import type { Scene } from "../support/fake-responses.ts";
import { ProxyScene } from "../support/proxy-scene.ts";

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
    expect(scene.fake.asked).toEqual([first, first, second]);
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
  expect((await scene.accountOf(first)).flag).toMatchObject({ reason: "used-elsewhere" });
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
