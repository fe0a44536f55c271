import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { bundleText } from "../../../src/interchange/bundle.ts";
import { parsePool } from "../../../src/pool/pool.ts";
import { runFake, terminal, testNowMs } from "../../support/fake-context.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { TestHome } from "../../support/home.ts";
import { datedLogins } from "../../support/quota-scenarios.ts";

const passphrase = "four words nobody guesses";

function typing(text: string) {
  const give = () => Promise.resolve(text);
  return { stdin: { isTerminal: false, readAll: give, readLine: give } };
}

function accountsOf(home: TestHome) {
  return parsePool(home.read("codex-auth/pool.json"), "pool.json").accounts;
}

/** Three accounts, the second paused and with a label, with keys that no version of ours knows. */
async function homeWithAccounts(): Promise<TestHome> {
  const home = new TestHome();
  home.writeLogins(datedLogins);
  const odd = {
    ...forgeAuthJson(datedLogins["c"]),
    future: { deep: [1, null, "é"] },
    last_refresh: "2026-11-20T11:00:00+08:00",
  };
  home.write("logins/c.json", odd);
  home.write("logins/d.json", { auth_mode: "apikey", OPENAI_API_KEY: "sk-test-0001" });
  for (const line of ["import logins", "label 2 work", "pause 2"]) {
    const { code, stderr } = await runFake(home, line.split(" "));
    if (code !== 0) throw new Error(stderr);
  }
  return home;
}

test.each([
  ["open", [], typing("")],
  ["encrypted", ["--passphrase-stdin"], typing(`${passphrase}\n`)],
])("an %s bundle brings whole accounts to another machine, byte for byte", async (_, flags, input) => {
  const [here, there] = [await homeWithAccounts(), new TestHome()];
  const out = here.file("bundle.json");
  const done = await runFake(
    here,
    ["export", "1", "2", "3", "4", "--format", "bundle", "--out", out, ...flags],
    input,
  );
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining("use it in one place only") });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(readFileSync(out, "utf8").includes("sk-test-0001")).toBe(flags.length === 0);
  const { code } = await runFake(there, ["import", out, ...flags], input);
  expect(code).toBe(0);
  const whole = (home: TestHome) =>
    accountsOf(home).map(({ id, label, pausedAt, auth }) => JSON.stringify({ id, label, pausedAt, auth }));
  expect(whole(there)).toEqual(whole(here));
  const again = await runFake(there, ["import", out, ...flags, "--json"], input);
  expect(JSON.parse(again.stdout)).toMatchObject({ summary: { unchanged: 4, added: 0 } });
});

test("an account that was set aside is set aside on the other machine, for the same reason", async () => {
  const there = new TestHome();
  const setAside = { reason: "revoked", since: "2026-11-01T00:00:00.000Z", evidence: "HTTP 400 x" };
  const account = { label: "old", pausedAt: null, setAside, auth: forgeAuthJson(datedLogins["a"]) };
  there.write("b.json", bundleText([account], { nowMs: testNowMs, passphrase: null }));
  await runFake(there, ["import", there.file("b.json")]);
  expect(accountsOf(there)).toMatchObject([{ label: "old", flag: setAside }]);
});

const oneAccount = [{ label: null, pausedAt: null, setAside: null, auth: forgeAuthJson(datedLogins["a"]) }];
// Making one takes long, as it is meant to.
const sealedBundle = bundleText(oneAccount, { nowMs: testNowMs, passphrase });

test.each<[string, (text: string) => string, string]>([
  ["another passphrase", (text) => text, "the passphrase is not the one"],
  [
    "a changed byte",
    (text) => text.replace(/"data": "(.)/, (_, c: string) => `"data": "${c === "A" ? "B" : "A"}`),
    "the passphrase is not",
  ],
  ["a cut file", (text) => text.slice(0, -9), "not complete JSON"],
  ["cut data", (text) => text.replace(/"data": "([^"]{40})[^"]*/, '"data": "$1'), "the passphrase is not"],
  ["no data at all", (text) => text.replace(/"data": "[^"]*/, '"data": "'), "the passphrase is not"],
  [
    "a newer version",
    (text) => text.replace('"version": 1', '"version": 2'),
    "written by a newer codex-auth",
  ],
  ["a damaged header", (text) => text.replace('"salt"', '"pepper"'), "its header is damaged"],
])("a bundle with %s is a clear error and changes nothing", async (name, spoil, message) => {
  const home = new TestHome();
  home.write("b.json", spoil(sealedBundle));
  const input = typing(name === "another passphrase" ? "something else" : passphrase);
  const { code, stdout } = await runFake(
    home,
    ["import", home.file("b.json"), "--passphrase-stdin", "--json"],
    input,
  );
  expect([code, JSON.parse(stdout)]).toMatchObject([
    1,
    { error: { code: "import_failed", message: expect.stringContaining(message) } },
  ]);
  expect(() => home.read("codex-auth/pool.json")).toThrow("ENOENT");
});

test("OpenCode gets one login under openai, and CLIProxyAPI one flat file: both come back as they were", async () => {
  const home = await homeWithAccounts();
  for (const format of ["opencode", "cliproxyapi"]) {
    const { code } = await runFake(home, ["export", "1", "2", "--format", format, "--out", `to-${format}`]);
    expect(code).toBe(0);
    const back = await runFake(home, ["import", home.file(`to-${format}`), "--json"]);
    expect(JSON.parse(back.stdout)).toMatchObject({
      summary: { unchanged: 2 },
      results: [{ format }, { format }],
    });
  }
  const single = await runFake(home, ["export", "1", "--format", "opencode"]);
  const { tokens } = forgeAuthJson(datedLogins["a"]);
  const [account] = accountsOf(home);
  expect(JSON.parse(single.stdout)).toEqual({
    openai: {
      type: "oauth",
      refresh: tokens.refresh_token,
      access: tokens.access_token,
      expires: (account?.login.expiresAtSec ?? 0) * 1000,
      accountId: "acct-personal",
    },
  });
  const flat = await runFake(home, ["export", "1", "--format", "cliproxyapi"]);
  expect(JSON.parse(flat.stdout)).toMatchObject({ type: "codex", ...tokens, email: "ada@personal.example" });
});

test("an API key goes to OpenCode as a key", async () => {
  const home = await homeWithAccounts();
  const { stdout } = await runFake(home, ["export", "4", "--format", "opencode"]);
  expect(JSON.parse(stdout)).toEqual({ openai: { type: "api", key: "sk-test-0001" } });
});

test.each<[string, string, string]>([
  ["an unknown format", "export 1 --format nosuch", "The formats are: codex, opencode, cliproxyapi, bundle"],
  ["a passphrase for an open format", "export 1 --passphrase-stdin", "--format bundle"],
  ["several accounts on stdout", "export 1 2 --format opencode", "--out <folder>"],
  ["an API key for CLIProxyAPI", "export 4 --format cliproxyapi", "--format bundle"],
  ["a short passphrase", "export 1 --format bundle --passphrase-stdin", "four or more words"],
])("%s is refused with what to type, and nothing is written", async (_, line, hint) => {
  const home = await homeWithAccounts();
  const { code, stdout, stderr } = await runFake(home, line.split(" "), typing("short"));
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(hint)]);
});

test("no form of secrets is shown on a terminal without --yes, nor is the passphrase asked for first", async () => {
  const home = await homeWithAccounts();
  for (const format of ["codex", "opencode", "cliproxyapi", "bundle"]) {
    let shown = "";
    const stdout = terminal((text) => (shown += text));
    const flags = format === "bundle" ? ["--passphrase-stdin"] : [];
    const { code, stderr } = await runFake(home, ["export", "1", "--format", format, ...flags], { stdout });
    expect([format, code, shown, stderr]).toEqual([format, 1, "", expect.stringContaining("scrollback")]);
  }
});

test("a passphrase that is typed is asked for twice", async () => {
  const home = await homeWithAccounts();
  const answers = [passphrase, `${passphrase}?`];
  const refuse = () => Promise.reject(new Error("unexpected stdin"));
  const { code, stderr } = await runFake(
    home,
    ["export", "1", "--format", "bundle", "--passphrase-stdin", "--out", "b.json"],
    {
      stdin: { isTerminal: true, readAll: refuse, readLine: refuse },
      prompt: () => Promise.resolve(answers.shift() ?? ""),
    },
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining("The two passphrases differ")]);
});
