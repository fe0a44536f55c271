import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { ExecScene, until } from "../../support/exec-scene.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { TestHome } from "../../support/home.ts";

const email = "b@example.com";

interface Wish {
  /** Each is run by a command of its own. */
  scripts: readonly string[];
  afterwards?: string;
  prepare?: (fake: FakeOpenAI) => void;
}

/** A pool of one account that is not live, whose token is due for renewal so many seconds from now. */
async function openAlmostExpired(dueSec: number) {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  const home = new TestHome();
  const issuedAt = Math.floor(Date.now() / 1000);
  const login = fake.issuer.issue({ email, issuedAt, expiresInSec: 600 + dueSec });
  await home.run(["import", home.write("b.json", login)]);
  const isDue = () => Date.now() >= (issuedAt + dueSec) * 1000;
  return { fake, home, oldToken: login.tokens.access_token, isDue };
}

/** With commands that have started before the token was due; a busy machine needs longer for that. */
async function startAlmostExpired({ scripts, afterwards = ":", prepare = () => undefined }: Wish) {
  for (let dueSec = 12; ; dueSec *= 2) {
    const { isDue, ...scene } = await openAlmostExpired(dueSec);
    prepare(scene.fake);
    const exec = new ExecScene(scene.home);
    const options = { selector: email, env: { CODEX_AUTH_ISSUER: scene.fake.url }, afterwards };
    const running = await Promise.all(scripts.map((script) => exec.start(script, options)));
    const first = running.map((each) => (existsSync(`${each.path}/auth.json`) ? each.auth() : null));
    if (!isDue()) return { ...scene, running, first: first.map((auth) => auth?.tokens.access_token) };
    await Promise.all(running.map((each) => each.finish()));
  }
}

test("three commands of one account get a renewed lease while they run, for one refresh", async () => {
  const scripts = [":", ":", ":"];
  const { fake, home, running, first, oldToken } = await startAlmostExpired({ scripts });
  expect(first).toEqual([oldToken, oldToken, oldToken]);
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
  const { fake, home, running } = await startAlmostExpired({ scripts: ["rm $CODEX_HOME/auth.json"] });
  await until(
    () =>
      home.read("codex-auth/pool.json").includes(`"${fake.issuer.newestToken(email)}"`) &&
      fake.issuer.refreshes > 0,
  );
  expect(await running[0]?.finish()).toBe(0);
  expect(existsSync(`${running[0]?.path}/auth.json`)).toBe(false);
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
});

test("a renewal that fails leaves the lease, and is told after the command, whose code counts", async () => {
  const { home, running, oldToken } = await startAlmostExpired({
    scripts: [":"],
    afterwards: "sleep 1; exit 4",
    prepare: (fake) => (fake.routes.refresh = () => ({ status: 503, body: "busy" })),
  });
  await until(() => home.read("codex-auth/pool.json").includes('"backing-off"'));
  expect(running[0]?.auth().tokens.access_token).toBe(oldToken);
  expect(await running[0]?.finish()).toBe(4);
  expect(running[0]?.stderr()).toContain("The access token could not be renewed while the command ran: ");
});
