import { expect, test } from "vitest";
import { z } from "zod";
import { commands } from "../../../src/commands/index.ts";
import { documentSchemas } from "../../../src/documents.ts";
import { commandErrors } from "../../../src/errors/command-errors.ts";
import { runFake } from "../../support/fake-context.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, TestHome } from "../../support/home.ts";
import { checkSchema } from "../../support/schema-check.ts";

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
  const lines = `list|status|watch|forecast|why|guard|statusline|report|doctor|fix --dry-run|check|verify-flagged --dry-run
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
    checkSchema(JSON.parse(stdout));
  },
);

test("the schema of a failure names its command and knows the codes", async () => {
  const { list } = await documentSchemas();
  const failed = (command: string, code: string) => ({
    command,
    schemaVersion: 1,
    ok: false,
    error: { code, message: "x" },
  });
  expect(list.safeParse(failed("list", "usage")).success).toBe(true);
  expect(list.safeParse(failed("switch", "usage")).success).toBe(false);
  expect(list.safeParse(failed("list", "no_such_code")).success).toBe(false);
});

/** A command line that fails, and the code; the schemas of the program itself are those of help. */
const failing: readonly (readonly [line: string, code: string])[] = [
  ...commands.map(({ name }) => [`${name} --no-such-option`, "usage"] as const),
  ["nosuch", "usage"],
  ["switch zzz", "account_not_found"],
  ["switch ada", "ambiguous_account"],
  ["label 1 7", "label_invalid"],
  ["label 1 a@b", "label_invalid"],
  ["remove 1", "account_active"],
  ["import auth.json.missing", "import_failed"],
  ["backup restore nosuch", "backup_not_found"],
  ["rotation env", "rotation_not_running"],
  ["gateway key list", "database_driver_missing"],
  ["gateway open", "gateway_not_running"],
];

test("what a failing command prints has the name and a code that its schema lists", async () => {
  const schemas = await documentSchemas();
  const home = await homeWithThree();
  for (const [line, code] of failing) {
    const { stdout } = await runFake(home, [...line.split(" "), "--json"]);
    const document: { command: string; error: { code: string } } = JSON.parse(stdout);
    expect([line, document.error.code]).toEqual([line, code]);
    const [word = ""] = line.split(" ");
    expect(document.command).toBe(commands.some(({ name }) => name === word) ? word : "auth");
    const named = document.command === "auth" ? "help" : (document.command as keyof typeof schemas);
    const published = z.toJSONSchema(schemas[named], { io: "input" });
    expect(published.$defs?.["ErrorCode"]?.enum).toContain(code);
    expect(schemas[named].safeParse(document).success).toBe(true);
  }
});

test("every schema carries the whole catalogue as one definition, and refers to it", async () => {
  for (const schema of Object.values(await documentSchemas())) {
    const published = z.toJSONSchema(schema, { io: "input" });
    expect(published.$defs?.["ErrorCode"]?.enum).toEqual(Object.keys(commandErrors));
    expect(JSON.stringify(published.anyOf)).toContain('"code":{"$ref":"#/$defs/ErrorCode"}');
  }
});
