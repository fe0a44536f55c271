import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Account } from "../../../src/pool/account.ts";
import { parsePool } from "../../../src/pool/pool.ts";
import { runFake, terminal, testNowMs } from "../../support/fake-context.ts";
import { forgeAuthJson, type Login } from "../../support/forge.ts";
import { projectRoot, TestHome } from "../../support/home.ts";

const stores = join(projectRoot, "fixtures/stores");
/** When the tokens of the fixtures were issued. */
const issuedAt = Date.UTC(2026, 10, 20, 11) / 1000;

interface Report {
  results: {
    outcome: string;
    reason: string | null;
    name: string | null;
    entry: string | null;
    replaced: { issuedAt: string; undo: string } | null;
  }[];
  summary: Record<string, number>;
  sharedWith: string[];
  error: { code: string; message: string; hint: string };
}

async function importInto(home: TestHome, line: readonly string[], stdin?: string) {
  const readLine = () => Promise.resolve(stdin ?? "");
  const allowed = stdin === undefined ? {} : { stdin: { isTerminal: false, readAll: readLine, readLine } };
  const { code, stdout, stderr } = await runFake(home, ["import", ...line, "--json"], allowed);
  return { code, stderr, report: JSON.parse(stdout) as Report };
}

function accountsOf(home: TestHome): Account[] {
  return parsePool(home.read("codex-auth/pool.json"), "pool.json").accounts;
}

function accountOf(home: TestHome, name: string): Account {
  const found = accountsOf(home).find(({ login }) => login.email === `${name}@example.com`);
  if (!found) throw new Error(`There is no ${name}.`);
  return found;
}

function parked(home: TestHome): string[] {
  return readdirSync(home.file("codex-auth/parked")).map((name) =>
    readFileSync(home.file(`codex-auth/parked/${name}`), "utf8"),
  );
}

function seat(name: string, more: Login = {}) {
  const own = { email: `${name}@example.com`, userId: `user-${name}`, accountId: `acct-${name}` };
  return forgeAuthJson({ ...own, issuedAt, expiresInSec: 864_000, ...more });
}

/** An account as codex-multi-auth keeps it: no id token. */
function multiAuth(name: string, more: Login = {}) {
  const { access_token: accessToken, refresh_token: refreshToken } = seat(name, more).tokens;
  return { accessToken, refreshToken, email: `${name}@example.com`, addedAt: 1, lastUsed: 1 };
}

test("a pool of codex-multi-auth comes in with labels, pauses and what it had set aside", async () => {
  const home = new TestHome();
  const { code, report } = await importInto(home, [join(stores, "codex-multi-auth")]);
  expect([code, report.summary]).toEqual([1, expect.objectContaining({ added: 5, refused: 2 })]);
  expect(report.sharedWith).toEqual(["codex-multi-auth"]);
  expect(accountOf(home, "ada")).toMatchObject({ label: "home", pausedAt: null, flag: null });
  expect(accountOf(home, "dev").pausedAt).toBe(new Date(testNowMs).toISOString());
  expect(accountOf(home, "flagged").flag).toMatchObject({
    reason: "reported",
    since: "2026-11-20T10:00:00.000Z",
  });
  expect(accountOf(home, "spent").flag?.reason).toBe("used-elsewhere");
});

test("what another tool had set aside is neither recommended nor renewed before it was tested", async () => {
  const home = new TestHome();
  await importInto(home, [join(stores, "codex-multi-auth/openai-codex-flagged-accounts.json")]);
  const { stdout } = await runFake(home, ["forecast", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ recommendation: { id: null, kind: "none" } });
  const tests = await runFake(home, ["verify-flagged", "--dry-run", "--json"]);
  expect(JSON.parse(tests.stdout)).toMatchObject({ results: [{ test: "usage" }, { test: "usage" }] });
  const list = await runFake(home, ["list", "--json"]);
  expect(list.stdout).toContain("another tool had set it aside after a failure");
  expect(list.stdout).toContain("test it: codex auth verify-flagged");
});

test("an older token never replaces a newer one, a newer one keeps what the pool knows beside it", async () => {
  const home = new TestHome();
  const provenance = { issuer: "https://auth.example", client_id: "app" };
  const own = seat("ada");
  home.write("own.json", { ...own, tokens: { ...own.tokens, oauth_provenance: provenance }, future: 1 });
  await importInto(home, [home.file("own.json")]);
  const [older, newer] = [-60, 60].map((offset) => multiAuth("ada", { issuedAt: issuedAt + offset }));
  for (const [account, outcome] of [
    [older, "skipped"],
    [newer, "updated"],
    [newer, "unchanged"],
    [older, "skipped"],
  ] as const) {
    home.write("theirs.json", { version: 3, activeIndex: 0, accounts: [account] });
    const { report } = await importInto(home, [home.file("theirs.json")]);
    expect(report.results.map((each) => each.outcome)).toEqual([outcome]);
  }
  expect(accountOf(home, "ada").auth).toMatchObject({
    future: 1,
    tokens: {
      id_token: own.tokens.id_token,
      refresh_token: newer?.refreshToken,
      oauth_provenance: provenance,
    },
    last_refresh: new Date((issuedAt + 60) * 1000).toISOString(),
  });
  expect(parked(home).join()).toContain(own.tokens.refresh_token);
});

test("a whole login in the place of a lease is one that renews itself", async () => {
  const home = new TestHome();
  const { tokens, ...rest } = seat("ada");
  home.write("lease.json", {
    ...rest,
    auth_mode: "chatgptAuthTokens",
    tokens: { ...tokens, refresh_token: "" },
  });
  await importInto(home, [home.file("lease.json")]);
  home.write("theirs.json", { version: 3, activeIndex: 0, accounts: [multiAuth("ada")] });
  await importInto(home, [home.file("theirs.json")]);
  expect(accountOf(home, "ada").auth).toMatchObject({
    auth_mode: "chatgpt",
    tokens: { id_token: tokens.id_token, refresh_token: tokens.refresh_token },
  });
});

test("a login that failed elsewhere does not replace or flag one of ours, and is not lost", async () => {
  const home = new TestHome();
  home.write("own.json", seat("ada"));
  await importInto(home, [home.file("own.json")]);
  const theirs = multiAuth("ada", { issuedAt: issuedAt + 60 });
  home.write("theirs.json", {
    version: 1,
    accounts: [
      { ...theirs, flaggedAt: 1 },
      { ...multiAuth("ada"), flaggedAt: 1 },
    ],
  });
  const { report } = await importInto(home, [home.file("theirs.json")]);
  expect(report.results.map(({ outcome }) => outcome)).toEqual(["skipped", "unchanged"]);
  expect(accountOf(home, "ada")).toMatchObject({ flag: null, login: { issuedAtSec: issuedAt } });
  expect(parked(home).join()).toContain(theirs.refreshToken);
});

test("an account that a store has twice, in use and set aside, is set aside", async () => {
  const home = new TestHome();
  home.write("s/openai-codex-accounts.json", { version: 3, activeIndex: 0, accounts: [multiAuth("ada")] });
  home.write("s/openai-codex-flagged-accounts.json", {
    version: 1,
    accounts: [{ ...multiAuth("ada"), flaggedAt: 1 }],
  });
  await importInto(home, [home.file("s")]);
  expect(accountOf(home, "ada").flag?.reason).toBe("reported");
});

// The copy that was set aside had an older access token, so the spent refresh token came in as a ready account.
test("an account is set aside by its refresh token, whatever access token stands beside it", async () => {
  const home = new TestHome();
  const [older, newer] = [-60, 0].map((offset) =>
    multiAuth("ada", { issuedAt: issuedAt + offset, refreshToken: "rt_shared" }),
  );
  home.write("s/openai-codex-accounts.json", { version: 3, activeIndex: 0, accounts: [newer] });
  const flagged = { ...older, flaggedAt: 1, lastError: "refresh_token_reused" };
  home.write("s/openai-codex-flagged-accounts.json", { version: 1, accounts: [flagged] });
  await importInto(home, [home.file("s")]);
  expect(accountOf(home, "ada").flag?.reason).toBe("used-elsewhere");
});

test("a known account keeps its own label and pause; a label that cannot be one is left out and told", async () => {
  const home = new TestHome();
  home.write("own.json", seat("ada"));
  await importInto(home, [home.file("own.json")]);
  await runFake(home, ["label", "1", "mine"]);
  const accounts = [
    { ...multiAuth("ada", { issuedAt: issuedAt + 60 }), accountLabel: "theirs", enabled: false },
    { ...multiAuth("dev"), accountLabel: "MINE" },
    { ...multiAuth("eve"), accountLabel: "eve@example.com" },
  ];
  home.write("theirs.json", { version: 3, activeIndex: 0, accounts });
  const { report } = await importInto(home, [home.file("theirs.json")]);
  expect(accountsOf(home).map(({ label, pausedAt }) => [label, pausedAt])).toEqual([
    ["mine", null],
    [null, null],
    [null, null],
  ]);
  expect(report.results.map(({ reason }) => reason)).toEqual([
    null,
    expect.stringContaining("already has the label"),
    expect.stringContaining("read as an e-mail"),
  ]);
});

test("backups of CAAM are older copies: the profile wins, and gives the name", async () => {
  const home = new TestHome();
  await importInto(home, [join(stores, "caam")]);
  expect(accountsOf(home)).toMatchObject([{ label: "ada-main", login: { issuedAtSec: issuedAt } }]);
});

test("a newer token for the live login says that auth.json still has the older one", async () => {
  const home = new TestHome();
  home.write("auth.json", seat("ada"));
  await importInto(home, []);
  const before = home.read("auth.json");
  home.write("theirs.json", {
    version: 3,
    activeIndex: 0,
    accounts: [multiAuth("ada", { issuedAt: issuedAt + 60 })],
  });
  const { report } = await importInto(home, [home.file("theirs.json")]);
  expect(report.results[0]).toMatchObject({
    outcome: "updated",
    reason: expect.stringContaining("auth.json still"),
  });
  expect(home.read("auth.json")).toBe(before);
});

test.each<[string, string]>([
  ["codex-multi-auth", "multi-auth"],
  ["loongphy", "accounts"],
  ["cliproxyapi", ".cli-proxy-api"],
  ["opencode", ".local/share/opencode"],
  ["caam", ".local/share/caam/vault/codex"],
])("--from %s looks where that tool keeps its logins", async (format, place) => {
  const home = new TestHome();
  mkdirSync(home.file(place), { recursive: true });
  cpSync(join(stores, format), home.file(place), { recursive: true });
  const env = { HOME: home.path, LANG: "C.UTF-8" };
  const { stdout } = await runFake(home, ["import", "--from", format, "--json"], { env });
  expect(JSON.parse(stdout)).toMatchObject({
    results: expect.arrayContaining([expect.objectContaining({ format })]),
  });
  expect(accountOf(home, "ada").login.email).toBe("ada@example.com");
});

test.each<[string, string[], string]>([
  ["an unknown format", ["--from", "nosuch"], "The formats are: codex, codex-multi-auth"],
  ["a tool whose place is not known", ["--from", "codexctl"], "import --from codexctl <path>"],
  ["a device, or a pipe of the shell", ["/dev/null"], "| codex auth import -"],
  // It meant the folder where one stands, with all that is below.
  ["an empty path, as of a variable that is not set", [""], "codex auth import ."],
  ["stdin for two things", ["-", "--passphrase-stdin"], "Name the file"],
  ["no passphrase", [join(stores, "codex-lb/codex-lb-bundle.json")], "--passphrase-stdin"],
])("%s is an error that says what to type", async (_, line, hint) => {
  const home = new TestHome();
  const { code, report } = await importInto(home, line);
  expect([code, report.error.hint]).toEqual([1, expect.stringContaining(hint)]);
});

// The fixture was written by the library that codex-lb uses, after its source, not by our own code.
test("a bundle of codex-lb opens with its passphrase and with no other", async () => {
  const home = new TestHome();
  const file = join(stores, "codex-lb/codex-lb-bundle.json");
  const wrong = await importInto(home, [file, "--passphrase-stdin"], "wrong horse");
  expect([wrong.code, wrong.report.error.message]).toEqual([
    1,
    expect.stringContaining("the passphrase is not"),
  ]);
  const right = await importInto(home, [file, "--passphrase-stdin"], "correct horse battery");
  expect([right.code, right.report.summary]).toEqual([0, expect.objectContaining({ added: 2 })]);
});

test("an encrypted bundle among readable files is refused by name, and the others come in", async () => {
  const home = new TestHome();
  cpSync(join(stores, "codex-lb"), home.file("mixed"), { recursive: true });
  cpSync(join(stores, "opencode"), home.file("mixed"), { recursive: true });
  const { code, report } = await importInto(home, [home.file("mixed")]);
  expect([code, report.summary]).toEqual([1, expect.objectContaining({ added: 1, refused: 1 })]);
});

test("a folder with more files than any store has is not read", async () => {
  const home = new TestHome();
  mkdirSync(home.file("many"));
  for (let index = 0; index <= 2000; index += 1) writeFileSync(home.file(`many/${index}.json`), "{}");
  const { code, report } = await importInto(home, [home.file("many")]);
  expect([code, report.error.message]).toEqual([1, expect.stringContaining("2001 .json files")]);
});

test("names in a store play no tricks on the terminal, and no secret is printed", async () => {
  const home = new TestHome();
  const hostile = { ...multiAuth("ada"), accessToken: "", email: "\u001b]52;c;x\u0007\u202eevil" };
  const labelled = { ...multiAuth("dev"), accountLabel: "\u001b[2Jlabel" };
  home.write("theirs.json", { version: 3, activeIndex: 0, accounts: [hostile, labelled] });
  let shown = "";
  const stdout = terminal((text) => (shown += text));
  const { stderr } = await runFake(home, ["import", home.file("theirs.json")], { stdout });
  // eslint-disable-next-line no-control-regex
  expect(shown + stderr).not.toMatch(/\u001b\]|\u001b\[2J|\u202e/);
  expect(shown + stderr).not.toContain(labelled.refreshToken);
});

function isForged(home: TestHome, name: string): boolean {
  return accountOf(home, name).login.refreshToken === "rt_forged";
}

// A forged time in the future stood over every genuine renewal to come.
test("a login from the future is not taken over a good one, and the answer says why", async () => {
  const home = new TestHome();
  home.write("auth.json", seat("ada"));
  await importInto(home, []);
  home.write("forged.json", seat("ada", { issuedAt: 4_102_444_800, refreshToken: "rt_forged" }));
  const { report } = await importInto(home, [home.file("forged.json")]);
  expect(report.results[0]).toMatchObject({
    outcome: "skipped",
    reason: expect.stringMatching(/2100-01-01T00:00:00.000Z, which is still to come.*--replace/) as string,
  });
  expect([isForged(home, "ada"), parked(home).join()]).toEqual([false, expect.stringContaining("rt_forged")]);
});

test("import names the login that it replaces, and its undo brings that one back", async () => {
  const home = new TestHome();
  home.write("auth.json", seat("ada"));
  await importInto(home, []);
  const good = accountOf(home, "ada").login.refreshToken;
  home.write("forged.json", seat("ada", { issuedAt: issuedAt + 60, refreshToken: "rt_forged" }));
  const { report, stderr } = await importInto(home, [home.file("forged.json")]);
  expect(isForged(home, "ada")).toBe(true);
  const [{ replaced } = { replaced: null }] = report.results;
  expect(replaced?.issuedAt).toBe("2026-11-20T11:00:00.000Z");
  expect(stderr).toContain(`Replaced the login of ada@example.com that the pool had, issued at 11:00`);
  expect(stderr).toContain(`To undo: ${replaced?.undo}`);
  // The person has switched to it meanwhile, so that it is the live login too.
  await runFake(home, ["switch", "1"]);
  expect(home.read("auth.json")).toContain("rt_forged");
  const [, , , ...line] = (replaced?.undo ?? "").replaceAll("'", "").split(" ");
  const undone = await importInto(home, line);
  expect(undone.report.results[0]).toMatchObject({ outcome: "updated" });
  await runFake(home, ["list"]);
  expect(accountOf(home, "ada").login.refreshToken).toBe(good);
  expect(home.read("auth.json")).toContain(good);
});

test("import --replace never takes a refresh token that is used up", async () => {
  const home = new TestHome();
  home.write("own.json", seat("ada", { refreshToken: "rt_new" }));
  await importInto(home, [home.file("own.json")]);
  const spent = createHash("sha256").update("rt_spent").digest("hex").slice(0, 16);
  home.write(
    "codex-auth/pool.json",
    home.read("codex-auth/pool.json").replace('"spent":[]', `"spent":["${spent}"]`),
  );
  home.write("old.json", seat("ada", { issuedAt: issuedAt - 60, refreshToken: "rt_spent" }));
  const { report } = await importInto(home, [home.file("old.json"), "--replace"]);
  expect(report.results[0]).toMatchObject({ outcome: "skipped", reason: "its refresh token is used up" });
  expect(accountOf(home, "ada").login.refreshToken).toBe("rt_new");
});

test("import of the live login names what it replaces", async () => {
  const home = new TestHome();
  home.write("auth.json", seat("ada", { refreshToken: "rt_first" }));
  await importInto(home, []);
  home.write("auth.json", seat("ada", { issuedAt: issuedAt + 60, refreshToken: "rt_second" }));
  const { report } = await importInto(home, []);
  expect(report.results[0]).toMatchObject({
    outcome: "updated",
    replaced: { issuedAt: "2026-11-20T11:00:00.000Z", undo: expect.stringContaining("--replace") as string },
  });
});

test("where nobody has signed in yet, import says how to sign in", async () => {
  const { code, stderr } = await runFake(new TestHome(), ["import"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^There is no login to import: .*auth\.json does not exist\.\n.*codex auth login\n/);
});
