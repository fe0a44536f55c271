import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { commands } from "../../src/commands/index.ts";
import { drivers } from "../support/databases.ts";
import { runFake } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { TestHome, threeLogins } from "../support/home.ts";

const accounts = ["work", "dev@team.example", "my lab"];

/** Two labels, an e-mail with two seats, and names that no terminal should see. */
async function homeWithNames(): Promise<TestHome> {
  const home = new TestHome();
  home.writeLogins(threeLogins);
  for (const [index, email] of ["-rf@x", "tab\there@x", "esc\u001b]0;x\u0007@x", "rtl\u202e@x"].entries())
    home.write(
      `logins/x${index}.json`,
      forgeAuthJson({ email, userId: `user-${index}`, accountId: `acct-${index}` }),
    );
  for (const line of ["import logins", "label dev@team.example work"]) await runFake(home, line.split(" "));
  await runFake(home, ["label", "3", "my lab"]);
  return home;
}

/** No effect but reading files is allowed here, so that a request over the network would fail the test. */
async function offered(home: TestHome, words: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runFake(home, ["__complete", "--", ...words]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t")[0] ?? "");
}

test.each([
  [["switch", ""], accounts],
  [["--json", "switch", ""], accounts],
  [["use", "w"], accounts],
  [["use-here", ""], accounts],
  [["exec", ""], accounts],
  [["gateway", "adopt", ""], accounts],
  [["guard", "--account", ""], accounts],
  [["guard", "--min-remaining", "5", "--account", ""], accounts],
  [
    ["check", "work", ""],
    ["dev@team.example", "my lab"],
  ],
  [["remove", "work", "dev@team.example", "my lab", ""], []],
])("%j offers labels, and e-mails of one seat", async (words, wanted) => {
  const names = await offered(await homeWithNames(), words);
  expect(names.filter((name) => !/^[0-9a-f]{12}$/.test(name))).toEqual(wanted);
});

test.each([["key revoke"], ["key edit"], ["usage"]])(
  "behind gateway %s the keys that open something are offered, whoever made them",
  async (words) => {
    const home = new TestHome();
    const key = (...rest: string[]) =>
      runFake(home, ["gateway", "key", ...rest], { databaseDrivers: drivers });
    for (const name of ["ci", "old", "team mate"]) await key("create", name);
    await key("revoke", "old");
    expect(await offered(home, ["gateway", ...words.split(" "), ""])).toEqual(["ci", "team mate"]);
    expect(await offered(home, ["gateway", ...words.split(" "), "ci", ""])).toEqual([]);
  },
);

test("where there are no keys, or they are on a server, none are offered", async () => {
  const home = new TestHome();
  expect(await offered(home, ["gateway", "key", "revoke", ""])).toEqual([]);
  home.write("codex-auth/gateway.db", "no database");
  expect(await offered(home, ["gateway", "key", "revoke", ""])).toEqual([]);
});

test("an account without a name that can be typed is offered by its id", async () => {
  const home = await homeWithNames();
  const ids = (await offered(home, ["switch", ""])).filter((name) => /^[0-9a-f]{12}$/.test(name));
  const { stdout } = await runFake(home, ["list", "--json"]);
  const listed: { id: string; row: number }[] = JSON.parse(stdout).accounts;
  expect(ids).toEqual(listed.flatMap(({ id, row }) => ([2, 3].includes(row) ? [] : [id])));
});

test.each([
  [
    "of a command, without those that are given",
    ["switch", "--dry-run", "--"],
    ["--auto", "--json", "--help"],
    ["--dry-run"],
  ],
  ["of an alias", ["use", "-"], ["--auto"], []],
  ["of the program", ["-"], ["--help", "--version"], ["--auto"]],
])("options %s are offered", async (_what, words, some, none) => {
  const names = await offered(await homeWithNames(), words);
  expect(names).toEqual(expect.arrayContaining(some));
  expect(names.filter((name) => none.includes(name))).toEqual([]);
});

// `gateway key create --` offered the port of `start` too.
test.each([
  [
    ["gateway", "key", "create", "ci", "--"],
    [
      "--database",
      "--limit",
      "--model",
      "--account",
      "--expires",
      "--parallel",
      "--role",
      "--json",
      "--help",
    ],
  ],
  [
    ["gateway", "key", "edit", "ci", "--limit", "cost=1usd/day", "--"],
    ["--database", "--model", "--account", "--expires", "--parallel", "--name", "--json", "--help"],
  ],
  [
    ["gateway", "key", "revoke", "--"],
    ["--database", "--now", "--json", "--help"],
  ],
  [
    ["gateway", "key", "list", "--"],
    ["--database", "--json", "--help"],
  ],
  [
    ["rotation", "env", "--"],
    ["--shell", "--json", "--help"],
  ],
])("%j offers the options of that action alone", async (words, wanted) => {
  const names = await offered(await homeWithNames(), words);
  expect(names.filter((name) => name !== "--no-color")).toEqual(wanted);
});

test("behind an action, before the next word is known, all its options are offered", async () => {
  const names = await offered(await homeWithNames(), ["gateway", "key", "--"]);
  expect(names).toEqual(expect.arrayContaining(["--limit", "--role", "--name", "--now"]));
  expect(names).not.toContain("--port");
});

test.each([
  [[""], commands.map(({ name }) => name)],
  [["help", ""], commands.map(({ name }) => name)],
  [
    ["backup", ""],
    ["list", "restore"],
  ],
  [
    ["init", ""],
    ["bash", "zsh", "fish", "powershell"],
  ],
  [
    ["rotation", ""],
    ["start", "stop", "status", "env", "enable-hint"],
  ],
  [
    ["gateway", "key", ""],
    ["create", "list", "show", "edit", "revoke", "rotate", "reset"],
  ],
  [["gateway", "key", "show", ""], []],
  [["gateway", "key", "show", "client", ""], []],
  [
    ["gateway", "--port", "1", "client", ""],
    ["codex", "opencode", "env"],
  ],
  [
    ["gateway", "database", ""],
    ["check", "migrate", "claim"],
  ],
  [["gateway", "__proto__", ""], []],
  [
    ["export", "1", "--format", ""],
    ["codex", "opencode", "cliproxyapi", "bundle"],
  ],
  [
    ["guard", "--window", "s"],
    ["any", "short", "long", "primary", "secondary"],
  ],
  [
    ["rotation", "env", "--shell", ""],
    ["sh", "fish", "powershell"],
  ],
  [
    ["uninstall", "--keep", ""],
    ["accounts", "backups", "history"],
  ],
  [["import", ""], []],
  [["list", ""], []],
  [["exec", "work", ""], []],
  [["exec", "work", "--", ""], []],
  [["exec", "--", "-"], []],
  [["no-such-command", ""], []],
  [["export", "1", "--out", ""], []],
  [[], commands.map(({ name }) => name)],
])("%j offers just what can stand there", async (words, wanted) => {
  expect(await offered(await homeWithNames(), words)).toEqual(wanted);
});

test.each(commands.map(({ name }) => name))("the options of %s are offered", async (name) => {
  expect(await offered(new TestHome(), [name, "-"])).toEqual(expect.arrayContaining(["--help", "--json"]));
});

test.each([
  ["no pool", (home: TestHome) => home.remove("codex-auth")],
  ["a damaged pool", (home: TestHome) => home.write("codex-auth/pool.json", "{")],
  ["a pool of a newer version", (home: TestHome) => home.write("codex-auth/pool.json", '{"version":99}')],
])("%s offers nothing, says nothing and writes nothing", async (_what, spoil) => {
  const home = await homeWithNames();
  spoil(home);
  const before = readdirSync(home.path, { recursive: true });
  expect(await offered(home, ["switch", ""])).toEqual([]);
  expect(readdirSync(home.path, { recursive: true })).toEqual(before);
});
