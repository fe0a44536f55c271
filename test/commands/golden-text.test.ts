import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runFake } from "../support/fake-context.ts";
import { TestHome, projectRoot } from "../support/home.ts";
import { datedLogins, quotaScenarios } from "../support/quota-scenarios.ts";

const folder = join(projectRoot, "fixtures/text");

interface Case {
  before?: string[];
  prepare?: (home: TestHome) => unknown;
  line: string;
  code?: number;
  env?: Record<string, string>;
}

/** A file of fixtures/text -> the command line whose answer it holds, notes and errors below it. */
const cases: Record<string, Case> = {
  ...quotaCases("forecast"),
  "forecast-in-ascii": { ...on("three-accounts", "forecast"), env: { LANG: "C" } },
  "forecast-explained": on("three-accounts", "forecast --explain --account dev@"),
};

for (const [name, { before = [], prepare, line, code = 0, env }] of Object.entries(cases)) {
  test(`the text of ${name} is its golden one`, async () => {
    const home = new TestHome();
    home.writeLogins(datedLogins);
    for (const each of before) expect((await runFake(home, each.split(" "))).code).toBe(0);
    await prepare?.(home);
    const answer = await runFake(home, line.split(" "), env ? { env } : {});
    const text = `${answer.stdout}${answer.stderr}`.replaceAll(home.path, "<home>");
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

/** UPDATE_GOLDEN=1 writes the files anew; the diff is then for the review. */
function checkGolden(name: string, text: string): void {
  const file = join(folder, `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
