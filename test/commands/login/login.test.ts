import { expect, test } from "vitest";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, TestHome, threeLogins } from "../../support/home.ts";
import { holdsSecret, signIn, startFake } from "../../support/login.ts";

interface Pool {
  activeId: string | null;
  accounts: {
    id: string;
    label: string | null;
    pausedAt: string | null;
    flag: unknown;
    auth: ReturnType<typeof forgeAuthJson>;
  }[];
}

function poolOf(home: TestHome): Pool {
  return JSON.parse(home.read("codex-auth/pool.json"));
}

function tokenOf(home: TestHome, row: number): string | undefined {
  return poolOf(home).accounts[row - 1]?.auth.tokens.refresh_token;
}

/** Three accounts, the first live, and an issuer where the given one signs in next. */
async function prepared(name: "a" | "b" | "c") {
  const home = await homeWithThree();
  const fake = await startFake();
  fake.authorizer.next = { ...threeLogins[name] };
  return { home, fake };
}

test("a known account is renewed in place and keeps its label and pause; its flag goes", async () => {
  const { home, fake } = await prepared("b");
  await home.run(["label", "2", "work"]);
  await home.run(["pause", "2"]);
  const flag = '"flag":{"reason":"expired","since":"2026-11-20T12:00:00.000Z","evidence":"HTTP 401"}';
  const [first = "", ...lines] = home.read("codex-auth/pool.json").split('"id":"');
  const flagged = lines.map((line) => (line.includes("work") ? line.replace('"flag":null', flag) : line));
  home.write("codex-auth/pool.json", [first, ...flagged].join('"id":"'));
  const live = home.read("auth.json");
  const { code, stdout } = await signIn(home, fake);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^Renewed the login of work \(dev@team\.example\), business\.\n.*\n.*still paused/),
  ]);
  const { accounts } = poolOf(home);
  expect(accounts).toHaveLength(3);
  expect(accounts[1]).toMatchObject({ label: "work", pausedAt: expect.any(String), flag: null });
  expect(tokenOf(home, 2)).toBe(fake.issuer.newestToken("dev@team.example"));
  expect(home.read("auth.json")).toBe(live);
});

test("the live account gets its new tokens in auth.json too", async () => {
  const { home, fake } = await prepared("a");
  const { code, stdout } = await signIn(home, fake);
  expect([code, stdout]).toEqual([0, expect.stringContaining("auth.json has the new login")]);
  expect(JSON.parse(home.read("auth.json"))).toEqual(poolOf(home).accounts[0]?.auth);
  expect(tokenOf(home, 1)).toBe(fake.issuer.newestToken("ada@personal.example"));
});

test("so does a live login that the pool has not met yet", async () => {
  const home = new TestHome();
  const fake = await startFake();
  fake.authorizer.next = { email: "a@example.com" };
  home.write("auth.json", forgeAuthJson({ issuedAt: testNowMs / 1000 - 60 }));
  expect((await signIn(home, fake)).code).toBe(0);
  const [account, ...more] = poolOf(home).accounts;
  expect([more, poolOf(home).activeId]).toEqual([[], account?.id]);
  expect(JSON.parse(home.read("auth.json"))).toEqual(account?.auth);
  expect(tokenOf(home, 1)).toBe(fake.issuer.newestToken("a@example.com"));
});

test("a new login replaces one whose token is dated later", async () => {
  const { home, fake } = await prepared("b");
  home.write("later.json", forgeAuthJson({ ...threeLogins["b"], issuedAt: Date.now() / 1000 + 9000 }));
  await home.run(["import", home.file("later.json")]);
  const { stdout } = await signIn(home, fake, ["--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: "renewed", account: { row: 2 } });
  expect(tokenOf(home, 2)).toBe(fake.issuer.newestToken("dev@team.example"));
});

test("an unknown account is added, and auth.json is not touched", async () => {
  const { home, fake } = await prepared("a");
  fake.authorizer.next = { email: "new@example.com" };
  const live = home.read("auth.json");
  const { code, stdout } = await signIn(home, fake, ["--label", "fresh"]);
  expect([code, stdout]).toEqual([
    0,
    "Added fresh (new@example.com), plus.\nTo make it the active one: codex auth switch fresh\n",
  ]);
  expect([poolOf(home).accounts.length, home.read("auth.json")]).toEqual([4, live]);
});

test("--switch makes the new login live", async () => {
  const { home, fake } = await prepared("b");
  const { code, stdout } = await signIn(home, fake, ["--switch", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { outcome: "renewed", switched: true, account: { row: 2, active: true }, processes: [] },
  ]);
  expect(JSON.parse(home.read("auth.json"))).toEqual(poolOf(home).accounts[1]?.auth);
});

test("another seat than the one that was asked for is refused, and nothing is changed", async () => {
  const { home, fake } = await prepared("c");
  const before = [home.read("auth.json"), home.read("codex-auth/pool.json")];
  const { code, stdout, stderr } = await signIn(home, fake, ["--account", "1", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "login_other_account" } }]);
  expect(stderr).toContain(
    "ada@personal.example in workspace acct-lab signed in, not ada@personal.example in workspace acct-personal.",
  );
  expect([home.read("auth.json"), home.read("codex-auth/pool.json")]).toEqual(before);
});

test.each<[string, string[], { says?: string }, number]>([
  ["--yes keeps it", ["--yes"], {}, 0],
  ["a yes on the terminal keeps it", [], { says: "y" }, 0],
  ["no answer does not", [], { says: "" }, 1],
])("the login of another account: %s", async (_, flags, person, expected) => {
  const { home, fake } = await prepared("b");
  fake.authorizer.next = { email: "new@example.com" };
  const { code, questions } = await signIn(home, fake, ["--account", "dev@", ...flags], person);
  const question =
    "new@example.com in workspace acct-1 signed in, not dev@team.example in workspace acct-team.";
  expect(questions.slice(1)).toEqual(
    "says" in person ? [`${question} Keep it as an account of its own? [y/N] `] : [],
  );
  expect([code, poolOf(home).accounts.length]).toEqual([expected, expected === 0 ? 4 : 3]);
});

test("asking for the account that then signs in renews it", async () => {
  const { home, fake } = await prepared("b");
  const { code, stdout } = await signIn(home, fake, ["--account", "dev@team.example", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { outcome: "renewed", account: { row: 2 } }]);
});

test.each<[string, string[], string, string]>([
  ["an unknown account", ["--account", "nobody"], "account_not_found", 'No account matches "nobody".'],
  ["a label like a row", ["--label", "7"], "label_invalid", "it would be read as a row number"],
  ["two ways at once", ["--with-api-key"], "usage", "A login goes one way."],
  ["an argument", ["work"], "usage", "Too many arguments"],
])("%s is refused before anybody signs in", async (_, flags, code, text) => {
  const { home, fake } = await prepared("b");
  const result = await signIn(home, fake, [...flags, "--json"]);
  expect([result.code, JSON.parse(result.stdout)]).toMatchObject([1, { error: { code } }]);
  expect(result.stderr).toContain(text);
  expect(fake.log).toEqual([]);
});

test("a missing CODEX_HOME and an unreadable config.toml are told before anybody signs in", async () => {
  const home = new TestHome();
  const missing = { CODEX_HOME: home.file("none") };
  const { code, stderr } = await home.run(["login", "--manual"], { env: missing });
  expect([code, stderr]).toEqual([1, expect.stringContaining("is no folder")]);
  home.write("config.toml", "broken = ");
  expect((await home.run(["login", "--manual"])).stderr).toMatch(/^\S+config\.toml:1:\d+: /);
});

test("a login is kept when it cannot have the label that is asked for", async () => {
  const { home, fake } = await prepared("b");
  await home.run(["label", "1", "work"]);
  const { code, stdout, stderr } = await signIn(home, fake, ["--label", "work", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "label_taken" } }]);
  expect(stderr).toContain("The login was renewed as account 2, but: Account 1 already has the label work.");
  expect(tokenOf(home, 2)).toBe(fake.issuer.newestToken("dev@team.example"));
});

test.each([
  [
    "config.toml forbids it",
    'forced_chatgpt_workspace_id = ["acct-personal"]\n',
    "The configuration of Codex forbids",
  ],
  ["Codex reads the keyring", 'cli_auth_credentials_store = "keyring"\n', "does not read auth.json"],
])("a login is kept, but not made live, where %s", async (_, config, text) => {
  const { home, fake } = await prepared("b");
  home.write("config.toml", config);
  const live = home.read("auth.json");
  const { code, stdout, stderr } = await signIn(home, fake, ["--switch", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "login_restricted" } }]);
  expect(stderr).toContain("The login was renewed as account 2, but: ");
  expect(stderr).toContain(text);
  expect([tokenOf(home, 2), home.read("auth.json")]).toEqual([
    fake.issuer.newestToken("dev@team.example"),
    live,
  ]);
});

test("a hard-linked auth.json keeps its old token, which is told", async () => {
  const { home, fake } = await prepared("a");
  home.hardLink("auth.json", "copy-of-auth.json");
  const { code, stderr } = await signIn(home, fake);
  expect([code, stderr]).toEqual([1, expect.stringContaining("is a hard link")]);
  expect(tokenOf(home, 1)).toBe(fake.issuer.newestToken("ada@personal.example"));
});

test("what an issuer writes into a token cannot act on the terminal", async () => {
  const { home, fake } = await prepared("b");
  const escape = "\u001B";
  fake.authorizer.next = { email: `${escape}[2Jevil@example.com`, plan: `${escape}[31mplus`, accountId: "x" };
  const { stdout, stderr } = await signIn(home, fake, ["--account", "2", "--yes"]);
  expect(stdout + stderr).not.toContain(escape);
  const refused = await signIn(home, fake, ["--account", "2"]);
  expect([refused.code, refused.stdout + refused.stderr]).toEqual([1, expect.not.stringContaining(escape)]);
});

test("login says in its help how each way works", async () => {
  const { stdout } = await runFake(new TestHome(), ["login", "--help"]);
  for (const flag of ["--device-auth", "--manual", "--with-api-key", "--with-access-token", "--account"])
    expect(stdout).toContain(flag);
});

test.each([
  ["added", ["--label", "new"]],
  ["made live", ["--switch", "--json"]],
  ["refused", ["--account", "1", "--json"]],
  ["kept without its label", ["--label", "taken"]],
])("no secret is in any output when a login is %s", async (_, flags) => {
  const { home, fake } = await prepared("b");
  await home.run(["label", "3", "taken"]);
  const { stdout, stderr } = await signIn(home, fake, flags);
  expect(fake.authorizer.secrets).toHaveLength(5);
  expect(holdsSecret(fake, stdout + stderr)).toBe(false);
});

test("no secret is in the output when the issuer sends tokens that cannot be used", async () => {
  const { home, fake } = await prepared("b");
  const tokens = { id_token: "marked-id", access_token: "marked-access", refresh_token: "marked-refresh" };
  fake.routes.exchange = () => ({ status: 200, body: tokens });
  const { code, stdout, stderr } = await signIn(home, fake, ["--json"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("could not read")]);
  expect(stdout + stderr).not.toContain("marked");
});
