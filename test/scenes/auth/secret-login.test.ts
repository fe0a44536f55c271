import { spawn, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { runFake, terminal } from "../../support/fake-context.ts";
import { projectRoot, TestHome } from "../../support/home.ts";

const key = "sk-test-marked-0123456789abcdef";
const token = "at-marked-0123456789abcdef";

test("an API key comes from stdin and is stored as Codex stores it, without a request", async () => {
  const home = new TestHome();
  const options = { input: `${key}\n` };
  const { code, stdout, stderr } = await home.run(
    ["login", "--with-api-key", "--label", "ci", "--switch"],
    options,
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Added ci\.\nIt is the active account now\.\n$/);
  expect(JSON.parse(home.read("auth.json"))).toEqual({ auth_mode: "apikey", OPENAI_API_KEY: key });
  expect(stdout).not.toContain(key);
});

test("an access token comes from stdin", async () => {
  const home = new TestHome();
  const { code, stdout } = await home.run(["login", "--with-access-token", "--switch", "--json"], {
    input: token,
  });
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { flow: "accessToken", account: { kind: "accessToken" } },
  ]);
  expect(stdout).not.toContain(token);
  expect(JSON.parse(home.read("auth.json"))).toEqual({ OPENAI_API_KEY: null, personal_access_token: token });
});

test("the same key again changes nothing but the label", async () => {
  const home = new TestHome();
  await home.run(["login", "--with-api-key"], { input: key });
  const again = await home.run(["login", "--with-api-key", "--label", "ci", "--json"], { input: key });
  expect(JSON.parse(again.stdout)).toMatchObject({ outcome: "unchanged", account: { row: 1, label: "ci" } });
});

test.each([
  ["--with-api-key", "", "Standard input holds no API key."],
  ["--with-api-key", "two words-marked", "Standard input holds no API key."],
  ["--with-api-key", token, "--with-access-token"],
  ["--with-api-key", "eyJhbGciOi.marked.sig", "--with-access-token"],
  ["--with-access-token", key, "--with-api-key"],
  ["--with-access-token", '{ "marked": 1 }', "Standard input holds no access token."],
])("%s refuses %j and shows nothing of it", async (flag, input, text) => {
  const home = new TestHome();
  const { code, stdout, stderr } = await home.run(["login", flag, "--json"], { input });
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "login_secret_invalid" } }]);
  expect(stderr).toContain(text);
  expect(stdout + stderr).not.toContain("marked");
});

test("on a terminal the secret is asked for, hidden", async () => {
  const asked: unknown[] = [];
  const { code } = await runFake(new TestHome(), ["login", "--with-api-key"], {
    stdin: {
      isTerminal: true,
      readAll: () => Promise.reject(new Error("unexpected")),
      readLine: () => Promise.reject(new Error("unexpected")),
    },
    stderr: terminal(() => undefined),
    prompt: (...given) => {
      asked.push(given);
      return Promise.resolve(key);
    },
  });
  expect([code, asked]).toEqual([0, [["API key (not shown): ", { isHidden: true }]]]);
});

/** util-linux's `script` gives the command a terminal of its own. */
const hasScript = spawnSync("/bin/sh", ["-c", "script --version"]).status === 0;

test.runIf(hasScript)("what is typed on a real terminal does not appear there", async () => {
  const home = new TestHome();
  const command = `script -qec '${projectRoot}bin/codex-auth login --with-api-key' /dev/null`;
  const child = spawn("/bin/sh", ["-c", command], {
    env: { PATH: process.env["PATH"], HOME: home.path, CODEX_HOME: home.path, TERM: "xterm" },
  });
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (!shown.includes("(not shown)") && chunk.toString().includes("(not shown)"))
      child.stdin.write(`${key}\r`);
    shown += chunk.toString();
  });
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
  expect(shown).toMatch(/^API key \(not shown\): \r?\n.*Added /);
  expect(shown).not.toContain(key);
});
