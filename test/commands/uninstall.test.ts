import * as fs from "node:fs";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolvePaths } from "../../src/machine/paths.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import { runFake, terminal } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { homeWithThree, projectRoot, TestHome } from "../support/home.ts";

const storeOf = (home: TestHome) => home.file("codex-auth");

// What keys had used while the database was away went with its file, and a budget had it again.
test("uninstall names what keys have used and the database does not have yet, also where accounts are kept", async () => {
  const home = new TestHome();
  const entry = { keyId: "k1", ticketId: "tk_1", settlement: { kind: "settled", amounts: {} } };
  const journal = "codex-auth/gateway-journal.jsonl";
  home.write(journal, `${JSON.stringify(entry)}\n${JSON.stringify({ logged: { request: {} } })}\n`);
  for (const keep of [[], ["--keep", "accounts", "--keep", "backups"]]) {
    const { code, stderr } = await home.run(["uninstall", "--yes", ...keep]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /nowhere else: .*gateway-journal\.jsonl \(2 entries of what keys have used, .*; a gateway that starts here writes them there\)/,
      ),
    ]);
  }
  expect(existsSync(home.file(journal))).toBe(true);
  home.write(journal, "");
  expect((await home.run(["uninstall", "--yes"])).code).toBe(0);
  home.write(journal, `${JSON.stringify(entry)}\n`);
  expect((await home.run(["uninstall", "--yes", "--forget-accounts"])).code).toBe(0);
  expect(existsSync(home.file(journal))).toBe(false);
});

test("uninstall --dry-run lists every file of ours and removes none", async () => {
  const home = await homeWithThree();
  const { code, stdout } = await home.run(["uninstall", "--dry-run", "--json"]);
  const { removed } = JSON.parse(stdout) as { removed: { path: string }[] };
  expect([code, removed.map(({ path }) => path)]).toEqual([
    0,
    readdirSync(storeOf(home)).map((name) => `${storeOf(home)}/${name}`),
  ]);
  expect(existsSync(home.file("codex-auth/pool.json"))).toBe(true);
});

test("uninstall refuses to lose logins that are nowhere else, and names them", async () => {
  const home = await homeWithThree();
  const { code, stderr } = await home.run(["uninstall", "--yes"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("nowhere else: dev@team.example")]);
  expect(existsSync(home.file("codex-auth/pool.json"))).toBe(true);
});

// An account whose move into a database was interrupted is in pool.json alone, and was lost without a word.
test("uninstall names a login that is on its way into a database, and tokens that the database may not have", async () => {
  const home = new TestHome();
  const file = join(projectRoot, "fixtures/homes/account-moving/home/codex-auth/pool.json");
  const { moving, ...pool } = JSON.parse(fs.readFileSync(file, "utf8")) as { moving: object[] };
  const blank = { ...pool, accounts: [], activeId: null };
  home.write("codex-auth/pool.json", JSON.stringify({ ...blank, moving }));
  const old = ["0".repeat(16), "1".repeat(16)];
  home.write(
    "codex-auth/fleet/seen-ab4ac352558ddbf2.json",
    JSON.stringify({ a1: { adoptedMs: 1, tokens: old } }),
  );
  for (const [id, spent] of [
    ["a1", old[0]],
    ["a2", old[0]],
  ])
    home.write(`codex-auth/fleet/tokens-ab4ac352558ddbf2-${id}-${spent}.sealed`, "x");
  const { code, stderr } = await home.run(["uninstall", "--yes"]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/on its way to the database db\.example/)]);
  expect(home.read("codex-auth/pool.json")).toContain("moving");
  home.write("codex-auth/pool.json", JSON.stringify(blank));
  const tokens = await home.run(["uninstall", "--yes"]);
  expect([tokens.code, tokens.stderr]).toEqual([
    1,
    expect.stringMatching(
      /-a2-0{16}\.sealed \(new tokens of an account in a database, which may not have them/,
    ),
  ]);
  expect(tokens.stderr).not.toContain("-a1-");
});

test("uninstall leaves nothing behind but what is Codex's", async () => {
  const home = await homeWithThree();
  await home.run(["switch", "2"]);
  const live = home.read("auth.json");
  const { code } = await home.run(["uninstall", "--yes", "--forget-accounts"]);
  expect([code, existsSync(storeOf(home)), home.read("auth.json")]).toEqual([0, false, live]);
});

test("uninstall takes a token that Codex renewed meanwhile as it is", async () => {
  const home = await homeWithThree();
  const renewed = home.read("auth.json").replaceAll("rt_user-ada", "rt_renewed");
  home.write("auth.json", renewed);
  await home.run(["uninstall", "--yes", "--forget-accounts"]);
  expect(home.read("auth.json")).toBe(renewed);
});

test("uninstall keeps what it is told to keep", async () => {
  const home = await homeWithThree();
  const { code } = await home.run(["uninstall", "--yes", "--keep", "accounts", "--keep", "backups"]);
  expect([code, readdirSync(storeOf(home)).filter((name) => name !== "backups")]).toEqual([0, ["pool.json"]]);
  const list = await home.run(["list", "--json"]);
  expect((JSON.parse(list.stdout) as { accounts: object[] }).accounts).toHaveLength(3);
});

test("uninstall without a terminal asks for --yes", async () => {
  const home = await homeWithThree();
  const { code, stderr } = await home.run(["uninstall", "--keep", "accounts"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("--yes")]);
});

test("uninstall on a terminal asks, and takes silence for no", async () => {
  const home = await homeWithThree();
  const stdin = { isTerminal: true, readAll: refused, readLine: refused };
  const stderr = terminal(() => undefined);
  const line = ["uninstall", "--keep", "accounts"];
  const { code } = await runFake(home, line, { stdin, stderr, prompt: () => Promise.resolve("") });
  expect([code, existsSync(home.file("codex-auth/locks"))]).toEqual([130, true]);
});

test("uninstall waits for no command that runs in a private home: it refuses", async () => {
  const home = await homeWithThree();
  const owner = { pid: process.pid, start: "0", bootId: "another", host: "elsewhere", loginHash: "x" };
  mkdirSync(home.file("codex-auth/homes/one"), { recursive: true });
  writeFileSync(home.file("codex-auth/homes/one.owner"), `${JSON.stringify(owner)}\n`);
  const { code, stderr } = await home.run(["uninstall", "--yes", "--keep", "accounts"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("still runs in")]);
  expect(existsSync(home.file("codex-auth/homes/one"))).toBe(true);
});

test("uninstall refuses a part that it does not know", async () => {
  const home = await homeWithThree();
  const { code, stderr } = await home.run(["uninstall", "--keep", "everything"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("The parts are: accounts, backups, history.")]);
});

test("uninstall where nothing was ever written has nothing to do", async () => {
  const home = await homeWithThree();
  await home.run(["uninstall", "--yes", "--forget-accounts"]);
  const { code, stdout } = await home.run(["uninstall"]);
  expect([code, stdout]).toEqual([0, expect.stringContaining("nothing to remove")]);
});

// A store in a folder that was there before took everything in it along.
test("uninstall leaves alone what it did not write, and names it", async () => {
  const home = await homeWithThree();
  const env = { CODEX_AUTH_DIR: home.file("mine") };
  await home.run(["import", home.file("logins")], { env });
  for (const name of [
    "thesis.txt",
    "backups/2019.zip",
    "sessions/notes.md",
    "parked/car.jpg",
    "pool.json.old",
  ])
    home.write(`mine/${name}`, "mine");
  await home.run(["switch", "2"], { env });
  const { code, stdout } = await home.run(["uninstall", "--yes", "--forget-accounts"], { env });
  const left = readdirSync(home.file("mine"), { recursive: true, encoding: "utf8" }).sort();
  const files = ["backups", "backups/2019.zip", "parked", "parked/car.jpg", "pool.json.old", "sessions"];
  expect([code, left]).toEqual([0, [...files, "sessions/notes.md", "thesis.txt"]]);
  expect(stdout).toContain(`left alone:\n  ${home.file("mine/backups/2019.zip")}`);
});

// The pool had a newer token than auth.json, and uninstall looked only at whose login it is.
test("uninstall refuses to lose a newer token of the account in auth.json", async () => {
  const home = new TestHome();
  const issuedAt = Math.floor(Date.now() / 1000);
  home.write("auth.json", forgeAuthJson({ issuedAt: issuedAt - 60 }));
  home.write("newer.json", forgeAuthJson({ issuedAt }));
  await home.run(["import"]);
  await home.run(["import", home.file("newer.json")]);
  const { code, stderr } = await home.run(["uninstall", "--yes"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("nowhere else: a@example.com")]);
  await home.run(["switch", "1"]);
  expect(await home.run(["uninstall", "--yes"])).toMatchObject({ code: 0 });
  expect(home.read("auth.json")).toContain(forgeAuthJson({ issuedAt }).tokens.refresh_token);
});

/** A home with one account, which is live. */
async function homeWithOne(): Promise<TestHome> {
  const home = new TestHome();
  home.write("auth.json", forgeAuthJson());
  await home.run(["import"]);
  return home;
}

test.each([
  "codex-auth/rescue/rescue-0123456789ab-0123456789abcdef.json",
  "codex-auth/parked/exec-20261121T040000000Z-auth.json",
  "codex-auth/pool.json.broken-20261121T040000000Z",
  "auth.json.broken-20261121T040000000Z",
  "config.toml.broken-20261121T040000000Z",
  "codex-auth/parked/0123456789ab-20261121T040000000Z-0123456789abcdef.json",
])("uninstall removes %s only when told to, because it may be nowhere else", async (name) => {
  const home = await homeWithOne();
  home.write(name, "{");
  const { code, stderr } = await home.run(["uninstall", "--yes"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining(home.file(name))]);
  await home.run(["uninstall", "--yes", "--keep", "accounts"]);
  expect(home.read(name)).toBe("{");
  await home.run(["uninstall", "--yes", "--forget-accounts"]);
  expect([existsSync(home.file(name)), existsSync(storeOf(home))]).toEqual([false, false]);
});

test("uninstall looks again after the question: an account that came meanwhile stays", async () => {
  const home = await homeWithOne();
  home.write("second.json", forgeAuthJson({ email: "b@example.com", userId: "b", accountId: "b" }));
  const stdin = { isTerminal: true, readAll: refused, readLine: refused };
  const prompt = async () => {
    await home.run(["import", home.file("second.json")]);
    return "y";
  };
  const { code } = await runFake(home, ["uninstall"], { stdin, stderr: terminal(() => undefined), prompt });
  expect([code, home.read("codex-auth/pool.json")]).toEqual([1, expect.stringContaining("rt_b_b")]);
});

test("uninstall beside an import loses nothing that was imported", async () => {
  for (let round = 0; round < 8; round += 1) {
    const home = await homeWithOne();
    home.write("second.json", forgeAuthJson({ email: "b@example.com", userId: "b", accountId: "b" }));
    const [imported, removed] = await Promise.all([
      home.run(["import", home.file("second.json")]),
      home.run(["uninstall", "--yes"]),
    ]);
    expect([imported.code, removed.stderr]).toEqual([0, expect.not.stringContaining("    at ")]);
    expect(home.read("codex-auth/pool.json")).toContain("rt_b_b");
  }
});

test("uninstall waits for no renewal that is under way: it refuses", async () => {
  const home = await homeWithOne();
  const holder = { pid: process.pid, start: "0", bootId: "another", host: "elsewhere" };
  const record = { ...holder, token: "0123456789abcdef", purpose: "refresh", since: "2026-11-21T04:00:00Z" };
  home.write("codex-auth/locks/refresh-0123456789ab.lock/owner.json", record);
  const { code, stderr } = await home.run(["uninstall", "--yes"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("is being renewed")]);
  expect(existsSync(home.file("codex-auth/pool.json"))).toBe(true);
  utimesSync(home.file("codex-auth/locks/refresh-0123456789ab.lock"), 0, 0);
  await home.run(["uninstall", "--yes"]);
  expect(existsSync(storeOf(home))).toBe(false);
});

test("uninstall that cannot remove a file says which, and the accounts are still there", async () => {
  const home = await homeWithOne();
  home.write("codex-auth/history.jsonl", "");
  const unlinkSync = (path: fs.PathLike) => {
    if (String(path).endsWith("history.jsonl")) throw Object.assign(new Error("no"), { code: "EPERM" });
    fs.unlinkSync(path);
  };
  const files = { ...fs, unlinkSync };
  const store = openFileStore(resolvePaths(home.env, home.path, home.path), {
    fs: files,
    now: Date.now,
    sleep: () => Promise.resolve(),
    self: currentProcess,
  });
  const removal = store.removeOwnFiles({ isWanted: () => true, check: () => undefined });
  await expect(removal).rejects.toMatchObject({
    code: "permission_denied",
    message: expect.stringContaining("history.jsonl"),
  });
  expect(existsSync(home.file("codex-auth/pool.json"))).toBe(true);
});

test("uninstall after one that was killed at its very end removes the empty folder", async () => {
  const home = new TestHome();
  mkdirSync(storeOf(home));
  await home.run(["uninstall", "--yes"]);
  expect(existsSync(storeOf(home))).toBe(false);
});

function refused(): never {
  throw new Error("unexpected stdin");
}

// With --keep accounts nothing was looked at: a login that only a backup had went with the backups.
test.each([
  ["an account that was removed", async (home: TestHome) => void (await home.run(["remove", "3"]))],
  [
    "a pool that is gone",
    async (home: TestHome) => {
      await home.run(["label", "1", "one"]);
      rmSync(home.file("codex-auth/pool.json"));
    },
  ],
])("uninstall --keep accounts refuses to remove backups that alone have %s", async (_, arrange) => {
  const home = await homeWithThree();
  await arrange(home);
  const { code, stderr } = await home.run(["uninstall", "--yes", "--keep", "accounts"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("acct-lab")]);
  expect(stderr).toContain("--keep backups");
  expect(readdirSync(home.file("codex-auth/backups")).length).toBeGreaterThan(0);
  const kept = await home.run(["uninstall", "--yes", "--keep", "accounts", "--keep", "backups"]);
  expect([kept.code, existsSync(home.file("codex-auth/backups"))]).toEqual([0, true]);
  const forgotten = await home.run(["uninstall", "--yes", "--keep", "accounts", "--forget-accounts"]);
  expect([forgotten.code, existsSync(home.file("codex-auth/backups"))]).toEqual([0, false]);
});

test("uninstall refuses to remove a repair's copy of a login that is nowhere else", async () => {
  const home = await homeWithOne();
  const login = forgeAuthJson({ email: "z@example.com", userId: "z", accountId: "acct-z" });
  home.write("codex-auth/backups/repair-20261121T040000000Z/auth.json", login);
  const { code, stderr } = await home.run(["uninstall", "--yes", "--keep", "accounts"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("acct-z")]);
});

test("uninstall lets backups go that hold nothing but what stays, or what is used up", async () => {
  const home = await homeWithThree();
  await home.run(["label", "1", "one"]);
  expect(await home.run(["uninstall", "--yes", "--keep", "accounts"])).toMatchObject({ code: 0 });
  expect(existsSync(home.file("codex-auth/backups"))).toBe(false);
});

test("uninstall removes no private home of which nobody knows whether it is in use", async () => {
  const home = await homeWithOne();
  home.write(
    "codex-auth/homes/0123456789ab-1/auth.json",
    forgeAuthJson({ email: "b@example.com", userId: "b" }),
  );
  home.write("codex-auth/homes/0123456789ab-1.owner", "");
  const { code, stderr } = await home.run(["uninstall", "--yes", "--keep", "accounts"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("0123456789ab-1")]);
  expect(existsSync(home.file("codex-auth/homes/0123456789ab-1/auth.json"))).toBe(true);
});

// A doctor that is killed while Codex answers leaves the home that it made for the question.
test.each(["uninstall --yes --forget-accounts", "fix", "doctor --fix"])(
  "%s removes the throw-away homes of killed doctors, and no other folder beside the home",
  async (line) => {
    const outer = await homeWithThree();
    const home = outer.file("codex");
    const env = { CODEX_HOME: home, HOME: outer.path };
    mkdirSync(home);
    await outer.run(["import", outer.file("logins")], { env });
    const killed = [`${home}.codex-auth-trial-999999999-a`, `${home}.codex-auth-trial-${process.pid}-b`];
    const others = [
      `${home}.codex-auth-trial-${process.pid}-c`,
      `${home}-2`,
      `${home}2.codex-auth-trial-1-d`,
    ];
    for (const folder of [...killed, ...others]) mkdirSync(folder);
    symlinkSync(outer.file("logins"), `${killed[0]}/config.toml`);
    utimesSync(killed[1] ?? "", 1, 1);
    const { stdout } = await outer.run(line.split(" "), { env });
    expect(killed.filter((folder) => existsSync(folder))).toEqual([]);
    expect(others.filter((folder) => !existsSync(folder))).toEqual([]);
    expect(existsSync(outer.file("logins/a.json"))).toBe(true);
    expect(stdout).toMatch(/codex-auth-trial|killed command has left/);
  },
);
