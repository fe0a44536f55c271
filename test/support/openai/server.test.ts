import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { FakeOpenAI } from "./server.ts";

const email = "a@example.com";

async function startFake(): Promise<FakeOpenAI> {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  return fake;
}

async function refresh(fake: FakeOpenAI, token: string) {
  const body = JSON.stringify({ grant_type: "refresh_token", refresh_token: token });
  const response = await fetch(`${fake.url}/oauth/token`, { method: "POST", body });
  return { status: response.status, body: await response.json() };
}

test("a refresh token works once and is then counted as reused", async () => {
  const fake = await startFake();
  const first = fake.issuer.issue({ email }).tokens.refresh_token;
  const renewed = await refresh(fake, first);
  expect(renewed).toMatchObject({ status: 200, body: { refresh_token: fake.issuer.newestToken(email) } });
  expect(await refresh(fake, first)).toMatchObject({
    status: 401,
    body: { error: { code: "refresh_token_reused" } },
  });
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 1 });
});

test("a token that was never issued is an invalid grant", async () => {
  const fake = await startFake();
  expect(await refresh(fake, "rt_other")).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
});

test("a held answer has spent the token before it goes out", async () => {
  const fake = await startFake();
  const { refresh_token: token } = fake.issuer.issue({ email }).tokens;
  const answer = fake.hold("refresh");
  const refreshing = refresh(fake, token);
  await answer.arrived;
  expect(fake.issuer.newestToken(email)).not.toBe(token);
  answer.release();
  expect(await refreshing).toMatchObject({ status: 200 });
});

test("routes can be replaced, and requests are counted by route", async () => {
  const fake = await startFake();
  fake.routes.usage = () => ({ status: 503, body: "busy" });
  const response = await fetch(`${fake.url}/backend-api/wham/usage`, {
    headers: { "chatgpt-account-id": "w1" },
  });
  expect({ status: response.status, text: await response.text() }).toEqual({ status: 503, text: "busy" });
  expect((await fetch(`${fake.url}/nowhere`)).status).toBe(404);
  expect(fake.count("usage")).toBe(1);
  expect(fake.log).toMatchObject([{ route: "usage", accountId: "w1" }, { route: undefined }]);
});

test("a bearer that matters to a test can be read by its own route", async () => {
  const fake = await startFake();
  const seen: (string | undefined)[] = [];
  fake.routes.models = ({ headers }) => {
    seen.push(headers.authorization);
    return { status: 200, body: { models: [] } };
  };
  await fetch(`${fake.url}/v1/models`, { headers: { authorization: "Bearer x" } });
  expect(seen).toEqual(["Bearer x"]);
});

test("a code works once, with the verifier that it was asked with", async () => {
  const fake = await startFake();
  const challenge = createHash("sha256").update("right").digest("base64url");
  const redirectUri = "http://127.0.0.1:1/auth/callback";
  const ask = new URLSearchParams({ code_challenge: challenge, redirect_uri: redirectUri, state: "s" });
  const exchange = async (code: string, verifier: string) => {
    const fields = {
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    };
    const response = await fetch(`${fake.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    return response.status;
  };
  const codes: string[] = [];
  for (let each = 0; each < 2; each += 1) {
    const { headers } = await fetch(`${fake.url}/oauth/authorize?${ask.toString()}`, { redirect: "manual" });
    codes.push(new URL(headers.get("location") ?? "").searchParams.get("code") ?? "");
  }
  const [first = "", second = ""] = codes;
  expect(await exchange(first, "wrong")).toBe(400);
  expect(await exchange(second, "right")).toBe(200);
  expect(await exchange(second, "right")).toBe(400);
});
