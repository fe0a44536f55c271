import { Command } from "commander";
import { expect, test } from "vitest";
import { commands } from "../../src/commands/index.ts";
import { refusal } from "../support/openai/usage.ts";
import { RenewalScene } from "../support/renewals.ts";
import { readHttp } from "../support/upstream-fixture.ts";

const dayLong = { expiresInSec: 86_400 };

async function verify(scene: RenewalScene, ...flags: string[]) {
  const { code, stdout } = await scene.run(["verify-flagged", ...flags, "--json"]);
  return { code, document: JSON.parse(stdout) };
}

async function states(scene: RenewalScene): Promise<string[]> {
  const { stdout } = await scene.succeed(["list", "--json"]);
  return JSON.parse(stdout).accounts.map(({ state }: { state: string }) => state);
}

/** An account that was set aside because its workspace was closed; then the server forgets what it did. */
async function closedOnce({ expiresInSec = 86_400 } = {}): Promise<RenewalScene> {
  const scene = await RenewalScene.open(["a", "b"], { expiresInSec });
  scene.fake.usage.answer("acct-a", readHttp("402-deactivated-workspace"));
  await scene.run(["check"]);
  expect(await states(scene)).toEqual(["flagged", "ready"]);
  scene.fake.usage.forget("acct-a");
  scene.fake.forgetRequests();
  return scene;
}

/** An account whose refresh token somebody else has used. */
async function usedElsewhere(): Promise<RenewalScene> {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.issuer.refresh(scene.fake.issuer.newestToken("a@example.com") ?? "");
  await scene.run(["check"]);
  expect(await states(scene)).toEqual(["flagged"]);
  scene.fake.forgetRequests();
  return scene;
}

test("a dry run asks nobody, changes nothing, and says what would be tested", async () => {
  const scene = await closedOnce();
  const before = scene.home.read("codex-auth/pool.json");
  const { code, document } = await verify(scene, "--dry-run");
  expect(code).toBe(0);
  expect(document).toMatchObject({
    command: "verify-flagged",
    dryRun: true,
    results: [{ outcome: "not-tested", test: "usage", account: { email: "a@example.com" }, failure: null }],
    summary: { flagged: 1, restored: 0, stillFlagged: 0, healthyNotRestored: 0, unclear: 0 },
  });
  expect(scene.fake.log).toEqual([]);
  expect(scene.home.read("codex-auth/pool.json")).toBe(before);
  expect((await scene.run(["verify-flagged", "--dry-run"])).stdout).toMatch(
    /not-tested\tits access token would be/,
  );
});

test("an account whose valid token works again is restored without a renewal", async () => {
  const scene = await closedOnce();
  const { code, document } = await verify(scene);
  expect(code).toBe(0);
  expect(document.results).toMatchObject([
    { outcome: "restored", test: "usage", reason: "its login works", account: { state: "ready" } },
  ]);
  expect([scene.fake.count("usage"), scene.fake.count("refresh")]).toEqual([1, 0]);
  expect(await states(scene)).toEqual(["ready", "ready"]);
});

test("--no-restore tests and leaves it set aside", async () => {
  const scene = await closedOnce();
  const { document } = await verify(scene, "--no-restore");
  expect(document.results).toMatchObject([
    { outcome: "healthy-not-restored", account: { state: "flagged" } },
  ]);
  expect(document.summary).toMatchObject({ restored: 0, healthyNotRestored: 1 });
  expect(await states(scene)).toEqual(["flagged", "ready"]);
});

test.each([
  [[], "restored", "ready"],
  [["--no-restore"], "healthy-not-restored", "flagged"],
])("an account that has to be renewed first: %o leads to %s", async (flags, outcome, state) => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.issuer.accessTokenSec = 2;
  scene.fake.usage.answer("acct-a", refusal(401, "account_session_expired", "no"));
  await scene.run(["check"]);
  expect(await states(scene)).toEqual(["flagged"]);
  scene.fake.usage.forget("acct-a");
  scene.fake.issuer.accessTokenSec = 3600;
  await expect
    .poll(() => verify(scene, "--dry-run"))
    .toMatchObject({
      document: { results: [{ test: "renewal" }] },
    });
  const { document } = await verify(scene, ...flags);
  expect(document.results).toMatchObject([{ outcome, reason: "it was renewed, and its login works" }]);
  expect(await states(scene)).toEqual([state]);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 2, reuses: 0 });
  expect(scene.lost(["a"])).toEqual([]);
});

// The remedy is a test, and the hint called it a login.
test("who needs the token of a closed account is told to test it once that is open again", async () => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.issuer.accessTokenSec = 1;
  scene.fake.usage.answer("acct-a", readHttp("402-deactivated-workspace"));
  await scene.run(["check"]);
  expect(await states(scene)).toEqual(["flagged"]);
  await expect
    .poll(async () => (await scene.run(["token", "1"])).stderr)
    .toContain("Once it is open again: codex auth verify-flagged\n");
});

test("a 401 of an account that may be renewed renews it once", async () => {
  const scene = await closedOnce();
  const pool = JSON.parse(scene.home.read("codex-auth/pool.json"));
  scene.fake.usage.refusedTokens.add(pool.accounts[0].auth.tokens.access_token);
  expect((await verify(scene)).document.results).toMatchObject([{ outcome: "restored" }]);
  expect([scene.fake.count("usage"), scene.fake.count("refresh")]).toEqual([2, 1]);
  expect(scene.lost(["a", "b"])).toEqual([]);
});

test("a refresh token that the issuer has refused is never sent again", async () => {
  const scene = await usedElsewhere();
  const { code, document } = await verify(scene);
  expect(code).toBe(0);
  expect(document.results).toMatchObject([{ outcome: "still-flagged", test: "none", failure: null }]);
  expect(document.results[0].reason).toMatch(
    /used by another program or machine, and its access token has ended/,
  );
  expect(scene.fake.log).toEqual([]);
  expect((await scene.run(["verify-flagged"])).stdout).toMatch(/codex auth login\n$/);
});

test("a login that Codex has renewed meanwhile needs no test", async () => {
  const scene = await usedElsewhere();
  const tokens = scene.fake.issuer.refresh(scene.fake.issuer.newestToken("a@example.com") ?? "");
  if (tokens.kind !== "renewed") throw new Error(tokens.kind);
  const document = JSON.parse(scene.home.read("auth.json"));
  scene.home.write("auth.json", { ...document, tokens: { ...document.tokens, ...tokens.tokens } });
  expect((await verify(scene)).document.results).toEqual([]);
  expect(await states(scene)).toEqual(["ready"]);
});

test("a healthy access token with a spent refresh token is told, and not restored", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  const pool = JSON.parse(scene.home.read("codex-auth/pool.json"));
  pool.accounts[0].flag = { reason: "used-elsewhere", since: new Date().toISOString(), evidence: null };
  scene.home.write("codex-auth/pool.json", pool);
  const { document } = await verify(scene);
  expect(document.results).toMatchObject([
    { outcome: "healthy-not-restored", account: { state: "flagged" } },
  ]);
  expect(document.results[0].reason).toMatch(/^its login works until \S+Z, but its refresh token was used/);
  expect(scene.fake.count("refresh")).toBe(0);
});

test("what is still closed stays set aside, with its failure", async () => {
  const scene = await closedOnce();
  scene.fake.usage.answer("acct-a", readHttp("402-deactivated-workspace"));
  const { code, document } = await verify(scene);
  expect(code).toBe(0);
  expect(document.results).toMatchObject([
    { outcome: "still-flagged", failure: { code: "deactivated_workspace", codexErrorInfo: "unauthorized" } },
  ]);
  expect(document.summary).toMatchObject({ stillFlagged: 1, unclear: 0 });
});

test.each([
  ["a server that is down", readHttp("503-overloaded"), "serverOverloaded"],
  ["a browser check", readHttp("403-html-cloudflare"), "other"],
])("%s decides nothing", async (_, reply, codexErrorInfo) => {
  const scene = await closedOnce();
  scene.fake.usage.answer("acct-a", reply);
  const { code, document } = await verify(scene);
  expect(code).toBe(1);
  expect(document.results).toMatchObject([{ outcome: "still-flagged", failure: { codexErrorInfo } }]);
  expect(document.results[0].reason).toMatch(/^the account was deactivated; it could not be tested: /);
  expect(await states(scene)).toEqual(["flagged", "ready"]);
});

test("a pool without flags has nothing to test", async () => {
  const scene = await RenewalScene.open(["a"]);
  expect((await scene.succeed(["verify-flagged"])).stdout).toBe("No account needs a new sign-in.\n");
  expect(scene.fake.log).toEqual([]);
});

/** Every command that has a dry run, with a line that would otherwise go far. */
const dryRuns: Record<string, string> = {
  switch: "switch 2 --dry-run",
  "verify-flagged": "verify-flagged --dry-run",
  fix: "fix --dry-run --live",
  uninstall: "uninstall --dry-run",
};

test("every dry run of every command asks nobody", async () => {
  const scene = await closedOnce({ expiresInSec: 7200 + 120 });
  for (const { name, load } of commands) {
    const parser = new Command();
    (await load()).flags?.(parser);
    const hasDryRun = parser.options.some(({ long }) => long === "--dry-run");
    expect([name, name in dryRuns]).toEqual([name, hasDryRun]);
    if (hasDryRun) await scene.succeed((dryRuns[name] ?? "").split(" "));
  }
  expect(scene.fake.log).toEqual([]);
});

test("list and status say who needs a new sign-in, since when, and what to do", async () => {
  const scene = await closedOnce();
  const list = await scene.succeed(["list"]);
  expect(list.stdout).toMatch(/a@example\.com\tplus\tsign-in needed/);
  expect(list.stderr).toMatch(
    /a@example\.com: sign-in needed since \d\d:\d\d \(the account was deactivated\)\. Type: codex auth verify-flagged/,
  );
  expect((await scene.run(["status"])).stdout).toMatch(
    /warning: a@example\.com: sign-in needed since .*\n {2}codex auth verify-flagged/,
  );
});

test("no secret is in any output", async () => {
  const scene = await closedOnce();
  const { auth } = JSON.parse(scene.home.read("codex-auth/pool.json")).accounts[0];
  const secrets: string[] = Object.values(auth.tokens as Record<string, string>).filter(
    (each) => each.length > 10,
  );
  scene.fake.usage.answer("acct-a", refusal(402, "deactivated_workspace", secrets.join(" ")));
  let everything = "";
  for (const line of ["verify-flagged --dry-run", "verify-flagged", "verify-flagged --json", "list --json"]) {
    const { stdout, stderr } = await scene.run(line.split(" "));
    everything += stdout + stderr;
  }
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

/** Accounts from the flagged file of codex-multi-auth whose access tokens have ended. */
async function flaggedElsewhere(lastError: string): Promise<RenewalScene> {
  const scene = await RenewalScene.open(["a"], dayLong);
  const { access_token: accessToken, refresh_token: refreshToken } = scene.issue({ name: "x" }).tokens;
  const account = { accessToken, refreshToken, email: "x@example.com", flaggedAt: 1, lastError };
  scene.home.write("flagged.json", { version: 1, accounts: [account] });
  await scene.succeed(["import", scene.home.file("flagged.json")]);
  expect(await states(scene)).toEqual(["ready", "flagged"]);
  return scene;
}

test("what another tool had set aside is renewed once to test it, and restored when it works", async () => {
  const scene = await flaggedElsewhere("network timeout");
  const { document } = await verify(scene);
  expect(document.results).toMatchObject([
    { outcome: "restored", reason: "it was renewed, and its login works" },
  ]);
  expect(await states(scene)).toEqual(["ready", "ready"]);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(scene.lost(["a", "x"])).toEqual([]);
});

test("what another tool had set aside with a used refresh token is not renewed again", async () => {
  const scene = await flaggedElsewhere("refresh_token_reused");
  const { document } = await verify(scene);
  expect(document.results).toMatchObject([{ outcome: "still-flagged", test: "none" }]);
  expect(scene.fake.log).toEqual([]);
});

test("what another tool had set aside, and the issuer refuses, says so from now on", async () => {
  const scene = await flaggedElsewhere("network timeout");
  scene.fake.issuer.refresh(scene.fake.issuer.newestToken("x@example.com") ?? "");
  const { document } = await verify(scene);
  expect(document.results).toMatchObject([{ outcome: "still-flagged" }]);
  const { stdout } = await scene.succeed(["list", "--json"]);
  expect(stdout).toContain("its refresh token was used by another program or machine");
});
