import { expect, test } from "vitest";
import { refusal } from "../../support/openai/usage.ts";
import { endedProcess } from "../../support/faulty-fs.ts";
import { RenewalScene } from "../../support/renewals.ts";
import { readHttp } from "../../support/upstream-fixture.ts";

interface Fix {
  changes: { id: string; isApplied: boolean; problem: string | null }[];
  findings: { id: string; area: string; canMend: boolean }[];
}

async function fix(scene: RenewalScene, ...flags: string[]): Promise<Fix & { code: number | null }> {
  const { code, stdout } = await scene.run(["fix", ...flags, "--json"]);
  const document = JSON.parse(stdout) as Fix;
  // Elsewhere there is something to find: the services stand at odd places, and there is no codex.
  return { ...document, code, findings: document.findings.filter(({ area }) => area === "credentials") };
}

/** An account that was set aside because its workspace was closed. */
async function closedOnce(): Promise<RenewalScene> {
  const scene = await RenewalScene.open(["a", "b"], { expiresInSec: 86_400 });
  scene.fake.usage.answer("acct-a", readHttp("402-deactivated-workspace"));
  await scene.run(["check"]);
  scene.fake.forgetRequests();
  return scene;
}

test("an account that works again is put back into use, with --live only", async () => {
  const scene = await closedOnce();
  scene.fake.usage.forget("acct-a");
  for (const flags of [[], ["--dry-run"], ["--live", "--dry-run"]]) {
    const { findings, changes } = await fix(scene, ...flags);
    expect(changes).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ id: "login_flagged", canMend: false }));
  }
  expect(scene.fake.log).toEqual([]);
  const { code, changes, findings } = await fix(scene, "--live");
  expect(changes).toMatchObject([{ id: "login_flagged", isApplied: true, problem: null }]);
  expect([code, findings.map(({ id }) => id)]).toEqual([0, []]);
  expect(scene.fake.count("refresh")).toBe(0);
  expect((await fix(scene, "--live")).changes).toEqual([]);
});

test("an account that is still refused stays set aside, and the reason is told", async () => {
  const scene = await closedOnce();
  const { code, changes, findings } = await fix(scene, "--live");
  expect(changes).toMatchObject([{ id: "login_flagged", isApplied: false }]);
  expect(changes[0]?.problem).toMatch(/^It still needs a new sign-in: .+/);
  expect([code, findings.map(({ id }) => id)]).toEqual([1, ["login_flagged"]]);
});

test("a token that is known to be spent is not sent again", async () => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.issuer.refresh(scene.fake.issuer.newestToken("a@example.com") ?? "");
  await scene.run(["check"]);
  scene.fake.forgetRequests();
  expect((await fix(scene, "--live")).changes).toEqual([]);
  expect(scene.fake.count("refresh")).toBe(0);
  expect(scene.fake.log.filter(({ accountId }) => accountId !== undefined)).toEqual([]);
});

/** As a renewal leaves it that was killed before the request: nobody knows, but the token is good. */
async function interrupted(expiresInSec: number): Promise<RenewalScene> {
  const scene = await RenewalScene.open(["a"], { expiresInSec });
  const pool = scene.home.read("codex-auth/pool.json");
  const { fingerprint } = await import("../../../src/pool/account.ts");
  const mark = {
    kind: "intent",
    fingerprint: fingerprint(scene.fake.issuer.newestToken("a@example.com") ?? ""),
    startedAt: new Date().toISOString(),
    attempts: 0,
    process: endedProcess(),
  };
  scene.home.write(
    "codex-auth/pool.json",
    pool.replace('"refresh":null', `"refresh":${JSON.stringify(mark)}`),
  );
  return scene;
}

test("an interrupted renewal is made when the access token has ended", async () => {
  const scene = await interrupted(3600);
  const { code, changes, findings } = await fix(scene, "--live");
  expect(changes).toMatchObject([{ id: "refresh_interrupted", isApplied: true, problem: null }]);
  expect([code, findings.filter(({ id }) => id === "refresh_interrupted")]).toEqual([0, []]);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(scene.lost(["a"])).toEqual([]);
});

// An issuer that sees a spent token again may end the access token too.
test("while the access token is good, an interrupted renewal is only told", async () => {
  const scene = await interrupted(86_400);
  const { changes, findings } = await fix(scene, "--live");
  expect([changes, findings.map(({ id }) => id)]).toEqual([[], ["refresh_interrupted"]]);
  expect(scene.fake.issuer.refreshes).toBe(0);
});

test("what the server says reaches no output with a secret in it", async () => {
  const scene = await closedOnce();
  const secret = scene.fake.issuer.newestToken("a@example.com") ?? "";
  scene.fake.usage.answer("acct-a", refusal(402, "deactivated_workspace", secret));
  for (const flags of [["--live"], ["--live", "--json"]]) {
    const { stdout, stderr } = await scene.run(["fix", ...flags]);
    expect(stdout + stderr).not.toContain(secret);
  }
});
