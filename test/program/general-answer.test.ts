import { expect, test } from "vitest";
import { runFake } from "../support/fake-context.ts";
import { TestHome } from "../support/home.ts";

// `version --nosuch --json` answered as if nothing were wrong.
test.each([
  ["version --nosuch", "Unknown option: --nosuch"],
  ["--version --nosuch", "Unknown option: --nosuch"],
  ["version 2", "Too many arguments: 2"],
  ["help list --nosuch", "Unknown option: --nosuch"],
  ["help --nosuch", "Unknown option: --nosuch"],
  ["--help --nosuch", "Unknown option: --nosuch"],
])("%s is refused, in JSON too", async (line, message) => {
  const home = new TestHome();
  const plain = await runFake(home, line.split(" "));
  expect([plain.code, plain.stdout, plain.stderr.split("\n")[0]]).toEqual([1, "", message]);
  const { code, stdout } = await runFake(home, [...line.split(" "), "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { ok: false, error: { code: "usage", message } }]);
});

test.each(["version", "--version", "-V", "version --json", "help", "help list", "help --json", "--help"])(
  "%s is answered",
  async (line) => {
    expect((await runFake(new TestHome(), line.split(" "))).code).toBe(0);
  },
);

test.each([
  ["sw", "switch", ["switch"]],
  ["li", "list", ["list"]],
  ["stat", "status or statusline", ["status", "statusline"]],
  ["swich", "switch", ["switch"]],
  ["quota", "list", ["list"]],
])("%s is unknown, and %s is offered", async (word, shown, candidates) => {
  const { code, stderr } = await runFake(new TestHome(), [word]);
  expect([code, stderr.split("\n").slice(0, 2)]).toEqual([
    1,
    [`Unknown command: ${word}`, `Did you mean: ${shown}?`],
  ]);
  const { stdout } = await runFake(new TestHome(), [word, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ command: "auth", error: { code: "usage", candidates } });
});

test.each(["s", "zzzzzz"])("%s resembles no command, and none is offered", async (word) => {
  const { stderr } = await runFake(new TestHome(), [word]);
  expect(stderr).not.toContain("Did you mean");
});

// A pipe has no edge: commander broke lines at 80 columns there, and a paragraph of the whole at 116.
test.each(["--help", "login --help", "exec --help", "help gateway"])(
  "%s breaks no line in a pipe",
  async (line) => {
    const { stdout } = await runFake(new TestHome(), line.split(" "));
    const shown = stdout.split("\n");
    const broken = shown.filter(
      (each, at) => /^ *[a-z(]/.test(shown[at + 1] ?? "") && /^[A-Z]/.test(each) && !each.endsWith(":"),
    );
    expect(broken).toEqual([]);
    expect(shown.filter((each) => /^ {12,}\S/.test(each))).toEqual([]);
  },
);

test("the help behind an action has the options and examples of that action", async () => {
  const help = async (line: string) => (await runFake(new TestHome(), line.split(" "))).stdout;
  const whole = await help("gateway --help");
  const ofCreate = await help("gateway key create ci --limit requests=1/day --help");
  for (const option of ["--port", "--now", "--name"]) expect(whole).toContain(`  ${option}`);
  expect(ofCreate.match(/^ {2}--[a-z-]+/gm)?.map((option) => option.trim())).toEqual(
    ["--database", "--limit", "--model", "--account", "--expires", "--parallel", "--role"].concat([
      "--json",
      "--no-color",
    ]),
  );
  expect(ofCreate).toMatch(/Examples:\n(?:.*gateway key .*\n)+\n/);
  for (const line of ["help gateway", "gateway nonsense --help", "gateway --port 1 --help"])
    expect(await help(line)).toBe(whole);
});
