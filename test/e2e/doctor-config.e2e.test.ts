import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { measureTables } from "./facts/measure.ts";
import { root } from "./install.mjs";
import {
  codexBinary,
  codexVersion,
  environment,
  fakeBackend,
  type Run,
  runCodex,
  runCodexAuth,
  runTurn,
} from "./support/codex.ts";
import { startFake, temporaryHome } from "./support/home.ts";

type Expected = Pick<Finding, "message"> & { area: string };

interface Finding {
  id: string;
  message: string;
  severity: string;
  fix: string | null;
  canMend: boolean;
}

/** The files of a home of fixtures/homes in a real CODEX_HOME, with a login of the fake. */
function homeOf(name: string, login?: Parameters<typeof temporaryHome>[0]): string {
  const home = temporaryHome(login);
  cpSync(join(root, "fixtures/homes", name, "home"), home, { recursive: true });
  return home;
}

async function findings(home: string, env: Record<string, string> = {}): Promise<Finding[]> {
  const { stdout } = await runCodexAuth(["doctor", "--only", "config", "--json"], { home, env });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

/** `fix`, and then the commands of the findings that it leaves, one after another. */
async function mend(home: string): Promise<string[]> {
  await runCodexAuth(["fix"], { home });
  const typed: string[] = [];
  for (let tries = 0; tries < 10; tries += 1) {
    const left = (await findings(home)).find(({ severity, fix }) => severity === "error" && fix !== null);
    if (!left?.fix) break;
    typed.push(left.fix);
    execFileSync("sh", ["-c", left.fix], { cwd: home, env: environment({ home }) });
  }
  return typed;
}

/** Reads config.toml as every start does, and asks nobody. */
function start(home: string): Promise<Run> {
  return runCodex(codexVersion, ["login", "status"], { home });
}

/** Homes whose config.toml stops Codex; false where `fix` alone does not mend it. */
const stopping: [name: string, isFixed: boolean][] = [
  ["config-typo-unclosed-quote", true],
  ["config-typo-typographic-quotes", true],
  ["config-syntax-error", true],
  ["config-syntax-error-guarded", false],
  ["config-conflict-markers", true],
  ["config-duplicate-same", true],
  ["config-duplicate-table", true],
  ["config-duplicate-other", false],
  ["config-latin1", false],
  ["config-utf16", true],
  ["config-inline-table", true],
  ["value-wrong-type", false],
  ["value-unknown-word", false],
  ["value-empty", true],
  ["sandbox-mode-misspelled", true],
  ["sandbox-mode-unknown", true],
  ["approval-policy-unknown", false],
  ["approval-policy-misspelled", true],
  ["approval-policy-retired", false],
  ["credentials-store-invalid", false],
  ["forced-workspaces-with-comma", true],
  ["legacy-profile", false],
  ["wire-api-chat", true],
  ["provider-reserved", false],
  ["provider-unknown", false],
  ["provider-nameless", true],
  ["mcp-server-invalid", false],
  ["mcp-server-mixed", false],
  ["value-of-a-server", false],
  ["instructions-file-missing", false],
];

test.each(stopping)("%s: Codex does not start, and starts after the repair", async (name, isFixed) => {
  const home = homeOf(name);
  const { status, stderr } = await start(home);
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("Error loading conf") });
  const [first] = await findings(home);
  expect(first).toMatchObject({ severity: "error", message: expect.stringContaining("does not start") });
  const typed = await mend(home);
  expect(typed.length === 0).toBe(isFixed);
  expect((await start(home)).stderr).toBe("Not logged in\n");
});

test("a folder in the place of config.toml stops Codex until it is moved away", async () => {
  const home = temporaryHome();
  execFileSync("mkdir", [join(home, "config.toml")]);
  expect((await start(home)).status).toBe(1);
  expect(await mend(home)).toHaveLength(1);
  expect((await start(home)).stderr).toBe("Not logged in\n");
});

const harmless = [
  "config-crlf-and-bom",
  "keys-ignored",
  "legacy-profile-tables",
  "profile-files-broken",
  "model-unknown",
];

test.each(harmless)("%s: Codex starts", async (name) => {
  expect((await start(homeOf(name))).stderr).toBe("Not logged in\n");
});

test.each(["fast", "wild", "old"])("codex -p %s does not start with its broken file", async (profile) => {
  const home = homeOf("profile-files-broken");
  const fake = await startFake();
  const words = ["exec", "--skip-git-repo-check", ...fakeBackend(fake).flags, "-p", profile, "hi"];
  expect((await runCodex(codexVersion, words, { home })).status).toBe(1);
  const told = (await findings(home)).filter(({ message }) => message.includes(`-p ${profile}`));
  expect(told).toHaveLength(1);
});

test("the tables call nothing wrong that Codex takes, and agree with it on nearly every value", async () => {
  const measured = await measureTables(codexVersion, join(temporaryHome(), ".."));
  expect(measured.falseAlarms).toEqual([]);
  expect(measured.mutants).toBeGreaterThan(2000);
  expect(measured.agreed / measured.mutants).toBeGreaterThan(0.9);
}, 600_000);

test("the key of a provider is missing: the turn fails, and succeeds with the key", async () => {
  const fake = await startFake();
  const home = homeOf("provider-key-missing");
  const text = readFileSync(join(home, "config.toml"), "utf8");
  writeFileSync(join(home, "config.toml"), text.replace("http://gateway.example", fake.url));
  const words = ["exec", "--skip-git-repo-check", ...fakeBackend(fake).flags, "hi"];
  const failed = await runCodex(codexVersion, words, { home });
  expect([failed.status, failed.stderr]).toEqual([
    1,
    expect.stringContaining("Missing environment variable"),
  ]);
  expect(await findings(home)).toMatchObject([
    { id: "provider_key_missing" },
    { id: "provider_without_login", severity: "info" },
  ]);
  expect(await findings(home, { GATEWAY_KEY: "sk-test-gateway" })).toMatchObject([
    { id: "provider_without_login" },
  ]);
  const done = await runCodex(codexVersion, words, { home, env: { GATEWAY_KEY: "sk-test-gateway" } });
  expect(done.stdout).toBe("hello\n");
});

test("a proxy that is not running hangs Codex; without its key the turn completes", async () => {
  const fake = await startFake();
  const home = temporaryHome(
    fake.issuer.issue({ email: "a@example.com", accountId: "acct-a", userId: "user-a" }),
  );
  const port = await freePort();
  const settings = `chatgpt_base_url = "${fake.url}/backend-api"\nanalytics.enabled = false\n`;
  writeFileSync(join(home, "config.toml"), `openai_base_url = "http://127.0.0.1:${port}/v1"\n${settings}`);
  expect(await lineOf(home, /waiting for network/)).toContain("Reconnecting");
  const found = (await findings(home)).find(({ id }) => id === "base_url_dead");
  expect(found).toMatchObject({ severity: "error", fix: expect.stringContaining("sed -i.bak '1s") });
  execFileSync("sh", ["-c", found?.fix ?? "false"]);
  expect((await findings(home)).map(({ id }) => id)).not.toContain("base_url_dead");
  expect((await runTurn(codexVersion, fake, home)).stdout).toBe("hello\n");
});

/** What exec says while it runs; it is ended then, as it would go on for ever. */
async function lineOf(home: string, wanted: RegExp): Promise<string> {
  const words = ["exec", "--skip-git-repo-check", "hi"];
  const child = spawn(codexBinary(codexVersion), words, {
    cwd: home,
    env: environment({ home }),
    stdio: "pipe",
  });
  child.stdin.end();
  child.stdout.resume();
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stderr })) {
    if (!wanted.test(line)) continue;
    child.kill("SIGKILL");
    await ended;
    return line;
  }
  return "";
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

test("wire_api = chat: after the repair the provider is asked, and answers", async () => {
  const fake = await startFake();
  const home = homeOf("wire-api-chat");
  const file = join(home, "config.toml");
  const text = readFileSync(file, "utf8").replace("http://gateway.example", fake.url);
  writeFileSync(file, text.replace("wire_api", 'experimental_bearer_token = "sk-test-gateway"\nwire_api'));
  expect(await mend(home)).toEqual([]);
  expect((await runTurn(codexVersion, fake, home)).stdout).toBe("hello\n");
});

test("a forbidden login would be deleted by exec; after the switch that is named it stays", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  const incoming = join(home, "../incoming");
  execFileSync("mkdir", [incoming]);
  for (const name of ["a", "b"]) {
    const login = fake.issuer.issue({
      email: `${name}@example.com`,
      accountId: `acct-${name}`,
      userId: `user-${name}`,
    });
    writeFileSync(join(incoming, `${name}.json`), JSON.stringify(login), { mode: 0o600 });
  }
  await runCodexAuth(["import", incoming], { home });
  await runCodexAuth(["switch", "a@example.com"], { home });
  writeFileSync(join(home, "config.toml"), 'forced_chatgpt_workspace_id = "acct-b"\n');
  const auth = join(home, "auth.json");
  const before = readFileSync(auth);
  expect((await runTurn(codexVersion, fake, home)).status).toBe(1);
  expect(existsSync(auth)).toBe(false);
  writeFileSync(auth, before, { mode: 0o600 });
  const [found] = await findings(home);
  expect(found).toMatchObject({
    id: "login_restricted",
    fix: expect.stringMatching(/^codex-auth switch \S+$/),
  });
  await runCodexAuth((found?.fix ?? "").split(" ").slice(1), { home });
  expect((await runTurn(codexVersion, fake, home)).stdout).toBe("hello\n");
  expect(statSync(auth).size).toBeGreaterThan(0);
});

test("the keyring: exec sends no login, and after the switch that is named it does", async () => {
  const fake = await startFake();
  const home = temporaryHome(
    fake.issuer.issue({ email: "a@example.com", accountId: "acct-a", userId: "user-a" }),
  );
  await runCodexAuth(["import"], { home });
  writeFileSync(join(home, "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
  expect((await start(home)).stderr).toContain("keyring");
  const [found] = await findings(home);
  expect(found).toMatchObject({ id: "credentials_store_elsewhere", severity: "warning" });
  await runCodexAuth((found?.fix ?? "").split(" ").slice(1), { home });
  expect((await start(home)).stderr).toContain("Logged in using ChatGPT");
});

test("every home with a fault of config.toml that stops Codex is tried here", () => {
  const homes = readdirSync(join(root, "fixtures/homes")).filter((name) => {
    const file = join(root, "fixtures/homes", name, "findings.json");
    const found: Expected[] = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
    return found.some(
      ({ area, message }) => area === "config" && message.startsWith("Codex does not start:"),
    );
  });
  const tried = new Set(stopping.map(([name]) => name));
  // A folder in its place has a test of its own, and a link to itself is the same to Codex.
  for (const name of ["config-folder", "config-link-loop"]) tried.add(name);
  expect(homes.filter((name) => !tried.has(name))).toEqual([]);
  expect(homes.length).toBeGreaterThan(25);
});
