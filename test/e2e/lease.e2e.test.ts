import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { codexVersion, fakeBackend, type Run, runCodex, runCodexAuth, runTurn } from "./support/codex.ts";
import { expireAccessToken, readAuthJson, startFake, temporaryHome, writeAuthJson } from "./support/home.ts";

/** The pool at home, and a job elsewhere whose CODEX_HOME has nothing but the lease. */
class Scene {
  readonly fake: FakeOpenAI;
  readonly pool = temporaryHome();
  readonly job = temporaryHome();

  private constructor(fake: FakeOpenAI) {
    this.fake = fake;
  }

  static async open(expiresInSec = 3600): Promise<Scene> {
    const scene = new Scene(await startFake());
    const file = join(scene.pool, "../a.json");
    writeAuthJson(file, scene.fake.issuer.issue({ email: "a@example.com", expiresInSec }));
    await scene.auth(["import", file]);
    return scene;
  }

  async auth(words: readonly string[]): Promise<Run> {
    const env = { CODEX_AUTH_ISSUER: this.fake.url, CODEX_AUTH_BACKEND: `${this.fake.url}/backend-api` };
    const run = await runCodexAuth(words, { home: this.pool, env });
    expect(run.status === 0 ? "" : `${words.join(" ")}: exit ${run.status}: ${run.stderr}`).toBe("");
    return run;
  }

  async lend(more: readonly string[] = []): Promise<Run> {
    const out = join(this.job, "auth.json");
    const run = await this.auth(["export", "a@example.com", "--lease", "--out", out, ...more]);
    this.fake.forgetRequests();
    return run;
  }

  turn(): Promise<Run> {
    return runTurn(codexVersion, this.fake, this.job);
  }

  leaseText(): string {
    return readFileSync(join(this.job, "auth.json"), "utf8");
  }
}

test("a job works with a lease, asks no issuer and leaves the file as it is", async () => {
  const scene = await Scene.open();
  await scene.lend();
  const before = scene.leaseText();
  expect(JSON.parse(before)).toMatchObject({ OPENAI_API_KEY: null, tokens: { refresh_token: "" } });
  const status = await runCodex(codexVersion, ["login", "status"], { home: scene.job });
  expect(status).toMatchObject({ status: 0, stderr: expect.stringContaining("Logged in using ChatGPT") });
  const turn = await scene.turn();
  expect([turn.status, scene.fake.count("turn") > 0, scene.fake.count("refresh")]).toEqual([0, true, 0]);
  expect(scene.leaseText()).toBe(before);
});

test("a lease that has ended costs the job its turn, and the pool nothing", async () => {
  const scene = await Scene.open();
  await scene.lend();
  expireAccessToken(scene.job);
  const body = { error: { message: "token expired", code: "token_expired" } };
  scene.fake.routes.turn = () => ({ status: 401, body });
  const before = scene.leaseText();
  const turn = await scene.turn();
  expect(turn).toMatchObject({ status: 1, stderr: expect.stringContaining("token expired") });
  expect([scene.fake.count("refresh"), scene.fake.count("revoke")]).toEqual([0, 0]);
  expect(scene.leaseText()).toBe(before);
  await scene.auth(["token", "a@example.com"]);
});

test("codex logout in the job revokes nothing of the pool", async () => {
  const scene = await Scene.open();
  await scene.lend();
  const { env } = fakeBackend(scene.fake);
  expect(await runCodex(codexVersion, ["logout"], { home: scene.job, env })).toMatchObject({ status: 0 });
  expect(scene.fake.log).toEqual([]);
});

test("a new lease over the old one is used at the next turn", async () => {
  const scene = await Scene.open(1800);
  await scene.lend();
  expect((await scene.turn()).status).toBe(0);
  const folder = join(scene.job, "../next");
  mkdirSync(folder);
  const out = join(folder, "auth.json");
  const run = await scene.auth([
    "export",
    "a@example.com",
    "--lease",
    "--for",
    "50m",
    "--out",
    out,
    "--json",
  ]);
  expect(JSON.parse(run.stdout)).toMatchObject({
    lease: true,
    sharesRefreshToken: false,
    files: [{ isShort: false }],
  });
  expect(scene.fake.count("refresh")).toBe(1);
  const old = readAuthJson(scene.job).tokens.access_token;
  renameSync(out, join(scene.job, "auth.json"));
  expect(readAuthJson(scene.job).tokens.access_token).not.toBe(old);
  expect((await scene.turn()).status).toBe(0);
});
