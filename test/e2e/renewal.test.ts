import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { projectRoot } from "../support/home.ts";
import { RenewalScene } from "../support/renewals.ts";
import { codexVersion, runCodexAuth, runTurn } from "./support/codex.ts";
import { expireAccessToken, startFake, temporaryHome, writeAuthJson } from "./support/home.ts";

/** Starts `token a@example.com` and tells when it has ended; its output is of no interest. */
function startToken(scene: RenewalScene) {
  const env = { ...scene.home.env, ...scene.env };
  const child = spawn(join(projectRoot, "bin/codex-auth"), ["token", "a@example.com"], {
    env,
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return { child, ended };
}

/** The process that spends the token, as the pool names it; null when none is at work. */
function renewalPid(scene: RenewalScene): number | null {
  const found = /"refresh":\{"kind":"intent".*?"pid":(\d+)/.exec(scene.home.read("codex-auth/pool.json"));
  return found ? Number(found[1]) : null;
}

test("kill -9 of the command around the answer of the issuer loses no token, two hundred times", async () => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.issuer.accessTokenSec = 1;
  for (let round = 0; round < 200; round += 1) {
    const answer = scene.fake.hold("refresh");
    const { child, ended } = startToken(scene);
    await Promise.race([answer.arrived, ended]);
    await setTimeout(Math.random() * 40);
    const killing = setTimeout(Math.random() * 40).then(() => child.kill("SIGKILL"));
    answer.release();
    await Promise.all([killing, ended]);
  }
  await scene.succeed(["token", "a@example.com"]);
  expect(scene.lost(["a"])).toEqual([]);
  expect(scene.fake.issuer.reuses).toBe(0);
  expect(scene.fake.issuer.refreshes).toBeGreaterThanOrEqual(200);
}, 900_000);

test("kill -9 of the process that spends the token is never a silent loss", async () => {
  const outcomes = { kept: 0, told: 0 };
  for (let round = 0; round < 40; round += 1) {
    const scene = await RenewalScene.open(["a"]);
    const answer = scene.fake.hold("refresh");
    const { ended } = startToken(scene);
    await answer.arrived;
    const pid = renewalPid(scene);
    if (pid === null) throw new Error("No renewal is at work.");
    if (round % 2 === 0) answer.release();
    await setTimeout(Math.random() * 15);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It was done already.
    }
    answer.release();
    await ended;
    await scene.succeed(["label", "1", `round-${round}`]);
    if (scene.lost(["a"]).length === 0) outcomes.kept += 1;
    else {
      const { stdout } = await scene.run(["list", "--json"]);
      expect(stdout).toContain("interrupted");
      outcomes.told += 1;
    }
    expect(unsaved(scene)).toEqual([]);
  }
  expect(outcomes.kept + outcomes.told).toBe(40);
});

function unsaved(scene: RenewalScene): string[] {
  const folder = scene.home.file("codex-auth/rescue");
  return existsSync(folder) ? readdirSync(folder) : [];
}

test("a live account that the real Codex renews at the same moment: no reuse, no loss, fifty times", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  writeAuthJson(
    join(home, "../a.json"),
    fake.issuer.issue({ email: "a@example.com", accountId: "acct-1", userId: "user-1" }),
  );
  await succeed(home, fake, ["import", join(home, "../a.json")]);
  await succeed(home, fake, ["switch", "1"]);
  for (let round = 0; round < 50; round += 1) {
    expireAccessToken(home);
    const turn = runTurn(codexVersion, fake, home);
    await setTimeout((round % 10) * 30);
    const token = runCodexAuth(["token", "1", "--json"], { home, env: { CODEX_AUTH_ISSUER: fake.url } });
    const [codex, ours] = await Promise.all([turn, token]);
    expect([round, codex.status, ours.status, ours.stderr]).toEqual([round, 0, 0, ""]);
    const files = ["auth.json", "codex-auth/pool.json"].map((name) => readFileSync(join(home, name), "utf8"));
    expect([round, files.join().includes(`"${fake.issuer.newestToken("a@example.com")}"`)]).toEqual([
      round,
      true,
    ]);
  }
  expect(fake.issuer.reuses).toBe(0);
});

async function succeed(home: string, fake: FakeOpenAI, args: string[]): Promise<void> {
  const { status, stderr } = await runCodexAuth(args, { home, env: { CODEX_AUTH_ISSUER: fake.url } });
  expect([args, status, stderr]).toEqual([args, 0, ""]);
}
