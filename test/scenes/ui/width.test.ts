import { expect, test } from "vitest";
import { contents } from "../../../src/commands/contents.ts";
import { commands } from "../../../src/commands/index.ts";
import { wordsOf } from "../../../src/program/complete.ts";
import { makeParser } from "../../../src/program/parser.ts";
import type { Context } from "../../../src/context.ts";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import type { Login } from "../../support/forge.ts";
import { drivers } from "../../support/databases.ts";
import { TestHome } from "../../support/home.ts";
import { answerStatus, enterRotation } from "../../support/known-rotation.ts";
import { datedLogins, quotaScenarios } from "../../support/quota-scenarios.ts";

const widths = [50, 80, 100, 120];
const escape = "\u001B";

/** Two seats of one e-mail, an e-mail longer than a narrow terminal, wide characters and joined emoji. */
const logins: Record<string, Login> = {
  ...datedLogins,
  d: {
    ...datedLogins["a"],
    email: "a-rather-long-name-of-a-person@a-department.some-company.example",
    accountId: "acct-long",
    userId: "user-long",
  },
  e: { ...datedLogins["a"], email: "田中太郎👍🏽@例え.example", accountId: "acct-wide", userId: "user-wide" },
};

async function crowdedHome(): Promise<TestHome> {
  const home = new TestHome();
  home.writeLogins(logins);
  await runFake(home, ["import", "logins"]);
  await runFake(home, ["label", "2", "仕事の口座"]);
  quotaScenarios["three-accounts"](home);
  const { stdout } = await runFake(home, ["list", "--json"]);
  const accounts: { id: string }[] = JSON.parse(stdout).accounts;
  const limit = (window: string, minutes: number, used: number) => ({
    limitId: "codex",
    window,
    usedPercent: used,
    windowMinutes: minutes,
    resetsAtMs: testNowMs + 50 * 3_600_000,
    observedAtMs: testNowMs - 26 * 3_600_000,
    source: "usage",
  });
  const entries = accounts.map(({ id }, index) => [
    id,
    {
      limits: [limit("primary", 300, 10 * index), limit("secondary", 10_080, 100 - index)],
      availability: null,
    },
  ]);
  home.write("codex-auth/limits.json", { version: 1, accounts: Object.fromEntries(entries) });
  return home;
}

const lines = [
  "list",
  "status",
  "watch --once",
  "forecast",
  "forecast --explain",
  "why",
  "report",
  "guard --min-remaining 20",
  "statusline",
  "switch 4 --dry-run",
  "switch --auto --dry-run",
  "switch nobody",
  "switch ada@personal.example",
  "swich",
  "pause 5",
  "resume 5",
  "label 5 work",
  "verify-flagged",
  "backup list",
  "backup restore nobody",
  "import logins",
  "use-here 4",
  "rotation status",
  "remove 1",
  "explain usage_limit_reached",
  "login --device-auth",
  "login --with-api-key",
  "import --from nobody logins",
  "check",
  "check 4",
  "doctor",
  "doctor --only nonsense",
  "fix --dry-run",
  "fix",
  "exec",
  "exec nobody -- true",
  "export 4",
  "export 4 5 --format bundle --yes",
  "export nobody",
  "seal",
  "unseal",
  "token 4",
  "init tcsh",
  "completion tcsh",
  "move-here",
  "uninstall --dry-run",
  "rotation env",
  "rotation enable-hint",
  "gateway status",
  "gateway stop",
  "gateway start --host 192.0.2.1",
  "gateway key list",
  "gateway key create a-name-of-a-key-that-is-longer-than-most --limit requests=100/day --account 4",
  "gateway key create 仕事の鍵👍🏽 --limit cost=5usd/week",
  "gateway key list",
  "gateway key show a-name-of-a-key-that-is-longer-than-most",
  "gateway key edit a-name-of-a-key-that-is-longer-than-most --limit tokens=2m/month --parallel 2",
  "gateway key rotate 仕事の鍵👍🏽",
  "gateway key reset a-name-of-a-key-that-is-longer-than-most",
  "gateway key nonsense",
  "gateway usage",
  "gateway client codex",
  "gateway client opencode",
  "gateway client env",
  "gateway open",
  "gateway adopt 4",
  "gateway release nobody",
  "gateway accounts",
  "gateway key revoke a-name-of-a-key-that-is-longer-than-most",
  "gateway database check",
  "gateway database migrate",
  "gateway database claim",
  "gateway nonsense",
  "",
  ...contents.map(({ name }) => `${name} --help`),
];

/** Nobody answers but the proxy that is made up, and every program fails. */
const allowed: Partial<Context> = {
  fetch: (url) =>
    url.startsWith("http://127.0.0.1:4321/") ? answerStatus(url) : Promise.reject(unreachable()),
  websocketStatus: () => Promise.reject(unreachable()),
  stdin: {
    isTerminal: false,
    readAll: () => Promise.resolve("sk-forged-key-of-a-test\n"),
    readLine: () => Promise.resolve("sk-forged-key-of-a-test"),
  },
  run: () => Promise.resolve({ code: 1, output: "" }),
  spawn: () => Promise.resolve({ code: 1, output: "" }),
  onStopSignal: () => () => undefined,
  databaseDrivers: drivers,
};

function unreachable(): Error {
  return Object.assign(new Error("fetch failed"), {
    cause: Object.assign(new Error("no"), { code: "ENOTFOUND" }),
  });
}

/** With the reason why no line of theirs can be had in this process. */
const apart: Record<string, string> = {
  demo: "runs the other commands, in a folder of its own",
  "gateway demo": "serves until it is ended; test/commands/gateway/demo.process.test.ts",
  "rotation start": "serves until it is ended",
  "rotation stop": "waits for the end of a proxy, whose part this process plays",
};

// A command that is new, or an action of one, was not noticed.
test("every command, every action of one, and every word behind an action has a line here", async () => {
  const actions = await Promise.all(
    commands.map(async (entry) => {
      const { operands } = wordsOf(await makeParser(entry, await entry.load()));
      const choices = operands[0]?.name === "action" ? (operands[0].choices ?? []) : [];
      const behind = operands.flatMap(({ behind: words = {} }) =>
        Object.entries(words).flatMap(([action, next]) =>
          typeof next === "string" ? [] : next.map((word) => `${action} ${word}`),
        ),
      );
      return ["", ...choices, ...behind].map((choice) => `${entry.name} ${choice}`.trim());
    }),
  );
  const isShown = (words: string) =>
    lines.some((line) => (line === words || line.startsWith(`${words} `)) && !line.endsWith("--help"));
  expect(actions.flat().filter((words) => !isShown(words) && !(words in apart))).toEqual([]);
});

test.each(widths)("no line of any command is wider than a terminal of %s columns", async (columns) => {
  const home = await crowdedHome();
  enterRotation(home);
  const tooWide: string[] = [];
  for (const line of lines) {
    for (const env of [
      { LANG: "C.UTF-8", CODEX_AUTH_INVOKED_AS: "codex auth" },
      { LANG: "C", CODEX_AUTH_INVOKED_AS: "codex-auth" },
    ]) {
      const words = line.split(" ").filter((word) => word !== "");
      const runCaptured: Context["runCaptured"] = async (_, argv) => {
        const { code, stdout: output } = await runFake(home, argv, { ...allowed, env });
        return { code, output };
      };
      const options = { terminalColumns: columns, ...allowed, runCaptured, env };
      const { stdout, stderr } = await runFake(home, words, options);
      expect([line, `${stdout}${stderr}`.includes("This is a fault"), stderr]).toEqual([line, false, stderr]);
      const shown = `${stdout}${stderr}`.replaceAll(home.path, "/home/ada");
      for (const each of shown.split(/[\n\r]/))
        if (columnsOf(each) > columns && !isCopyable(each)) tooWide.push(`${line}: ${each}`);
    }
  }
  expect(tooWide).toEqual([]);
});

/** Counted here by another way than in the program: two columns for what is wide, none for what joins. */
function columnsOf(text: string): number {
  const joined = text.replaceAll(/[\u{1f3fb}-\u{1f3ff}]/gu, "");
  return Array.from(joined).reduce(
    (sum, letter) => sum + (/[\u2e80-\uffe6\u{1f300}-\u{1faff}]/u.test(letter) ? 2 : 1),
    0,
  );
}

/** One word, or one command, which is never broken. */
function isCopyable(line: string): boolean {
  return (
    !line.trim().includes(" ") ||
    /^\W*(?:codex|codex-auth|alias|eval|export|npx|rm|kill|[A-Z_]+=) ?/.test(line.trim())
  );
}

test("in a pipe nothing is cut or padded, cells are one tab apart, and there is no header", async () => {
  const home = await crowdedHome();
  const { stdout } = await runFake(home, ["list"]);
  const rows = stdout.trimEnd().split("\n");
  expect(rows.length).toBe(5);
  expect(rows[3]).toMatch(
    /^\t4\t\ta-rather-long-name-of-a-person@a-department\.some-company\.example\tacct-long\t/,
  );
  expect(new Set(rows.map((row) => row.split("\t").length)).size).toBe(1);
  expect(stdout).not.toMatch(/ {2}/);
  expect(stdout).not.toContain(escape);
});

test("a cut name keeps its ends, and an e-mail its domain", async () => {
  const { stdout } = await runFake(await crowdedHome(), ["list"], { terminalColumns: 110 });
  expect(stdout).toContain("@a-department.some-company.example");
  expect(stdout).toMatch(/a-\S*…\S+@a-department/);
});

// The room that "ago" took is that of a name.
test("in a narrow table an age is a number alone", async () => {
  const shown = async (terminalColumns: number) =>
    (await runFake(await crowdedHome(), ["list"], { terminalColumns })).stdout;
  expect(await shown(130)).toMatch(/ago/);
  expect(await shown(80)).toMatch(/acct-long.* {2}1 d$/m);
});
