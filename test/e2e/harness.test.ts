import { expect, test } from "vitest";
import { forgeAuthJson } from "../support/forge.ts";
import { versions } from "./install.mjs";
import { AppServer, readAccount } from "./support/app-server.ts";
import { codexVersion, runCodex, runTurn } from "./support/codex.ts";
import { readAuthJson, startFake, temporaryHome } from "./support/home.ts";

// What the other files rely on: the real Codex, a forged login and the fake OpenAI work together.
const email = "a@example.com";

test.each(versions)("codex %s accepts a forged login", async (version) => {
  const home = temporaryHome(forgeAuthJson());
  const { status, stderr } = await runCodex(version, ["login", "status"], { home });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "Logged in using ChatGPT\n" });
});

test.each(versions)("codex %s says when nobody is logged in", async (version) => {
  const { status, stderr } = await runCodex(version, ["login", "status"], { home: temporaryHome() });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "Not logged in\n" });
});

test.each(versions)("the app-server of codex %s names the e-mail of the login", async (version) => {
  const home = temporaryHome(forgeAuthJson({ email }));
  expect(await readAccount(version, await startFake(), home)).toMatchObject({ account: { email } });
});

test.each(versions)("codex %s saves the new refresh token when it is told to refresh", async (version) => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email }));
  await readAccount(version, fake, home, { refresh: true });
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(readAuthJson(home).tokens.refresh_token).toBe(fake.issuer.newestToken(email));
});

test("a turn completes offline, without a refresh", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email }));
  expect(await runTurn(codexVersion, fake, home)).toMatchObject({ status: 0, stdout: "hello\n" });
  expect({ refreshes: fake.count("refresh"), turns: fake.count("turn") }).toEqual({ refreshes: 0, turns: 1 });
});

test("a turn with an expired access token refreshes exactly once and saves the new token", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email, expiresInSec: -60 }));
  expect(await runTurn(codexVersion, fake, home)).toMatchObject({ status: 0, stdout: "hello\n" });
  expect({ refreshes: fake.count("refresh"), turns: fake.count("turn") }).toEqual({ refreshes: 1, turns: 1 });
  expect(readAuthJson(home).tokens.refresh_token).toBe(fake.issuer.newestToken(email));
});

test("a turn waits for a refresh whose answer is late, and asks no second time", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email, expiresInSec: -60 }));
  const answer = fake.hold("refresh");
  const turn = runTurn(codexVersion, fake, home);
  await answer.arrived;
  setTimeout(answer.release, 300);
  expect(await turn).toMatchObject({ status: 0 });
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
});

test("a turn with a spent refresh token is counted as a reuse", async () => {
  const fake = await startFake();
  const stale = fake.issuer.issue({ email, expiresInSec: -60 });
  fake.issuer.refresh(stale.tokens.refresh_token);
  await runTurn(codexVersion, fake, temporaryHome(stale));
  expect(fake.issuer.reuses).toBeGreaterThan(0);
});

test("the app-server completes a turn offline", async () => {
  const fake = await startFake();
  const server = await AppServer.start(codexVersion, fake, temporaryHome(fake.issuer.issue({ email })));
  expect(await server.turn("hi")).toMatchObject({ turn: { status: "completed" } });
  await server.close();
  expect(fake.count("turn")).toBe(1);
});
