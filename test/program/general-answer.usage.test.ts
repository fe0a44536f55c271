import { describe, expect, test } from "vitest";
import { homeWithThree, TestHome } from "../support/home.ts";

/** First line on stderr, then what the second one must hold. */
const refusals: [string, string, string][] = [
  ["bogus", "Unknown command: bogus", "codex auth --help"],
  ["--bogus", "Unknown option: --bogus", "codex auth --help"],
  ["switch", "Missing index. Usage: codex auth switch <index>", "codex auth list"],
  ["switch 0", "Invalid index: 0", "1 ada@personal.example"],
  ["switch -1", "Invalid index: -1", "1 ada@personal.example"],
  ["switch 1.5", "Invalid index: 1.5", "1 ada@personal.example"],
  ["switch 4", "Invalid index: 4", "There is no row 4.\nAccounts: 1 ada@personal.example"],
  ["switch 99999999999999999999", "Invalid index: 99999999999999999999", "1 ada@personal.example"],
  [
    "switch nobody",
    "Invalid index: nobody",
    "No account is called nobody.\nAccounts: 1 ada@personal.example",
  ],
  ["switch dov@team.example", "Invalid index: dov@team.example", "Did you mean:\n  dev@team.example"],
  ["switch -", "Invalid index: -", "previously active"],
  ["switch 1 2", "Too many arguments", "Usage: codex auth switch"],
  ["switch --wat 1", "Unknown option '--wat'", "Usage: codex auth switch"],
  ["list --wat", "Unknown option '--wat'", "Usage: codex auth list"],
  ["list extra", "Too many arguments", "Usage: codex auth list"],
  ["status --wat", "Unknown option '--wat'", "Usage: codex auth status"],
  ["remove", "Missing required argument 'account'", "Usage: codex auth remove"],
  ["remove nobody", 'No account matches "nobody".', "codex auth list"],
  ["remove 1", "ada@personal.example (plus, row 1) is the active account.", "--force"],
  ["label 1", "Give a label, or --clear.", "Usage: codex auth label"],
  ["label 1 7", '"7" cannot be a label: it would be read as a row number.', "codex auth label 2 work"],
  [
    "label 1 a@b",
    '"a@b" cannot be a label: it would be read as an e-mail address.',
    "codex auth label 2 work",
  ],
  ["use-here", "Give an account, or --clear.", "Usage: codex auth use-here"],
  ["use-here 1 --clear", "Give an account, or --clear.", "Usage: codex auth use-here"],
  ["use-here nobody", 'No account matches "nobody".', "codex auth list"],
  ["pause", "Missing required argument 'account'", "Usage: codex auth pause"],
  ["pause 7", 'No account matches "7".', "codex auth list"],
  ["resume 7", 'No account matches "7".', "codex auth list"],
  ["export", "Missing required argument 'account'", "Usage: codex auth export"],
  ["export 1 2", "Several accounts need a folder.", "--out <folder>"],
  ["export 1 --format yaml", "Unknown format: yaml", "The formats are: codex"],
  ["export 1 --out /no/such/place/x.json", "There is no folder /no/such/place.", "mkdir -p"],
  [
    "import /no/such/file.json",
    "/no/such/file.json was not imported: there is no such file.",
    "codex auth import",
  ],
  ["init tcsh", "Unknown shell: tcsh. Shells: bash, zsh, fish, powershell.", "Usage: codex auth init"],
  ["exec work", "Missing command.", "codex auth exec [account] -- <command>"],
  ["backup", "Missing required argument 'action'", "Usage: codex auth backup"],
  ["backup", "Missing required argument 'action'", "Actions: list, restore"],
  ["gateway", "Missing required argument 'action'", "Actions: start, status, stop, key"],
  ["completion", "Missing required argument 'shell'", "Shells: bash, zsh, fish"],
  ["backup drop", "Unknown action: drop. Actions: list, restore.", "Usage: codex auth backup"],
  ["backup restore", "Missing name.", "restore <name|latest>"],
  ["backup restore pool-none", "There is no backup pool-none.", "codex auth backup list"],
];

test("bad input is refused on stderr with exit 1, a hint, and nothing on stdout or disk", async () => {
  const home = await homeWithThree();
  const before = [home.read("auth.json"), home.read("codex-auth/pool.json")];
  for (const [line, first, hint] of refusals) {
    const { code, stdout, stderr } = await home.run(line.split(" "));
    const [firstLine, ...rest] = stderr.split("\n");
    expect([line, code, stdout, firstLine]).toEqual([line, 1, "", expect.stringContaining(first)]);
    expect([line, rest.join("\n")]).toEqual([line, expect.stringContaining(hint)]);
  }
  expect([home.read("auth.json"), home.read("codex-auth/pool.json")]).toEqual(before);
});

// Help was shown for them, with exit 0, as if nothing had been typed.
test.each(["-- list", "-- nonsense", "--no-color -- list", "--help -- list"])(
  "words behind a leading -- are refused: %s",
  async (line) => {
    const { code, stdout, stderr } = await new TestHome().run(line.split(" "));
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([1, "", "Unknown option: --"]);
  },
);

test("under --json every refusal is also one JSON document with a code", async () => {
  const home = await homeWithThree();
  for (const [line, first] of refusals) {
    const { code, stdout, stderr } = await home.run([...line.split(" "), "--json"]);
    const document: unknown = JSON.parse(stdout);
    expect([line, code]).toEqual([line, 1]);
    expect(document).toMatchObject({ schemaVersion: 1, ok: false, command: expect.any(String) });
    expect([line, document]).toEqual([
      line,
      expect.objectContaining({
        error: expect.objectContaining({ message: expect.stringContaining(first) }),
      }),
    ]);
    expect(stderr).toContain(first);
  }
});

describe("codes of switch", () => {
  test.each([
    ["switch", "usage"],
    ["switch 9", "account_not_found"],
    ["switch nobody", "account_not_found"],
    ["switch ada", "ambiguous_account"],
  ])("%s is %s", async (line, code) => {
    const home = await homeWithThree();
    const { stdout } = await home.run([...line.split(" "), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ command: "switch", error: { code } });
  });
});

test.each([
  ["swich", "switch"],
  ["lst", "list"],
  ["fore", "forecast"],
  ["add", "login"],
  ["new", "login"],
  ["usage", "list"],
  ["quota", "list"],
  ["limits", "list"],
  ["logout", "remove"],
  ["delete", "remove"],
  ["rename", "label"],
])("for the unknown command %s three lines name %s", async (word, meant) => {
  const { stderr } = await new TestHome().run([word]);
  expect(stderr.split("\n")).toEqual([
    `Unknown command: ${word}`,
    `Did you mean: ${meant}?`,
    "Usage: codex auth <command> [options]. All commands: codex auth --help",
    "",
  ]);
});

test("a command line that resembles nothing gets the usage line alone", async () => {
  const { stderr } = await new TestHome().run(["bogus"]);
  expect(stderr).toMatch(/^Unknown command: bogus\nUsage: codex auth <command> .*\n$/);
});

test("a negative number as the value of an option is shown as it was typed", async () => {
  const { stderr } = await new TestHome().run(["guard", "--min-remaining", "-5"]);
  expect(stderr).toContain("Invalid percentage: -5\n");
});

test("--quiet leaves only the exit code", async () => {
  const home = await homeWithThree();
  expect(await home.run(["guard", "-q", "--allow-unknown"])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await home.run(["guard", "--quiet"])).toMatchObject({
    code: 1,
    stdout: "",
  });
  expect(await home.run(["status", "-q"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("one account is named in the same place by every command that takes one", async () => {
  const home = await homeWithThree();
  for (const line of ["forecast dev@", "guard dev@", "forecast --account dev@", "guard --account dev@"]) {
    const { stdout } = await home.run([...line.split(" "), "--json"]);
    const names = JSON.parse(stdout).accounts.map(({ name }: { name: string }) => name);
    expect([line, names]).toEqual([line, ["dev@team.example"]]);
  }
});

test("an ambiguous word lists its candidates and changes nothing", async () => {
  const home = await homeWithThree();
  const before = home.read("codex-auth/pool.json");
  const { code, stderr, stdout } = await home.run(["switch", "ada@personal.example", "--json"]);
  expect(code).toBe(1);
  expect(stderr).toContain('"ada@personal.example" matches 2 accounts.');
  expect(stderr).toContain("acct-personal");
  expect(stderr).toContain("acct-lab");
  expect(JSON.parse(stdout)).toMatchObject({
    error: { candidates: [expect.any(String), expect.any(String)] },
  });
  expect(home.read("codex-auth/pool.json")).toBe(before);
});

test("help goes to stdout with exit 0, for the program and for every command", async () => {
  const home = new TestHome();
  const overview = await home.run([]);
  expect(overview).toMatchObject({ code: 0, stderr: "" });
  const names = [...overview.stdout.matchAll(/^ {2}(\w+)(?:, \w+)* {2,}\S/gm)].map((match) => match[1] ?? "");
  expect(names).toEqual(expect.arrayContaining(["switch", "import", "demo", "backup"]));
  for (const name of names) {
    for (const words of [
      [name, "--help"],
      ["help", name],
    ]) {
      const { code, stdout, stderr } = await home.run(words);
      expect([words, code, stderr]).toEqual([words, 0, ""]);
      expect(stdout).toContain(`Usage: codex auth ${name}`);
    }
  }
});

test("global options work before the command too", async () => {
  const home = await homeWithThree();
  const { stdout, code } = await home.run(["--json", "list"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ command: "list", ok: true });
});
