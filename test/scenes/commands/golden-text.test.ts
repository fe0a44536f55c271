import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fetch } from "../../../src/openai/backend.ts";
import { runFake } from "../../support/fake-context.ts";
import { projectRoot, TestHome } from "../../support/home.ts";
import { answerStatus, enterRotation } from "../../support/known-rotation.ts";
import { datedLogins, quotaScenarios } from "../../support/quota-scenarios.ts";

const folder = join(projectRoot, "fixtures/text");

interface Case {
  before?: string[];
  prepare?: ((home: TestHome) => unknown) | undefined;
  line: string;
  code?: number;
  env?: Record<string, string>;
  fetch?: Fetch;
}

/** A file of fixtures/text -> the command line whose answer it holds, notes and errors below it. */
const cases: Record<string, Case> = {
  ...quotaCases("forecast"),
  "forecast-in-ascii": { ...on("three-accounts", "forecast"), env: { LANG: "C" } },
  "forecast-explained": on("three-accounts", "forecast dev@ --explain"),
  ...quotaCases("watch"),
  "watch-help": on("no-data", "watch --help"),
  ...quotaCases("why"),
  ...quotaCases("guard --min-remaining 50", ["all-limited", "all-flagged", "empty-pool", "no-data"]),
  "import-a-store": { prepare: copyStore, line: "import --from codex-multi-auth", code: 1 },
  "import-help": { line: "import --help" },
  "export-help": { line: "export --help" },
  "guard-strict": { ...on("no-data", "guard --strict"), code: 1 },
  "guard-one-window": {
    ...on("three-accounts", "guard 1 --window long --min-remaining 60"),
    code: 1,
  },
  "guard-wrong-window": { ...on("no-data", "guard --window monthly"), code: 1 },
  "guard-wrong-percent": { ...on("no-data", "guard --min-remaining 120"), code: 1 },
  "guard-help": on("no-data", "guard --help"),
  ...quotaCases("switch --auto", ["all-limited", "all-flagged", "empty-pool"]),
  "switch-auto-and-a-name": { ...on("no-data", "switch 2 --auto"), code: 1 },
  ...quotaCases("report --since 7"),
  "report-to-a-file": on("three-accounts", "report --out report.html"),
  "report-wrong-start": { ...on("no-data", "report --since yesterday"), code: 1 },
  "report-two-formats": { ...on("no-data", "report --html --json"), code: 1 },
  statusline: known("statusline"),
  "statusline-template": {
    before: ["import logins", "label 1 home"],
    prepare: known("").prepare,
    line: "statusline --format={label}|{plan}|#{row}|{short_meter}|{week_reset}|{nosuch}|[{age}]|{{",
  },
  "statusline-in-ascii": { ...known("statusline --format={short_meter}"), env: { LANG: "C" } },
  "statusline-nothing-known": { prepare: (home) => home.remove("auth.json"), line: "statusline" },
  "statusline-broken-files": {
    before: ["import logins"],
    prepare: (home) => {
      home.write("codex-auth/pool.json", "{");
      home.write("codex-auth/limits.json", "[");
    },
    line: "statusline",
  },
  "statusline-old-figures": {
    ...known("statusline"),
    before: ["import logins", "switch 3"],
  },
  "statusline-help": on("no-data", "statusline --help"),
  "status-with-a-rule": {
    before: ["import logins", "label 2 work"],
    prepare: (home) => home.write(".codex-auth", "work\n"),
    line: "status",
  },
  "status-with-a-rule-for-nobody": {
    before: ["import logins"],
    prepare: (home) => home.write(".codex-auth", "work\n"),
    line: "status",
    code: 1,
  },
  "exec-of-an-ambiguous-rule": {
    before: ["import logins"],
    prepare: (home) => home.write(".codex-auth", "ada@personal.example\n"),
    line: "exec -- true",
    code: 1,
  },
  "exec-without-any-account": {
    prepare: (home) => home.remove("auth.json"),
    line: "exec -- true",
    code: 1,
  },
  "exec-help": on("no-data", "exec --help"),
  "rotation-status": { prepare: enterRotation, line: "rotation status", fetch: answerStatus },
  "rotation-enable-hint": { prepare: enterRotation, line: "rotation enable-hint", fetch: answerStatus },
  "rotation-env-fish": { prepare: enterRotation, line: "rotation env --shell fish", fetch: answerStatus },
  "rotation-status-not-running": { line: "rotation status", code: 1 },
  "rotation-env-not-running": { line: "rotation env", code: 1 },
  "rotation-running": { prepare: enterRotation, line: "rotation start", code: 1 },
  "rotation-help": { line: "rotation --help" },
  "use-here-help": on("no-data", "use-here --help"),
  "init-help": on("no-data", "init --help"),
  ...Object.fromEntries(
    ["bash", "zsh", "fish", "powershell"].map((name) => [`init-${name}`, on("no-data", `init ${name}`)]),
  ),
};

for (const [name, { before = [], prepare, line, code = 0, env, fetch }] of Object.entries(cases)) {
  test(`the text of ${name} is its golden one`, async () => {
    const home = new TestHome();
    home.writeLogins(datedLogins);
    for (const each of before) expect((await runFake(home, each.split(" "))).code).toBe(0);
    await prepare?.(home);
    const answer = await runFake(home, line.split(" "), {
      ...(env && { env }),
      ...(fetch && { fetch }),
      terminalColumns: 100,
    });
    const text = `${answer.stdout}${answer.stderr}`
      .replaceAll(home.path, "<home>")
      .replaceAll(`${projectRoot}/`, "<package>/")
      .replace(/(process )\d+/i, "$14711")
      .replaceAll(/Node v\S+, [\w-]+/g, "Node <version>, <platform>");
    checkGolden(name, text);
    expect(answer.code).toBe(code);
  });
}

test("every file of fixtures/text has its case", () => {
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(cases)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});

/** A command on every state of a pool; `negative` names the states where its exit code is 1. */
function quotaCases(line: string, negative: readonly string[] = []): Record<string, Case> {
  const command = line.split(" ")[0] ?? "";
  const states = Object.keys(quotaScenarios) as (keyof typeof quotaScenarios)[];
  const rows = states.map((name) => [
    `${command}-${name}`,
    { ...on(name, line), code: negative.includes(name) ? 1 : 0 },
  ]);
  const empty: Case = {
    prepare: (home) => home.remove("auth.json"),
    line,
    code: negative.includes("empty-pool") ? 1 : 0,
  };
  return { [`${command}-empty-pool`]: empty, ...(Object.fromEntries(rows) as Record<string, Case>) };
}

function on(state: keyof typeof quotaScenarios, line: string): Case {
  const wanted = state === "one-account" ? "import logins/a.json" : "import logins";
  return { before: [wanted], prepare: quotaScenarios[state], line };
}

/** Where codex-multi-auth keeps its accounts. */
function copyStore(home: TestHome): void {
  const store = join(projectRoot, "fixtures/stores/codex-multi-auth");
  cpSync(store, home.file("multi-auth"), { recursive: true });
}

/** After a command that has read the session logs. */
function known(line: string): Case {
  const prepare = async (home: TestHome) => {
    quotaScenarios["three-accounts"](home);
    await runFake(home, ["why"]);
  };
  return { before: ["import logins"], prepare, line };
}

/** UPDATE_GOLDEN=1 writes the files anew; the diff is then for the review. */
function checkGolden(name: string, text: string): void {
  const file = join(folder, `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
