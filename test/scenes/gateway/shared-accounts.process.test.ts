import { chmodSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeHome, type Home, runProcess, seat, start as startProcess } from "../../support/store-home.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { FakeResponses } from "../../support/openai/responses.ts";
import { postgresPrograms, startPostgres, type TestPostgres } from "../../support/postgres.ts";

const key = Buffer.alloc(32, 9).toString("base64");
const turn = { model: "gpt-6-sol", input: "hello", stream: true };

describe.skipIf(postgresPrograms() === null)("gateways that share accounts in a database", () => {
  let postgres: TestPostgres | null = null;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());

  async function scene() {
    const fake = await FakeOpenAI.start();
    onTestFinished(() => fake.close());
    const responses = await FakeResponses.start();
    const address = postgres?.freshDatabase() ?? "";
    const env = {
      CODEX_AUTH_ISSUER: fake.url,
      CODEX_AUTH_BACKEND: responses.backend,
      CODEX_AUTH_DATABASE: address,
    };
    return { fake, responses, env };
  }

  async function signedIn(fake: FakeOpenAI, names: readonly string[], env: Record<string, string>) {
    const home = makeHome();
    const issuedAt = Math.floor(Date.now() / 1000) - 7200;
    // It ends within the ten minutes in which another one is wanted, and not before a slow machine has used it.
    for (const name of names) {
      const who = { email: `${name}@example.com`, userId: `user-${name}`, accountId: `acct-${name}` };
      const document = fake.issuer.issue({ ...who, issuedAt, expiresInSec: 7200 + 580 });
      home.write(`logins/${name}.json`, document);
    }
    const imported = await runProcess(home, ["import", home.file("logins")], { env });
    expect(imported).toMatchObject({ code: 0 });
    return home;
  }

  async function gateway(home: Home, env: Record<string, string>) {
    const child = startProcess(home, ["gateway", "start"], { env });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    onTestFinished(() => void child.kill("SIGKILL"));
    await expect.poll(() => said).toMatch(/listens at (http\S+)/);
    return { child, url: /listens at (http\S+)/.exec(said)?.[1] ?? "", said };
  }

  test("a login that was adopted serves on machines that never had it, and is renewed once", async () => {
    const { fake, responses, env } = await scene();
    const home = await signedIn(fake, ["a"], env);
    const keyFile = home.file("key");
    writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const withKey = { ...env, CODEX_AUTH_KEY_FILE: keyFile };
    const run = (args: readonly string[], more: Record<string, string> = withKey, at: Home = home) =>
      runProcess(at, args, { env: more });

    const noKey = await run(["gateway", "adopt", "a@example.com"], env);
    expect(noKey).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no key is named.*\n.*CODEX_AUTH_KEY_FILE/s) as string,
    });
    chmodSync(keyFile, 0o644);
    expect(await run(["gateway", "adopt", "a@example.com"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Other users can read/) as string,
    });
    chmodSync(keyFile, 0o600);
    const adopted = await run(["gateway", "adopt", "a@example.com"]);
    expect(adopted).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/lives in the database/) as string,
    });
    expect((await run(["gateway", "accounts"])).stdout).toMatch(/a@example\.com\tdatabase/);
    expect((await run(["list"])).stdout).not.toMatch(/a@example\.com/);
    expect(await run(["gateway", "database", "check"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/open with key \w{8}: 1/) as string,
    });

    const wrong = { ...env, CODEX_AUTH_KEY: Buffer.alloc(32, 1).toString("base64") };
    for (const args of [
      ["gateway", "start"],
      ["gateway", "release", "a@example.com"],
      ["gateway", "accounts"],
    ])
      expect(await run(args, wrong)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/sealed with key \w{8}; CODEX_AUTH_KEY has key/) as string,
      });
    expect(await run(["gateway", "database", "check"], wrong)).toMatchObject({ code: 1 });

    const others = [makeHome(), makeHome()];
    const made = await run(["gateway", "key", "create", "ci", "--account", "a@example.com", "--json"]);
    const secret = (JSON.parse(made.stdout) as { key: { secret: string } }).key.secret;
    const gateways = await Promise.all(others.map((each) => gateway(each, { ...env, CODEX_AUTH_KEY: key })));
    const ask = async (url: string) => {
      const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
      const response = await fetch(`${url}/responses`, {
        method: "POST",
        headers,
        body: JSON.stringify(turn),
      });
      return [response.status, await response.text()] as const;
    };
    for (const { url } of gateways) expect((await ask(url))[0]).toBe(200);
    expect(responses.asked).toEqual(["acct-a", "acct-a"]);

    // The access token ends soon, so both gateways want another one.
    await expect.poll(() => fake.issuer.refreshes).toBe(1);
    const renewed = async () => {
      await Promise.all(gateways.map(({ url }) => ask(url)));
      return (
        new Set(responses.received.slice(-2).map(({ token }) => token)).size === 1 &&
        responses.received.at(-1)?.token !== responses.received[0]?.token
      );
    };
    await expect.poll(renewed, { interval: 200 }).toBe(true);
    expect([fake.issuer.refreshes, fake.issuer.reuses]).toEqual([1, 0]);

    const released = await run(["gateway", "release", "a@example.com"]);
    expect(released).toMatchObject({ code: 0 });
    expect(home.read("codex-auth/pool.json")).toContain(fake.issuer.newestToken("a@example.com"));
    await expect.poll(async () => (await ask(gateways[0]?.url ?? ""))[0]).toBe(503);
  }, 600_000);

  test("a database that was copied serves nobody until a person says that it counts", async () => {
    const { fake, env } = await scene();
    const home = await signedIn(fake, ["a"], env);
    const withKey = { ...env, CODEX_AUTH_KEY: key };
    expect(await runProcess(home, ["gateway", "adopt", "a@example.com"], { env: withKey })).toMatchObject({
      code: 0,
    });
    const copy = postgres?.copyDatabase(env.CODEX_AUTH_DATABASE) ?? "";
    const there = { ...withKey, CODEX_AUTH_DATABASE: copy };
    const refused = await runProcess(home, ["gateway", "start"], { env: there });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is a copy.*gateway database claim/s) as string,
    });
    expect(await runProcess(home, ["gateway", "database", "check"], { env: there })).toMatchObject({
      code: 1,
    });
    expect(await runProcess(home, ["gateway", "database", "claim"], { env: there })).toMatchObject({
      code: 0,
    });
    expect(await runProcess(home, ["gateway", "database", "check"], { env: there })).toMatchObject({
      code: 0,
    });
    expect(await runProcess(home, ["gateway", "database", "check"], { env: withKey })).toMatchObject({
      code: 0,
    });
  });

  test("an account that is active stays, and the way out is said", async () => {
    const { env } = await scene();
    const home = makeHome();
    writeFileSync(home.paths.authFile, JSON.stringify(seat("a")), { mode: 0o600 });
    await runProcess(home, ["import", home.paths.authFile], { env });
    const refused = await runProcess(home, ["gateway", "adopt", "a@example.com"], {
      env: { ...env, CODEX_AUTH_KEY: key },
    });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is the active account.*codex auth switch/s) as string,
    });
    expect(home.read("codex-auth/pool.json")).toContain("acct-a");
  });
});
