import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Context } from "../../../src/context.ts";
import type { Fetch } from "../../../src/openai/backend.ts";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import { usageBody } from "../../support/openai/usage.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { projectRoot, TestHome } from "../../support/home.ts";
import { answerStatus, enterRotation } from "../../support/known-rotation.ts";
import { datedLogins as dated, quotaScenarios } from "../../support/quota-scenarios.ts";
import { checkSchema } from "../../support/schema-check.ts";
import { readHttp } from "../../support/upstream-fixture.ts";

const folder = join(projectRoot, "fixtures/json");
const issuedAt = testNowMs / 1000 - 3600;

interface Case {
  /** What is done first. */
  before?: string[];
  prepare?: (home: TestHome) => unknown;
  /** The command line whose document the file holds. */
  line: string;
  stdin?: string;
  fetch?: Fetch;
}

/** By files of fixtures/json. */
const cases: Record<string, Case> = {
  "list-empty": { prepare: loggedOut, line: "list" },
  "list-three-accounts": { before: ["import logins"], line: "list" },
  "list-unreadable-entry": { before: ["import logins"], prepare: spoilSecondAccount, line: "list" },
  "status-of-a-known-account": { before: ["import logins"], line: "status" },
  "status-of-an-unknown-login": { line: "status" },
  "status-logged-out": { prepare: loggedOut, line: "status" },
  "status-hard-linked-and-incomplete": {
    before: ["import logins"],
    prepare: withoutLastRefresh,
    line: "status",
  },
  "login-with-api-key": { stdin: "sk-test-0001", line: "login --with-api-key --label ci" },
  "login-with-access-token": {
    before: ["import logins"],
    stdin: "at-test-0001",
    line: "login --with-access-token --switch",
  },
  "import-a-folder": { prepare: (home) => home.write("logins/notes.json", "[]"), line: "import logins" },
  "import-known-accounts": { before: ["import logins"], line: "import logins/a.json logins/b.json" },
  "import-a-newer-token": { before: ["import logins"], prepare: renewSecond, line: "import logins/b.json" },
  "import-a-store": { prepare: copyStore, line: "import --from codex-multi-auth" },
  "import-a-newer-format": {
    prepare: (home) => home.write("b.json", { format: "codex-auth-bundle", version: 2 }),
    line: "import b.json",
  },
  "switch-to-a-row": { before: ["import logins"], line: "switch 2" },
  "switch-back": { before: ["import logins", "switch 2"], line: "switch -" },
  "switch-dry-run": { before: ["import logins"], line: "switch 3 --dry-run" },
  "switch-adopts-an-unknown-login": { before: ["import logins/b.json"], line: "switch dev@team.example" },
  "label-set": { before: ["import logins"], line: "label 2 work" },
  "use-here-set": { before: ["import logins", "label 2 work"], line: "use-here 2" },
  "use-here-cleared": { before: ["import logins", "use-here 2"], line: "use-here --clear" },
  "init-path": { line: "init --path" },
  "status-with-a-rule-of-the-folder": { before: ["import logins", "use-here 2"], line: "status" },
  "failure-folder-rule-invalid": {
    before: ["import logins"],
    prepare: (home) => home.write(".codex-auth", "work\nlab\n"),
    line: "exec -- true",
  },
  "pause-two": { before: ["import logins"], line: "pause 1 2" },
  "resume-one": { before: ["import logins", "pause 1 2"], line: "resume 2" },
  "remove-one": { before: ["import logins"], line: "remove 2" },
  "remove-the-active": { before: ["import logins"], line: "remove 1 --force" },
  "export-to-a-file": { before: ["import logins"], line: "export 2 --out exported.json --yes" },
  "export-a-bundle": {
    before: ["import logins"],
    line: "export 1 2 --format bundle --passphrase-stdin --out bundle.json --yes",
    stdin: "four words nobody guesses",
  },
  "backup-list": { before: ["import logins", "remove 2"], line: "backup list" },
  "backup-restore": { before: ["import logins", "remove 2"], line: "backup restore latest" },
  "failure-login-without-a-key": { stdin: "", line: "login --with-api-key" },
  "check-one-fails": { before: ["import logins"], line: "check 1 2", fetch: closedWorkspace },
  "list-with-figures-and-a-flag": {
    before: ["import logins", "check"],
    line: "list",
    fetch: closedWorkspace,
  },
  "status-of-a-flagged-account": {
    before: ["import logins", "check", "switch 2"],
    line: "status",
    fetch: closedWorkspace,
  },
  "verify-flagged-dry-run": {
    before: ["import logins", "check"],
    line: "verify-flagged --dry-run",
    fetch: closedWorkspace,
  },
  "verify-flagged-still": {
    before: ["import logins", "check"],
    line: "verify-flagged",
    fetch: closedWorkspace,
  },
  "verify-flagged-restored": {
    before: ["import logins", "check"],
    line: "verify-flagged",
    fetch: closedWorkspaceOnce(),
  },
  ...quotaCases("forecast"),
  ...quotaCases("watch"),
  ...quotaCases("why"),
  ...quotaCases("guard --min-remaining 50"),
  ...quotaCases("switch --auto"),
  ...quotaCases("report --since 7"),
  "report-since-a-day": {
    before: ["import logins"],
    prepare: quotaScenarios["three-accounts"],
    line: "report --since 2026-11-18 --out report.txt",
  },
  "statusline-known": {
    before: ["import logins"],
    prepare: async (home) => {
      quotaScenarios["three-accounts"](home);
      await runFake(home, ["why"]);
    },
    line: "statusline",
  },
  "statusline-nothing-known": { prepare: loggedOut, line: "statusline" },
  "guard-strict": { before: ["import logins"], line: "guard --strict" },
  "forecast-explained": {
    before: ["import logins"],
    prepare: quotaScenarios["three-accounts"],
    line: "forecast --explain --account dev@",
  },
  "explain-known": { prepare: loggedOut, line: "explain 401 Unauthorized" },
  "explain-unknown": { line: "explain my keyring is sad" },
  "rotation-status": { prepare: enterRotation, line: "rotation status", fetch: answerStatus },
  "rotation-enable-hint": { prepare: enterRotation, line: "rotation enable-hint", fetch: answerStatus },
  "rotation-env": { prepare: enterRotation, line: "rotation env --shell sh", fetch: answerStatus },
  "rotation-status-not-running": { line: "rotation status" },
  "rotation-stop-not-running": { line: "rotation stop" },
  "failure-rotation-running": { prepare: enterRotation, line: "rotation start" },
  "failure-rotation-not-running": { line: "rotation env" },
  "failure-usage": { line: "switch" },
  "failure-account-not-found": { before: ["import logins"], line: "switch dave@team.example" },
  "failure-ambiguous-account": { before: ["import logins"], line: "switch ada" },
  "failure-unreadable-auth-file": {
    before: ["import logins"],
    prepare: (home) => home.write("auth.json", '{"tok'),
    line: "switch 2",
  },
};

for (const [name, { before = [], prepare, line, stdin, fetch }] of Object.entries(cases)) {
  test(`--json of ${name} is its golden document and fits the published schema`, async () => {
    const home = new TestHome();
    home.writeLogins(dated);
    const allowed = fetch ? { fetch } : {};
    for (const each of before) {
      const { code } = await runFake(home, each.split(" "), allowed);
      // `check` of a pool with a closed workspace is a negative answer.
      expect(code).toBe(each === "check" ? 1 : 0);
    }
    await prepare?.(home);
    const [command = "", ...words] = line.split(" ");
    const { stdout } = await runFake(home, [command, "--json", ...words], { ...allowed, ...typed(stdin) });
    const text = withoutMachine(stdout, home);
    checkGolden(name, text);
    checkSchema(JSON.parse(text));
  });
}

test("every file of fixtures/json has its case", () => {
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(cases)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

/** A command on every state of a pool. */
function quotaCases(line: string) {
  const command = line.split(" ")[0] ?? "";
  const empty = { prepare: loggedOut, line };
  const rows = Object.entries(quotaScenarios).map(([name, prepare]) => [
    `${command}-${name}`,
    { before: [name === "one-account" ? "import logins/a.json" : "import logins"], prepare, line },
  ]);
  return { [`${command}-empty-pool`]: empty, ...Object.fromEntries(rows) } as typeof cases;
}

/** UPDATE_GOLDEN=1 writes the files anew; the diff is then for the review. */
function checkGolden(name: string, text: string): void {
  const file = join(folder, `${name}.json`);
  if (process.env["UPDATE_GOLDEN"]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}

function typed(text: string | undefined): Partial<Context> {
  if (text === undefined) return {};
  return {
    stdin: { isTerminal: false, readAll: () => Promise.resolve(text), readLine: () => Promise.resolve(text) },
  };
}

function withoutMachine(text: string, home: TestHome): string {
  return text
    .replaceAll(home.path, "<home>")
    .replaceAll(`${projectRoot}/`, "<package>/")
    .replace(/("nodeVersion": )"v[^"]+"/, '$1"<version>"')
    .replace(/("pid": |process )\d+/, "$14711")
    .replace(/("platform": )"[^"]+"/, '$1"<platform>"');
}

function loggedOut(home: TestHome): void {
  home.remove("auth.json");
}

function spoilSecondAccount(home: TestHome): void {
  home.write(
    "codex-auth/pool.json",
    home.read("codex-auth/pool.json").replace(/("id":"[0-9a-f]{12}","label":)null/, "$17"),
  );
}

/** Where codex-multi-auth keeps its accounts. */
function copyStore(home: TestHome): void {
  const store = join(projectRoot, "fixtures/stores/codex-multi-auth");
  cpSync(store, home.file("multi-auth"), { recursive: true });
}

function withoutLastRefresh(home: TestHome): void {
  const { last_refresh: _, ...rest } = forgeAuthJson(dated["a"]);
  home.write("auth.json", rest);
  home.hardLink("auth.json", "copy-of-auth.json");
}

function renewSecond(home: TestHome): void {
  home.write("logins/b.json", forgeAuthJson({ ...dated["b"], issuedAt: issuedAt + 60 }));
}

/** The usage endpoint, to which the workspace of the team is closed. */
function closedWorkspace(_url: string, init?: RequestInit): Promise<Response> {
  const { status, headers, body } = readHttp("402-deactivated-workspace");
  const isClosed = new Headers(init?.headers).get("chatgpt-account-id") === "acct-team";
  return Promise.resolve(isClosed ? new Response(body, { status, headers }) : Response.json(report()));
}

/** The same, until it was asked about every account. */
function closedWorkspaceOnce(): Fetch {
  let asked = 0;
  return (url, init) =>
    (asked += 1) <= 3 ? closedWorkspace(url, init) : Promise.resolve(Response.json(report()));
}

function report() {
  const body = usageBody({ primary: 37, secondary: 12 });
  const { primary_window, secondary_window } = body.rate_limit;
  primary_window.reset_at = testNowMs / 1000 + 3600;
  secondary_window.reset_at = testNowMs / 1000 + 172_800;
  return body;
}
