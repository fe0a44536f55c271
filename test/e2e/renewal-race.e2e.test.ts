import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { buildFaultLibrary } from "../support/fault-library.ts";
import { root } from "./install.mjs";
import { AppServer } from "./support/app-server.ts";
import { codexVersion, run, type Run, runTurn } from "./support/codex.ts";
import { startFake, temporaryHome, writeAuthJson } from "./support/home.ts";

const version = codexVersion;
/** More of them in a soak run. */
const rounds = Number(process.env["CODEX_AUTH_ROUNDS"] ?? 12);
const limitMs = 60_000 + rounds * 20_000;

const library = buildFaultLibrary();
afterAll(() => ("remove" in library ? library.remove() : undefined));

const [a, b] = ["a@example.com", "b@example.com"] as const;

/** Two accounts whose access tokens have ended; a is live. */
async function scene() {
  const fake = await startFake();
  const home = temporaryHome();
  const files = [a, b].map((email) => {
    const name = email.slice(0, 1);
    const who = { email, accountId: `acct-${name}`, userId: `user-${name}` };
    const issuedAt = Math.floor(Date.now() / 1000) - 7200;
    const file = join(home, `../${name}.json`);
    writeAuthJson(file, fake.issuer.issue({ ...who, issuedAt, expiresInSec: 3600 }));
    return file;
  });
  expect(await ours(fake, home, ["import", ...files])).toMatchObject({ status: 0 });
  expect(await ours(fake, home, ["switch", a])).toMatchObject({ status: 0 });
  return { fake, home };
}

function ours(
  fake: FakeOpenAI,
  home: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Run> {
  const backend = { CODEX_AUTH_ISSUER: fake.url, CODEX_AUTH_BACKEND: `${fake.url}/backend-api` };
  const program = process.env["CODEX_AUTH_UNDER_TEST"] ?? join(root, "bin/codex-auth");
  return run(process.execPath, [program, ...args], { home, env: { ...backend, ...env } });
}

/** Every fsync of ours takes a while. */
function slowDisk(home: string): Record<string, string> {
  if (!("path" in library)) throw new Error(library.missing);
  return { LD_PRELOAD: library.path, FAULT_ROOT: home, FAULT_SLOW_MS: "150" };
}

function slowIssuer(fake: FakeOpenAI, delayMs: number): void {
  const answer = fake.routes.refresh;
  fake.routes.refresh = async (request) => {
    const reply = await answer(request);
    await setTimeout(delayMs);
    return reply;
  };
}

/** A turn of Codex that renews the token of a, whose issuer answers when it is told to. */
async function renewingTurn(fake: FakeOpenAI, home: string) {
  const answer = fake.hold("refresh");
  const turn = runTurn(version, fake, home);
  await answer.arrived;
  expect(fake.issuer.refreshes).toBe(1);
  return { turn, answer };
}

/** The accounts whose only good token is neither in auth.json nor in the pool. */
function lost(home: string, fake: FakeOpenAI): string[] {
  const files = ["auth.json", "codex-auth/pool.json"].map((name) => readFileSync(join(home, name), "utf8"));
  return [a, b].filter((email) => !files.join().includes(`"${fake.issuer.newestToken(email)}"`));
}

// Found: it went on after ten seconds, and the token that Codex had waited for was nowhere.
test("a switch does not leave a login that Codex is renewing, although its issuer takes longer than we wait", async () => {
  const { fake, home } = await scene();
  const { turn, answer } = await renewingTurn(fake, home);
  const before = readFileSync(join(home, "auth.json"), "utf8");
  const refused = await ours(fake, home, ["switch", b]);
  expect(refused).toMatchObject({ status: 1, stdout: "" });
  expect(refused.stderr).toMatch(/may be renewing a@example\.com.*\n.*Nothing was changed/);
  expect(readFileSync(join(home, "auth.json"), "utf8")).toBe(before);
  answer.release();
  await turn;
  expect(lost(home, fake)).toEqual([]);
  expect(await ours(fake, home, ["switch", b])).toMatchObject({ status: 0 });
  expect(lost(home, fake)).toEqual([]);
});

// Found: 36 of 60 tokens were lost.
test("a Codex that starts during a switch on a slow disk loses no token", { timeout: limitMs }, async () => {
  const gone: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { fake, home } = await scene();
    slowIssuer(fake, 300);
    const switching = ours(fake, home, ["switch", b], slowDisk(home));
    await setTimeout((round / rounds) * 2000);
    await Promise.all([switching, runTurn(version, fake, home)]);
    if (lost(home, fake).length > 0) gone.push(round);
    await fake.close();
  }
  expect(gone).toEqual([]);
});

test.each(["token", "check"])(
  "%s and a Codex that starts spend a token once",
  { timeout: limitMs },
  async (command) => {
    const bad: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { fake, home } = await scene();
      slowIssuer(fake, 250);
      const asking = ours(fake, home, [command, a], slowDisk(home));
      await setTimeout((round / rounds) * 2500);
      await Promise.all([asking, runTurn(version, fake, home)]);
      if (fake.issuer.reuses > 0 || lost(home, fake).length > 0) bad.push(round);
      await fake.close();
    }
    expect(bad).toEqual([]);
  },
);

// Found: after ten seconds the same token was sent too.
test("token leaves a login to a Codex whose issuer takes longer than we wait", async () => {
  const { fake, home } = await scene();
  const { turn, answer } = await renewingTurn(fake, home);
  const { status, stderr } = await ours(fake, home, ["token", a]);
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/Codex is at work with this login \(exec \d+\)/),
  ]);
  answer.release();
  await turn;
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(lost(home, fake)).toEqual([]);
  expect(await ours(fake, home, ["token", a])).toMatchObject({ status: 0 });
});

test("beside a Codex that only waits, a token is renewed and that Codex goes on with it", async () => {
  const { fake, home } = await scene();
  const server = await AppServer.start(version, fake, home);
  await setTimeout(1000);
  expect(await ours(fake, home, ["token", a])).toMatchObject({ status: 0 });
  expect(await server.turn("hi")).toMatchObject({ turn: { status: "completed" } });
  await server.close();
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(lost(home, fake)).toEqual([]);
});
