import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../../support/home.ts";

const binary = join(projectRoot, "bin/codex-auth");
const home = mkdtempSync(join(tmpdir(), "codex-auth-gateway-"));
const env = { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, NO_COLOR: "1", LANG: "C.UTF-8" };
/** Everything that any command has printed, but where a secret was asked for. */
const printed: string[] = [];
const secrets: string[] = [];

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly document: {
    readonly ok: boolean;
    readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
    readonly [name: string]: unknown;
  };
}

function gateway(line: string, ...more: string[]): Ran {
  const words = ["gateway", ...line.split(" ").filter((word) => word !== ""), ...more, "--json"];
  const {
    status: code,
    stdout,
    stderr,
  } = spawnSync(binary, words, { env, encoding: "utf8", timeout: 60_000 });
  const document = JSON.parse(stdout) as Ran["document"];
  const { key } = document as { key?: { secret?: string } | null };
  if (key?.secret !== undefined) secrets.push(key.secret);
  else printed.push(stdout);
  printed.push(stderr);
  return { code, stdout, stderr, document };
}

/** As on a terminal, through util-linux's script. */
function onTerminal(line: string): string {
  const said = spawnSync("script", ["-qec", `${binary} gateway ${line}`, "/dev/null"], {
    env,
    encoding: "utf8",
  }).stdout;
  printed.push(said);
  return said;
}

beforeAll(() => {
  expect(
    gateway("key create ci --limit requests=100/day --limit cost=5usd/week --model gpt-6-sol").code,
  ).toBe(0);
});

afterAll(() => {
  spawnSync(binary, ["gateway", "stop", "--now"], { env });
  rmSync(home, { recursive: true, force: true });
});

describe("what cannot be meant is refused in one line that says what to type, and nothing changes", () => {
  const bad: [line: string, code: string][] = [
    ["nonsense", "usage"],
    ["start now", "usage"],
    ["start --port 99999", "usage"],
    ["start --port abc", "usage"],
    ["start --host 0.0.0.0", "usage"],
    ["start --port 45671 --metrics-port 45671", "usage"],
    ["start --public-url nonsense", "usage"],
    ["start --background --port -1", "usage"],
    ["start --database postgres://127.0.0.1:1/none", "database_unavailable"],
    ["status now", "usage"],
    ["stop now", "usage"],
    ["demo now", "usage"],
    ["key", "usage"],
    ["key nonsense", "usage"],
    ["key create", "usage"],
    ["key create two words", "usage"],
    ["key create ci", "key_name_taken"],
    ["key create a/b", "usage"],
    ["key create x --limit nonsense", "limit_invalid"],
    ["key create x --limit requests=-1/day", "limit_invalid"],
    ["key create x --limit requests=1/year", "limit_invalid"],
    ["key create x --limit cost=free/day", "limit_invalid"],
    ["key create x --limit requests=1/day --limit requests=2/day", "limit_invalid"],
    ["key create x --expires soon", "usage"],
    ["key create x --expires 0d", "usage"],
    ["key create x --parallel 0", "usage"],
    ["key create x --role king", "usage"],
    ["key create x --account nobody", "account_not_found"],
    ["key show", "usage"],
    ["key show nobody", "key_not_found"],
    ["key edit ci", "usage"],
    ["key edit nobody --parallel 2", "key_not_found"],
    ["key revoke nobody", "key_not_found"],
    ["key rotate nobody", "key_not_found"],
    ["key list all", "usage"],
    ["usage nobody", "key_not_found"],
    ["usage two words", "usage"],
    ["client codex", "gateway_not_running"],
    ["open", "gateway_not_running"],
  ];
  test.each(bad)("gateway %s", (line, code) => {
    const ran = gateway(line);
    expect([ran.code, ran.document.ok, ran.document.error?.code]).toEqual([1, false, code]);
    expect(ran.document.error?.hint ?? "").not.toBe("");
    expect(ran.stderr.trim().split("\n").length).toBeLessThan(6);
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  });

  test("and there is the one key that was there before", () => {
    expect((gateway("key list").document["keys"] as unknown[]).length).toBe(1);
  });
});

test("status and stop without a gateway say so; only status fails", () => {
  expect([gateway("status").code, gateway("stop").code]).toEqual([1, 0]);
});

test("every command does its work, piped and on a terminal, and no secret stands where it was not asked for", async () => {
  const started = gateway("start --background");
  expect([started.code, started.document["running"]]).toEqual([0, true]);
  const url = String(started.document["url"]);
  expect(gateway("status").document).toMatchObject({ running: true, url });
  for (const client of ["codex", "opencode", "env"]) {
    const { code, document } = gateway(`client ${client}`);
    const lines = document["lines"] as string[];
    expect([code, lines.join("\n")]).toEqual([0, expect.stringContaining(url) as string]);
    // A line break inside one would be printed as an escape.
    expect(lines.filter((line) => line.includes("\n"))).toEqual([]);
  }
  expect(gateway("client nonsense").document.error?.code).toBe("usage");
  expect(gateway("start").document.error?.code).toBe("gateway_running");
  const [secret = ""] = secrets;
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const ask = (path: string, more: object = {}) => fetch(`${url}${path}`, { headers, ...more });
  expect((await ask("/usage")).status).toBe(200);
  expect((await ask(`/${secret}?key=${secret}`)).status).toBe(404);
  expect((await ask("/responses", { method: "POST", body: "{" })).status).toBe(400);
  expect(
    (await ask("/responses", { method: "POST", body: JSON.stringify({ model: "gpt-6-sol", input: secret }) }))
      .status,
  ).toBe(503);
  for (const line of ["key list", "usage", "database check"])
    expect([line, gateway(line).document]).toMatchObject([line, { running: true, url }]);
  expect(gateway("key show ci").document["key"]).toMatchObject({
    name: "ci",
    limits: ["requests=100/day", "cost=5usd/week"],
  });
  expect(
    gateway("key edit ci --name build --parallel 3 --limit requests=7/minute").document["key"],
  ).toMatchObject({
    name: "build",
    parallel: 3,
    limits: ["requests=7/minute"],
    models: ["gpt-6-sol"],
  });
  expect(gateway("key create boss --role admin --expires 30d").document["key"]).toMatchObject({
    role: "admin",
  });
  expect(gateway("usage").code).toBe(0);
  expect(gateway("usage build").document["usage"]).toMatchObject({
    key: { limits: [{ name: "requests/minute" }] },
  });
  expect(gateway("key rotate build").code).toBe(0);
  // A gateway looks for changed keys four times a second.
  await expect.poll(async () => (await ask("/usage")).status, { interval: 20 }).toBe(401);
  expect(onTerminal("key list")).toContain("build");
  expect(onTerminal("key show boss")).toContain("admin");
  expect(onTerminal("status")).toContain(url);
  expect(onTerminal("usage")).toContain("30 days");
  expect(onTerminal("key show nobody")).toMatch(/There is no key nobody[^]*build, boss|boss, build/);
  expect(onTerminal("client env")).toContain(`OPENAI_BASE_URL=${url}`);
  expect(gateway("key revoke build").code).toBe(0);
  expect(gateway("key revoke boss --now").code).toBe(0);
  expect(gateway("key rotate build").document.error?.code).toBe("key_revoked");
  expect(gateway("stop").document["message"]).toContain("has ended");
  expect(gateway("status").code).toBe(1);
  expect(onTerminal("start --background")).toMatch(/^The gateway listens at \S+\/v1\r?\n[^]*^Make a key/m);
  expect(gateway("stop").code).toBe(0);
  const files = readdirSync(join(home, "codex-auth")).filter((name) => name.startsWith("gateway"));
  const kept = files.map((name) => readFileSync(join(home, "codex-auth", name), "latin1"));
  expect(secrets.length).toBe(3);
  const everything = [...printed, ...kept].join("\n");
  expect(secrets.filter((each) => everything.includes(each))).toEqual([]);
});

test("started in the foreground it says where it listens, and Ctrl-C ends it and its entry", async () => {
  const child: ChildProcess = spawn(binary, ["gateway", "start"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await expect.poll(() => said).toMatch(/listens at http:\/\/127\.0\.0\.1:\d+\/v1[^]*key create[^]*Ctrl-C/);
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve([code, signal])));
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(home, "codex-auth/gateway.json"))).toBe(false);
});

// Whoever asked for the status first took doctor's only trace of a port that another program may hold now.
test("a gateway that was killed is told, with its port, until it is started, stopped or mended", () => {
  const started = gateway("start --background").document["gateway"] as { pid: number; port: number };
  process.kill(started.pid, "SIGKILL");
  for (const line of ["status", "status", "client env"]) {
    const { code, stderr, stdout } = gateway(line);
    expect([line, code]).toEqual([line, 1]);
    expect(stdout + stderr).toContain("was killed");
    expect(stdout + stderr).toContain(`gateway start --port ${started.port}`);
  }
  const doctor = spawnSync(binary, ["doctor", "--json"], { env, encoding: "utf8" }).stdout;
  expect(doctor).toContain(`"gateway_killed"`);
  expect(gateway("stop").document["message"]).toContain("was killed");
  expect(gateway("status").document["message"]).toBe("The gateway is not running.");
});

test("a database that goes away under a gateway is no good one, also with another in its place", async () => {
  expect(gateway("start --background").code).toBe(0);
  const database = join(home, "codex-auth/gateway.db");
  for (const end of ["", "-wal", "-shm"]) rmSync(`${database}${end}`, { force: true });
  const { code, document } = gateway("status");
  expect([code, document["message"]]).toEqual([1, expect.stringContaining("database away")]);
  expect(document["lines"]).toEqual(["See why: codex-auth gateway database check"]);
  expect(gateway("key list").document["keys"]).toEqual([]);
  const check = gateway("database check");
  expect([check.code, check.document["problems"]]).toEqual([
    1,
    [expect.stringMatching(/^The gateway \(process \d+\) cannot use it/)],
  ]);
  expect([gateway("stop --now").code, gateway("database check").code]).toEqual([0, 0]);
});
