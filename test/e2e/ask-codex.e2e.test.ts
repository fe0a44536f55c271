import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { forgeAuthJson } from "../support/forge.ts";
import { hasProgram } from "../support/tmux.ts";
import { root, versions } from "./install.mjs";
import { codexBinary, type CodexVersion, environment, runCodexAuth } from "./support/codex.ts";
import { temporaryHome, writeAuthJson } from "./support/home.ts";

interface Finding {
  id: string;
  severity: string;
  message: string;
  evidence: string[];
}

/** PATH leads to this Codex first. */
function withCodex(version: CodexVersion): Record<string, string> {
  return { PATH: `${dirname(codexBinary(version))}:${process.env["PATH"]}` };
}

async function findings(version: CodexVersion, home: string, cwd = home): Promise<Finding[]> {
  const options = { home, cwd, env: withCodex(version) };
  const { stdout } = await runCodexAuth(["doctor", "--only", "config", "--json"], options);
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

function homeWith(config: string): string {
  const home = temporaryHome(forgeAuthJson());
  writeFileSync(join(home, "config.toml"), config, { mode: 0o600 });
  return home;
}

/** What one could find at faults of config.toml that stop Codex and that no table of ours has. */
const refused: [name: string, config: string, sentence: string][] = [
  ["a role that is text", '[agents]\nreviewer = "packycode"\n', ":1:1: invalid type: string"],
  ["a hook that is no list", '[hooks.SessionStart]\ncommand = "echo hi"\n', "expected a sequence"],
  ["a server that is text", '[mcp_servers]\ngithub = "npx -y x"\n', "invalid type: string"],
  ["a policy in part", "approval_policy = { granular = { rules = true } }\n", "missing field"],
  ["an exporter without its table", '[otel]\nexporter = "otlp"\n', "unknown variant"],
  ["a flag that is text", '[notice]\nfast_default_opt_out = "true"\n', ":2:24: invalid type: string"],
];

test.each(refused)("doctor says what the installed Codex refuses: %s", async (_, config, sentence) => {
  const home = homeWith(config);
  const found = await findings(versions[0] ?? "", home);
  const first = found.find(({ severity }) => severity === "error");
  expect(first?.message).toMatch(/^Codex does not start: /);
  if (first?.id === "codex_refuses_config") {
    expect(first.message).toContain(join(home, "config.toml"));
    expect(first.message).toContain(sentence);
  }
});

test("an old Codex is asked by its login status", async () => {
  const found = await findings("0.63.0", homeWith("[history]\nmax_bytes = 1\n"));
  expect(found).toMatchObject([
    { id: "codex_refuses_config", message: expect.stringContaining("missing field `persistence`") },
  ]);
});

test("what the installed Codex takes is no fault, whatever a table says", async () => {
  expect((await findings(versions[0] ?? "", homeWith('model = ""\n'))).map(({ id }) => id)).toEqual([]);
});

test("every key that the installed Codex passes over is named with its line", async () => {
  const config = `network_access = true
approval_mode = "full-auto"
[mcp_servers.x]
command = "npx"
openai_base_url = "http://127.0.0.1:4321/v1"
forced_login_method = "chatgpt"
[mcp_servers.a]
url = "https://x.example/mcp"
headers = { Authorization = "Bearer x" }
[tui.keymap.nothing]
a = { b = 1 }
`;
  const home = homeWith(config);
  const found = (await findings(versions[0] ?? "", home)).filter(({ id }) => id === "key_ignored");
  const lines = found
    .map(({ evidence: [place = ""] }) => Number(place.split(":").at(-1)))
    .sort((a, b) => a - b);
  expect(lines).toEqual([1, 2, 5, 6, 9, 10]);
});

test("a project that stops Codex is named as Codex names it", async () => {
  const home = temporaryHome();
  const project = join(home, "../work");
  mkdirSync(join(project, ".git"), { recursive: true });
  mkdirSync(join(project, ".codex"));
  writeFileSync(join(project, ".codex/config.toml"), '[notice]\nfast_default_opt_out = "true"\n');
  writeFileSync(
    join(home, "config.toml"),
    `[projects."${realpathSync(project)}"]\ntrust_level = "trusted"\n`,
  );
  const [first] = await findings(versions[0] ?? "", home, realpathSync(project));
  expect(first?.message).toContain(`${realpathSync(project)}/.codex/config.toml`);
});

/** Everything below a folder with its time of change, without what our own commands may write. */
function stateOf(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("codex-auth"))
    .map((name) => `${name} ${statSync(join(home, name)).mtimeMs}`);
}

const wordsOf: Record<string, string[]> = {
  "0.63.0": ["login", "status"],
};

test.runIf(hasProgram("strace")).each(versions)(
  "asking codex %s opens no socket, starts nothing, and leaves the real home alone",
  async (version) => {
    const home = homeWith(`sqlite_home = "${join(root, "node_modules/.cache/e2e-tmp")}"
forced_login_method = "chatgpt"
[mcp_servers.x]
command = "touch"
args = ["${join(root, "node_modules/.cache/e2e-tmp/started")}"]
`);
    const before = stateOf(home);
    const log = join(home, "../calls");
    const program = codexBinary(version);
    const trial = join(home, "../trial");
    mkdirSync(trial);
    writeFileSync(join(trial, "config.toml"), readFileSync(join(home, "config.toml")));
    writeAuthJson(join(trial, "auth.json"), forgeAuthJson());
    const words = wordsOf[version] ?? ["app-server", "--print-startup-config"];
    const strace = ["-f", "-e", "trace=%network,execve", "-o", log, program, ...words];
    try {
      execFileSync("strace", strace, { cwd: home, env: environment({ home: trial }), stdio: "ignore" });
    } catch {
      // `Not logged in` is exit code 1.
    }
    const calls = readFileSync(log, "utf8").split("\n");
    expect(calls.filter((line) => /\b(?:socket|connect|sendto)\(/.test(line))).toEqual([]);
    // It asks programs of the system what system this is.
    expect(calls.filter((line) => /execve\("[^"]*\/touch"/.test(line))).toEqual([]);
    await findings(version, home);
    expect(stateOf(home)).toEqual(before);
    expect(readdirSync(join(home, "..")).filter((name) => name.includes("trial-"))).toEqual([]);
  },
);

test("a home that a killed question left is removed by the next one", async () => {
  const home = homeWith('model = "x"\n');
  const left = `${home}.codex-auth-trial-1-x`;
  mkdirSync(left);
  utimesSync(left, 1, 1);
  await findings(versions[0] ?? "", home);
  expect(readdirSync(join(home, "..")).filter((name) => name.includes("trial"))).toEqual([]);
});
