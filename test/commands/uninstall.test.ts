import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { homeWithThree } from "../support/home.ts";
import type { TestHome } from "../support/home.ts";
import { runFake, terminal } from "../support/fake-context.ts";

const storeOf = (home: TestHome) => home.file("codex-auth");

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

function refused(): never {
  throw new Error("unexpected stdin");
}
