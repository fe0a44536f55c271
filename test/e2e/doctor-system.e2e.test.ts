import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
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

interface Finding {
  id: string;
  severity: string;
  fix: string | null;
  evidence: string[];
}

/** What doctor finds by these checks. */
async function findings(
  home: string,
  ids: readonly string[],
  env: Record<string, string> = {},
): Promise<Finding[]> {
  const { stdout } = await runCodexAuth(["doctor", "--json", "--only", ...ids], { home, env });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

/** The entries that explain the very text that Codex wrote. */
async function explain(home: string, { stderr }: Run): Promise<string[]> {
  const { stdout } = await runCodexAuth(["explain", "--json"], { home, input: stderr });
  return (JSON.parse(stdout) as { matches: { id: string }[] }).matches.map(({ id }) => id);
}

/** Types a command into a shell, as the finding says. */
async function type(line: string, home: string, env: Record<string, string>): Promise<string> {
  const child = spawn("sh", ["-c", line], {
    env: environment({ home, env }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  expect(await once(child, "close")).toEqual([0, null]);
  return output;
}

/** A program of somebody else that listens there. */
async function occupy(ports: readonly number[]) {
  const script = `for (const port of [${ports.join()}]) require("net").createServer().listen(port, "127.0.0.1", () => console.log(port))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  let output = "";
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.trim().split("\n").length === ports.length) break;
  }
  return child;
}

/** `codex login`, until it shows where to sign in, or ends. */
async function startLogin(home: string): Promise<string> {
  const env = environment({ home, env: { BROWSER: "/bin/true" } });
  const child = spawn(codexBinary(codexVersion), ["login"], { env, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  let shown = "";
  for await (const chunk of child.stderr) {
    shown += String(chunk);
    if (shown.includes("/oauth/authorize?")) break;
  }
  child.kill();
  await ended;
  return shown;
}

test("both login ports held: codex login fails, doctor names the holder, and lets it live", async () => {
  const home = temporaryHome();
  const holder = await occupy([1455, 1457]);
  const ended = once(holder, "close");
  const failing = await runCodex(codexVersion, ["login"], { home });
  expect([failing.status, failing.stderr]).toEqual([1, expect.stringContaining("1457 is already in use")]);
  expect(await explain(home, failing)).toEqual(["login_port_in_use"]);
  const [found] = await findings(home, ["login_ports_held"]);
  expect(found).toMatchObject({ severity: "error", fix: "codex-auth login --device-auth" });
  expect(found?.evidence).toEqual([
    expect.stringContaining(`1455: node, process ${holder.pid}`),
    expect.stringContaining(`1457: node, process ${holder.pid}`),
  ]);
  // Its owner closes it.
  holder.kill();
  await ended;
  expect(await findings(home, ["login_ports_held"])).toEqual([]);
  expect(await startLogin(home)).toContain("127.0.0.1%3A1455");
});

test("one login port held: codex takes the other, and doctor only mentions it", async () => {
  const home = temporaryHome();
  await occupy([1455]);
  expect(await findings(home, ["login_ports_held"])).toMatchObject([{ severity: "info" }]);
  expect(await startLogin(home)).toContain("127.0.0.1%3A1457");
});

test("a CODEX_HOME that is missing: codex does not start, and after the named command it does", async () => {
  const home = join(temporaryHome(), "none");
  // What runs has a folder to run in.
  const run = (args: readonly string[]) =>
    runCodex(codexVersion, args, { home: join(home, ".."), env: { CODEX_HOME: home } });
  const failing = await run(["login", "status"]);
  expect([failing.status, failing.stderr]).toEqual([1, expect.stringContaining("that path does not exist")]);
  expect(await explain(join(home, ".."), failing)).toEqual(expect.arrayContaining(["codex_home_missing"]));
  const [found] = await findings(join(home, ".."), ["codex_home_missing"], { CODEX_HOME: home });
  expect(found).toMatchObject({ severity: "error" });
  await type(found?.fix ?? "", join(home, ".."), {});
  expect(existsSync(home)).toBe(true);
  expect((await run(["login", "status"])).stderr).toBe("Not logged in\n");
});

test.each([
  ["~/.codex", "that path does not exist"],
  ["FILE", "that path is not a directory"],
])("CODEX_HOME=%s: codex does not start, and after the named command it does", async (given, text) => {
  const home = temporaryHome({ ...(await startFake()).issuer.issue({ email: "a@example.com" }) });
  const value = given === "FILE" ? join(home, "auth.json") : given;
  const failing = await runCodex(codexVersion, ["login", "status"], { home, env: { CODEX_HOME: value } });
  expect([failing.status, failing.stderr]).toEqual([1, expect.stringContaining(text)]);
  const [found] = await findings(home, ["codex_home_missing"], { CODEX_HOME: value });
  const line = `${found?.fix}; ${codexBinary(codexVersion)} login status 2>&1`;
  expect(await type(line, home, { CODEX_HOME: value })).toBe("Logged in using ChatGPT\n");
});

test("a variable that overrides the login: requests go as another, and after the named command as the login", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email: "a@example.com", accountId: "acct-a" }));
  const env = { CODEX_API_KEY: "sk-test-0123456789" };
  const { flags, env: urls } = fakeBackend(fake);
  const turn = ["exec", "--skip-git-repo-check", ...flags, "hi"];
  const asked: (string | undefined)[] = [];
  const answer = fake.routes.turn;
  fake.routes.turn = (request) => {
    asked.push(request.headers.authorization);
    return answer(request);
  };
  await runCodex(codexVersion, turn, { home, env: { ...urls, ...env } });
  expect(asked).toEqual(["Bearer sk-test-0123456789"]);
  const [found] = await findings(home, ["env_override"], env);
  expect(found?.fix).toBe("unset CODEX_API_KEY");
  const quoted = turn.map((word) => `'${word}'`).join(" ");
  expect(
    await type(`${found?.fix}; ${codexBinary(codexVersion)} ${quoted} 2>/dev/null </dev/null`, home, {
      ...urls,
      ...env,
    }),
  ).toBe("hello\n");
  expect(asked[1]).toMatch(/^Bearer eyJ/);
});

test("OPENAI_API_KEY changes nothing beside a login, and is no login by itself", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email: "a@example.com" }));
  const { flags, env: urls } = fakeBackend(fake);
  const env = { ...urls, OPENAI_API_KEY: "sk-test-0123456789" };
  const asked: (string | undefined)[] = [];
  const answer = fake.routes.turn;
  fake.routes.turn = (request) => {
    asked.push(request.headers.authorization);
    return answer(request);
  };
  const turn = () => runCodex(codexVersion, ["exec", "--skip-git-repo-check", ...flags, "hi"], { home, env });
  await turn();
  rmSync(join(home, "auth.json"));
  await turn();
  expect([asked[0]?.slice(0, 10), asked[1]]).toEqual(["Bearer eyJ", undefined]);
});

test("a proxy that catches what is meant for this machine: codex hangs, and after the named command it works", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email: "a@example.com" }));
  const { flags, env: urls } = fakeBackend(fake);
  const settings = flags
    .filter((flag) => flag !== "-c")
    .join("\n")
    .replace("analytics.enabled=false", "analytics = { enabled = false }");
  await type(`printf '%s\\n' "$SETTINGS" > "$CODEX_HOME/config.toml"`, home, { SETTINGS: settings });
  // Nobody listens there.
  const env = { ...urls, HTTP_PROXY: "http://127.0.0.1:2", NO_PROXY: "localhost" };
  const command = `${codexBinary(codexVersion)} exec --skip-git-repo-check hi </dev/null 2>&1`;
  const failing = await type(`timeout 20 ${command}; true`, home, env);
  expect(fake.count("turn")).toBe(0);
  expect(failing).toMatch(/Reconnecting|workspace routing|error sending request/);
  expect(await explain(home, { status: 1, stdout: "", stderr: failing })).not.toEqual([]);
  const [found] = await findings(home, ["proxy_catches_loopback"], env);
  expect(found).toMatchObject({ severity: "warning" });
  expect(await type(`${found?.fix}; ${command}`, home, env)).toContain("hello");
  expect(fake.count("turn")).toBe(1);
});

test("an unusable certificate file costs codex its WebSocket, and after the named command it does not", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email: "a@example.com" }));
  const { flags, env: urls } = fakeBackend(fake);
  const env = { ...urls, CODEX_CA_CERTIFICATE: join(home, "none.pem") };
  const turn = ["exec", "--skip-git-repo-check", ...flags, "hi"];
  const failing = await runCodex(codexVersion, turn, { home, env });
  expect([fake.count("socket"), failing.stderr]).toEqual([
    0,
    expect.stringContaining("failed to configure websocket TLS"),
  ]);
  expect(await explain(home, failing)).toContain("ca_file");
  const [found] = await findings(home, ["ca_file_unusable"], env);
  const quoted = turn.map((word) => `'${word}'`).join(" ");
  expect(
    await type(`${found?.fix}; ${codexBinary(codexVersion)} ${quoted} 2>&1 </dev/null`, home, env),
  ).not.toContain("websocket TLS");
  expect(fake.count("socket")).toBe(1);
});

test.each([
  ["no login", [], "login status", "not_logged_in"],
  ["a folder for auth.json", ["mkdir $CODEX_HOME/auth.json"], "login status", "folder_in_the_way"],
  ["a torn auth.json", ["printf '{' > $CODEX_HOME/auth.json"], "login status", "auth_file_broken"],
  ["a broken config.toml", ["printf 'a = [\\n' > $CODEX_HOME/config.toml"], "login status", "config_broken"],
  [
    "an unknown sandbox",
    ["printf 'sandbox_mode = \"wild\"\\n' > $CODEX_HOME/config.toml"],
    "exec --skip-git-repo-check hi",
    "setting_unknown_value",
  ],
  [
    "a retired approval",
    ["printf 'approval_policy = \"untrusted\"\\n' > $CODEX_HOME/config.toml"],
    "exec --skip-git-repo-check hi",
    "setting_retired",
  ],
  [
    "a legacy profile",
    ["printf 'profile = \"a\"\\n' > $CODEX_HOME/config.toml"],
    "exec --skip-git-repo-check hi",
    "legacy_profile",
  ],
  [
    "an unknown provider",
    ["printf 'model_provider = \"nope\"\\n' > $CODEX_HOME/config.toml"],
    "exec --skip-git-repo-check hi",
    "provider_unknown",
  ],
  [
    "a keyring",
    ["printf 'cli_auth_credentials_store = \"keyring\"\\n' > $CODEX_HOME/config.toml"],
    "login status",
    "keyring_unavailable",
  ],
] as const)("what codex itself writes is explained: %s", async (_, before, line, id) => {
  const home = temporaryHome();
  for (const each of before) await type(each, home, {});
  const failing = await runCodex(codexVersion, line.split(" "), { home });
  expect(failing.status).not.toBe(0);
  expect(await explain(home, failing)).toContain(id);
});

test("the usage limit and a refused renewal are explained as codex tells them", async () => {
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email: "a@example.com", accountId: "acct-a" }));
  const error = {
    type: "usage_limit_reached",
    message: "no",
    resets_at: Math.floor(Date.now() / 1000) + 7200,
  };
  fake.routes.turn = () => ({ status: 429, body: { error } });
  const limited = await runTurn(codexVersion, fake, home);
  const { stdout } = await runCodexAuth(["explain", "--json"], { home, input: limited.stderr });
  expect(JSON.parse(stdout)).toMatchObject({
    matches: [{ id: "usage_limit" }],
    resetsAt: expect.stringMatching(/Z$/) as string,
  });
  fake.routes.turn = () => ({ status: 401, body: { error: { message: "no" } } });
  fake.routes.refresh = () => ({
    status: 401,
    body: { error: { code: "refresh_token_reused", message: "no" } },
  });
  expect(await explain(home, await runTurn(codexVersion, fake, home))).toContain("refresh_token_reused");
});

test("without any network doctor --live ends in time and says so", async () => {
  const home = temporaryHome();
  mkdirSync(join(home, "log"));
  const { status, stdout } = await runCodexAuth(["doctor", "--live", "--json"], { home });
  const { findings: found } = JSON.parse(stdout) as { findings: Finding[] };
  expect(status).toBe(1);
  expect(found.filter(({ id }) => id === "network_unreachable").length).toBe(3);
});
