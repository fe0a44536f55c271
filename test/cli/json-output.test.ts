import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { z } from "zod";
import { documentSchemas } from "../../src/documents.ts";
import type { DocumentSchemas } from "../../src/documents.ts";
import { runFake } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { TestHome, homeWithThree, projectRoot, runProcess } from "../support/home.ts";

/** One of each kind that acts on a terminal, hides, or turns the direction of what stands beside it. */
const hostile = [
  ["C1", "\u009b31m"],
  ["delete", "\u007f"],
  ["right-to-left override", "\u202e"],
  ["isolate", "\u2066"],
  ["Arabic letter mark", "\u061c"],
  ["zero-width space", "\u200b"],
  ["zero-width joiner", "\u200d"],
  ["word joiner", "\u2060"],
  ["byte order mark", "\ufeff"],
  ["soft hyphen", "\u00ad"],
  ["line separator", "\u2028"],
  ["Hangul filler", "\u3164"],
  ["grapheme joiner", "\u034f"],
  ["annotation", "\ufff9"],
  ["tags", "\u{e0041}\u{e007f}"],
] as const;
const name = hostile.map(([, text]) => text).join("x");
const raw = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\u034f\u3164]/u;

/** A home whose account, files, settings and logs carry the hostile name wherever somebody else can put it. */
async function hostileHome(): Promise<TestHome> {
  const home = new TestHome();
  const login = { email: `${name}@example.com`, userId: name, accountId: `acct${name}`, plan: `plus${name}` };
  home.write(`logins/${name.replaceAll("\u2028", "")}.json`, forgeAuthJson(login));
  home.write("auth.json", forgeAuthJson({ ...login, accountId: "other" }));
  await runFake(home, ["import", home.file("logins")]);
  home.write("config.toml", `model = "${name.replaceAll("\u007f", "")}"\nmodel_provider = "nosuch"\n`);
  return home;
}

// `list --json | cat` on a terminal did what an e-mail said.
test("--json of every command writes no character that acts on a terminal or hides, and means the same", async () => {
  const home = await hostileHome();
  const lines = `list|status|forecast|why|guard|statusline|report|doctor|fix --dry-run|check|verify-flagged --dry-run
    |switch 1 --dry-run|label 1 ok|pause 1|resume 1|backup list|import auth.json|explain ${name}|explain 429|switch ${name}
    |export 1 --out out-${name.replaceAll("\u2028", "")}.json|remove ${name}zz|use-here 1|use-here --clear|uninstall --dry-run|nosuch${name}
    |init bash|completion zsh|help switch|help|token 9|login --label ${name} --with-api-key|report --out r.json`;
  let escaped = 0;
  for (const line of lines.split("|").map((each) => each.trim())) {
    const argv = [...line.split(" "), "--json"];
    const refuse = () => Promise.reject(new TypeError("no network"));
    const { stdout } = await runFake(home, argv, { fetch: refuse, renew: refuse, spawn: refuse });
    const [found] = raw.exec(stdout) ?? [];
    expect([line, found?.codePointAt(0)?.toString(16)]).toEqual([line, undefined]);
    const document = JSON.parse(stdout) as object;
    if (raw.test(JSON.stringify(document))) escaped += 1;
  }
  expect(escaped).toBeGreaterThan(10);
});

test("an escaped name is the name itself for whoever reads the JSON", async () => {
  const home = await hostileHome();
  const { stdout } = await runFake(home, ["list", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ accounts: [{ email: `${name}@example.com` }] });
});

/** What the shell runs in place of $0. */
function runTo(home: TestHome, redirection: string, line: string) {
  const script = `exec ${redirection}; exec "$0" ${line}`;
  const env = { ...home.env, CODEX_AUTH_INVOKED_AS: "codex auth" };
  return runProcess("/bin/sh", ["-c", script, `${projectRoot}/bin/codex-auth`], { env });
}

// With --json the error was to be written to the same full disk, and its stack came out.
test.each([
  "list",
  "list --json",
  "switch 2 --json",
  "--help",
  "--help --json",
  "--version --json",
  "help switch --json",
  "report --html",
  "export 1 --yes",
  "__complete -- sw",
])("%s to a full disk is one line on stderr and exit 1", async (line) => {
  const home = await homeWithThree();
  const { code, stderr } = await runTo(home, "1>/dev/full", line);
  expect([line, code]).toEqual([line, 1]);
  expect(stderr).toMatch(/^The answer could not be written to standard output: ENOSPC\. [^\n]*\n$/);
});

test("an error whose document cannot be written is still told on stderr, without a stack", async () => {
  const home = await homeWithThree();
  const { code, stderr } = await runTo(home, "1>/dev/full", "switch nobody --json");
  expect([code, stderr]).toEqual([1, expect.stringContaining("Invalid index: nobody")]);
  expect(stderr).not.toContain("    at ");
});

test("a reader that has gone is no failure, and a full stderr none either", async () => {
  const home = await homeWithThree();
  const env = { ...home.env };
  for (const line of ["list", "list --json", "--help --json"]) {
    const script = `{ "$0" ${line}; echo $? >&2; } | true`;
    const { stderr } = await runProcess("/bin/sh", ["-c", script, `${projectRoot}/bin/codex-auth`], { env });
    expect([line, stderr]).toEqual([line, "0\n"]);
  }
  const quiet = await runTo(home, "2>/dev/full", "import /nonexistent");
  expect([quiet.code, quiet.stdout]).toEqual([1, ""]);
  const told = await runTo(home, "2>/dev/full", "switch 2 --json");
  expect([told.code, JSON.parse(told.stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
});

test.each([
  ["codex auth", "codex auth"],
  ["npx codex auth", "npx codex auth"],
  [undefined, "codex-auth"],
])("called as %s, stderr and JSON name the commands as %s", async (invokedAs, shown) => {
  const home = await homeWithThree();
  const env = { LANG: "C.UTF-8", ...(invokedAs === undefined ? {} : { CODEX_AUTH_INVOKED_AS: invokedAs }) };
  for (const line of ["remove zzz", "backup restore nosuch", "token 9", "nosuch"]) {
    const { stdout, stderr } = await runFake(home, [...line.split(" "), "--json"], { env });
    const { error } = JSON.parse(stdout) as { error: { hint?: string } };
    const [named] = /(?:npx )?codex[ -]auth [a-z-]+/.exec(error.hint ?? "") ?? [];
    expect([line, named?.startsWith(`${shown} `)]).toEqual([line, true]);
    expect([line, stderr.includes(named ?? "nothing")]).toEqual([line, true]);
  }
  const { stdout } = await runFake(home, ["doctor", "--json"], { env });
  const text = JSON.stringify((JSON.parse(stdout) as { findings: object[] }).findings);
  expect(text).toContain(`${shown} `);
  if (shown === "codex-auth") expect(text).not.toMatch(/codex auth [a-z]/);
});

test("a name that reads like a command of ours stays as it is in JSON", async () => {
  const home = new TestHome();
  home.write("auth.json", forgeAuthJson());
  await runFake(home, ["import"]);
  await runFake(home, ["label", "1", "my codex auth lab"]);
  const { stdout } = await runFake(home, ["list", "--json"], { env: { LANG: "C.UTF-8" } });
  expect(JSON.parse(stdout)).toMatchObject({ accounts: [{ label: "my codex auth lab" }] });
});

test.each(["help", "--help", "help switch", "switch --help", "--version", "version"])(
  "%s fits its published schema",
  async (line) => {
    const { stdout } = await runFake(new TestHome(), [...line.split(" "), "--json"]);
    const document = JSON.parse(stdout) as { command: string };
    const schema = (await documentSchemas())[document.command as keyof DocumentSchemas];
    expect([line, schema]).toEqual([line, expect.anything()]);
    const ajv = new Ajv2020({ strict: false });
    expect([ajv.validate(z.toJSONSchema(schema), document), ajv.errors]).toEqual([true, null]);
  },
);
