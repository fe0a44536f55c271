import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { ExecScene, until } from "../../support/exec-scene.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { TestHome } from "../../support/home.ts";

const email = "b@example.com";

/** A pool of one account that is not live, whose token is due for renewal twelve seconds from now. */
async function openAlmostExpired() {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  const home = new TestHome();
  const issuedAt = Math.floor(Date.now() / 1000);
  const login = fake.issuer.issue({ email, issuedAt, expiresInSec: 612 });
  await home.run(["import", home.write("b.json", login)]);
  const scene = new ExecScene(home);
  const start = (script: string, afterwards = ":") =>
    scene.start(script, { selector: email, env: { CODEX_AUTH_ISSUER: fake.url }, afterwards });
  return { fake, home, start, oldToken: login.tokens.access_token };
}

test("three commands of one account get a renewed lease while they run, for one refresh", async () => {
  const { fake, home, start, oldToken } = await openAlmostExpired();
  const running = await Promise.all([start(":"), start(":"), start(":")]);
  expect(running.map((each) => each.auth().tokens.access_token)).toEqual([oldToken, oldToken, oldToken]);
  await until(() => running.every((each) => each.auth().tokens.access_token !== oldToken));
  const leases = running.map((each) => each.auth());
  expect(leases.map(({ tokens }) => tokens.refresh_token)).toEqual(["", "", ""]);
  expect(new Set(leases.map(({ tokens }) => tokens.access_token)).size).toBe(1);
  expect(await Promise.all(running.map((each) => each.finish()))).toEqual([0, 0, 0]);
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(home.read("codex-auth/pool.json")).toContain(`"${fake.issuer.newestToken(email)}"`);
  expect(running.map((each) => each.stderr())).toEqual(["", "", ""]);
});

test("a login that was removed inside does not come back with the renewal", async () => {
  const { fake, home, start } = await openAlmostExpired();
  const running = await start("rm $CODEX_HOME/auth.json");
  await until(
    () =>
      home.read("codex-auth/pool.json").includes(`"${fake.issuer.newestToken(email)}"`) &&
      fake.issuer.refreshes > 0,
  );
  expect(await running.finish()).toBe(0);
  expect(existsSync(`${running.path}/auth.json`)).toBe(false);
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
});

test("a renewal that fails leaves the lease, and is told after the command, whose code counts", async () => {
  const { fake, home, start, oldToken } = await openAlmostExpired();
  fake.routes.refresh = () => ({ status: 503, body: "busy" });
  const running = await start(":", "sleep 1; exit 4");
  await until(() => home.read("codex-auth/pool.json").includes('"backing-off"'));
  expect(running.auth().tokens.access_token).toBe(oldToken);
  expect(await running.finish()).toBe(4);
  expect(running.stderr()).toContain("The access token could not be renewed while the command ran: ");
});
