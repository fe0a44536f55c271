import { lstatSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { versions } from "./install.mjs";
import { AppServer, readAccount } from "./support/app-server.ts";
import { codexVersion, type Run, runCodex, runCodexAuth, runTurn } from "./support/codex.ts";
import {
  expireAccessToken,
  readAuthJson,
  readClaims,
  startFake,
  temporaryHome,
  writeAuthJson,
} from "./support/home.ts";

const [a, b, c] = ["a@example.com", "b@example.com", "c@example.com"] as const;

interface List {
  accounts: { id: string; row: number; email: string; active: boolean }[];
  activeAccountId: string | null;
}

interface Switch {
  processes: { pid: number; kind: string }[];
}

function issue(fake: FakeOpenAI, email: string) {
  const name = email.slice(0, 1);
  return fake.issuer.issue({ email, accountId: `acct-${name}`, userId: `user-${name}` });
}

/** Gives each address a login at the fake issuer and puts them all into the pool. */
async function importLogins(home: string, fake: FakeOpenAI, emails: readonly string[]): Promise<void> {
  const folder = join(home, "../incoming");
  mkdirSync(folder);
  const files = emails.map((email) => join(folder, `${email}.json`));
  for (const [index, email] of emails.entries()) writeAuthJson(files[index] ?? "", issue(fake, email));
  await succeed(runCodexAuth(["import", ...files, "--json"], { home }));
}

async function switchTo(home: string, selector: string): Promise<Switch> {
  const { stdout } = await succeed(runCodexAuth(["switch", selector, "--json"], { home }));
  return JSON.parse(stdout);
}

async function list(home: string): Promise<List> {
  const { stdout } = await succeed(runCodexAuth(["list", "--json"], { home }));
  return JSON.parse(stdout);
}

async function succeed(running: Promise<Run>): Promise<Run> {
  const run = await running;
  expect(run.status === 0 ? "" : `exit ${run.status}: ${run.stderr}`).toBe("");
  return run;
}

/** The real Codex finds the access token expired, renews it and works. */
async function refreshWithCodex(home: string, fake: FakeOpenAI): Promise<void> {
  const before = fake.issuer.refreshes;
  expireAccessToken(home);
  await succeed(runTurn(codexVersion, fake, home));
  expect(fake.issuer).toMatchObject({ refreshes: before + 1, reuses: 0 });
}

/** The only token of each login that still works is in one of the two files that count. */
function expectNoTokenLost(home: string, fake: FakeOpenAI, emails: readonly string[]): void {
  expectStored(
    home,
    emails.map((email) => String(fake.issuer.newestToken(email))),
  );
}

function expectStored(home: string, secrets: readonly string[]): void {
  const files = ["auth.json", "codex-auth/pool.json"].map((name) => readFileSync(join(home, name), "utf8"));
  const lost = secrets.filter((secret) => !files.join().includes(`"${secret}"`));
  expect(lost).toEqual([]);
}

function expectLive(home: string, email: string): void {
  expect(readClaims(home)).toMatchObject({ "https://api.openai.com/profile": { email } });
}

test.each(versions)("codex %s follows A -> B -> A -> C", async (version) => {
  const fake = await startFake();
  const home = temporaryHome();
  await importLogins(home, fake, [a, b, c]);
  const rowOfB = (await list(home)).accounts.find(({ email }) => email === b)?.row;
  const steps = [
    [a, a],
    [String(rowOfB), b],
    ["-", a],
    [c, c],
  ] as const;
  for (const [selector, email] of steps) {
    await switchTo(home, selector);
    await succeed(runCodex(version, ["login", "status"], { home }));
    expect(await readAccount(version, fake, home)).toMatchObject({ account: { email } });
    const { accounts, activeAccountId } = await list(home);
    const active = accounts.filter((account) => account.active);
    expect(active).toMatchObject([{ email, id: activeAccountId }]);
  }
  expect(fake.count("refresh")).toBe(0);
});

test("a token that Codex refreshed behind our back survives switching away and back", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  await importLogins(home, fake, [a, b]);
  await switchTo(home, a);
  await refreshWithCodex(home, fake);
  await switchTo(home, b);
  expectNoTokenLost(home, fake, [a, b]);
  await switchTo(home, a);
  expect(readAuthJson(home).tokens.refresh_token).toBe(fake.issuer.newestToken(a));
  await refreshWithCodex(home, fake);
});

test("a login that the pool has never seen is kept when another one takes its place", async () => {
  const fake = await startFake();
  const home = temporaryHome(issue(fake, a));
  await refreshWithCodex(home, fake);
  await importLogins(home, fake, [b]);
  await switchTo(home, b);
  expectLive(home, b);
  expectNoTokenLost(home, fake, [a, b]);
  await switchTo(home, a);
  expect(readAuthJson(home).tokens.refresh_token).toBe(fake.issuer.newestToken(a));
  await refreshWithCodex(home, fake);
});

test("a Codex that runs during a switch keeps its login, and the switch names it", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  await importLogins(home, fake, [a, b]);
  await switchTo(home, a);
  const server = await AppServer.start(codexVersion, fake, home);
  const { processes } = await switchTo(home, b);
  expect(processes).toMatchObject([{ pid: server.pid, kind: "app-server" }]);
  expect(await server.turn("hi")).toMatchObject({ turn: { status: "completed" } });
  await server.close();
  expect(fake.log.filter(({ route }) => route === "turn")).toMatchObject([{ accountId: "acct-a" }]);
  expectLive(home, b);
});

test("a switch in the middle of Codex's refresh loses neither login", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  await importLogins(home, fake, [a, b]);
  await switchTo(home, a);
  for (let round = 0; round < 10; round += 1) {
    const next = round % 2 === 0 ? b : a;
    expireAccessToken(home);
    const answer = fake.hold("refresh");
    const turn = runTurn(codexVersion, fake, home);
    await answer.arrived;
    const switching = switchTo(home, next);
    // Another moment in each round: before the switch looks, while it waits, when it writes.
    await setTimeout(round * 40);
    answer.release();
    await Promise.all([succeed(turn), switching]);
    expectLive(home, next);
    expectNoTokenLost(home, fake, [a, b]);
  }
  expect(fake.issuer).toMatchObject({ refreshes: 10, reuses: 0 });
});

test("a switch at the moment of a login loses none of the logins", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  await importLogins(home, fake, [a, b]);
  await switchTo(home, a);
  for (let round = 0; round < 10; round += 1) {
    const key = `sk-e2e-${round}`;
    const switching = switchTo(home, round % 2 === 0 ? b : a);
    await setTimeout(round * 10);
    const login = runCodex(codexVersion, ["login", "--with-api-key"], { home, input: key });
    await Promise.all([switching, succeed(login)]);
    expect(() => readAuthJson(home)).not.toThrow();
    expectStored(home, [key]);
    expectNoTokenLost(home, fake, [a, b]);
  }
});

test("the lock files of Codex and ours do not get in each other's way", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  await importLogins(home, fake, [a, b]);
  for (let round = 0; round < 10; round += 1) {
    await switchTo(home, round % 2 === 0 ? a : b);
    await refreshWithCodex(home, fake);
    for (const name of ["auth.lock", "auth.json.lock"])
      expect(lstatSync(join(home, name)).isFile()).toBe(true);
    expectNoTokenLost(home, fake, [a, b]);
  }
});
