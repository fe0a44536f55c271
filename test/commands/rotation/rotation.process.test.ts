import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../support/exec-scene.ts";
import { FakeResponses, goodStream, silent } from "../../support/openai/responses.ts";
import { homeWithThree, projectRoot, runProcess, type TestHome } from "../../support/home.ts";

interface Entry {
  process: { pid: number; start: string | null };
  port: number;
  key: string;
}

const entryOf = (home: TestHome) => JSON.parse(home.read("codex-auth/rotation.json")) as Entry;

const accounts = ["acct-personal", "acct-team", "acct-lab"];

const type = { "content-type": "text/event-stream" };

const isEntered = (home: TestHome) => existsSync(home.file("codex-auth/rotation.json"));

/** A proxy in the background of a home of its own, with its upstream; it ends with the test. */
async function background(options: readonly string[] = []) {
  const upstream = await FakeResponses.start();
  const home = await homeWithThree();
  const env = { CODEX_AUTH_BACKEND: upstream.backend };
  const started = await home.runProcess(["rotation", "start", "--background", ...options], { env });
  expect(started).toMatchObject({ code: 0, stderr: "" });
  const { process: owner, port, key } = entryOf(home);
  onTestFinished(() => endProcess(owner.pid));
  return { home, upstream, env, started, pid: owner.pid, port, key };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** A turn of a client that is not Codex. */
function ask(port: number, key: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-5", input: "hi", stream: true }),
  });
}

async function errorOf(home: TestHome, line: string) {
  const { code, stdout } = await home.runProcess([...line.split(" "), "--json"]);
  return { code, ...(JSON.parse(stdout) as { command: string; error: { code: string; message: string } }) };
}

test.each([
  ["rotation", "Missing required argument 'action'"],
  ["rotation begin", "Unknown action: begin"],
  ["rotation start --port 1", "Invalid port: 1"],
  ["rotation start --port 70000", "Invalid port: 70000"],
  ["rotation start --port 4e3", "Invalid port: 4e3"],
  ["rotation start --pin nobody", 'No account matches "nobody".'],
  ["rotation start --now", "--now does not belong to start."],
  ["rotation status --port 4321", "--port does not belong to status."],
])("%s is refused", async (line, message) => {
  const home = await homeWithThree();
  const { code, stdout, stderr } = await home.runProcess(line.split(" "));
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(message)]);
  expect(await errorOf(home, line)).toMatchObject({
    code: 1,
    ok: false,
    error: { code: expect.any(String) },
  });
  expect(isEntered(home)).toBe(false);
});

test.each(["status", "stop", "env", "enable-hint"])("%s says that no proxy runs", async (action) => {
  const home = await homeWithThree();
  const { code, stdout, stderr } = await home.runProcess(["rotation", action]);
  expect(stdout + stderr).toContain("The rotation proxy is not running.");
  expect(code).toBe(action === "stop" ? 0 : 1);
});

test("a port that is taken is refused, in the foreground and in the background", async () => {
  const home = await homeWithThree();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const line = ["rotation", "start", "--port", String(port)];
  const foreground = await home.runProcess(line);
  const inBackground = await home.runProcess([...line, "--background"]);
  for (const { code, stdout, stderr } of [foreground, inBackground])
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(`port ${port}`)]);
  expect(isEntered(home)).toBe(false);
});

test("a proxy in the background is found, used and stopped, and leaves no entry", async () => {
  const { home, upstream, started, port, key, pid } = await background();
  expect(started.stdout).toContain(`http://127.0.0.1:${port}`);
  const answer = await ask(port, key);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("response.completed")]);
  expect(upstream.asked).toHaveLength(1);
  const status = JSON.parse((await home.runProcess(["rotation", "status", "--json"])).stdout);
  expect(status).toMatchObject({
    command: "rotation",
    action: "status",
    running: true,
    proxy: { port, pid },
  });
  expect(status.proxy.accounts.map(({ served }: { served: number }) => served).toSorted()).toEqual([0, 0, 1]);
  const table = (await home.runProcess(["rotation", "status"])).stdout;
  expect(table).toContain("dev@team.example");
  expect(await home.runProcess(["rotation", "stop"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^The rotation proxy has ended\.\nA Codex that still has its address /),
  });
  expect(isEntered(home)).toBe(false);
  expect((await home.runProcess(["rotation", "status"])).code).toBe(1);
});

test("entry and log are for their owner alone, and only env prints the key, on standard output", async () => {
  const { home, key } = await background();
  for (const name of ["rotation.json", "rotation.log"])
    expect(statSync(home.file(`codex-auth/${name}`)).mode & 0o777).toBe(0o600);
  const env = await home.runProcess(["rotation", "env", "--shell", "sh"]);
  const { port } = entryOf(home);
  const lines = [
    `export OPENAI_BASE_URL='http://127.0.0.1:${port}/v1'`,
    `export OPENAI_API_KEY='${key}'`,
    "",
  ];
  expect(env).toEqual({ code: 0, stdout: lines.join("\n"), stderr: "" });
  const fish = await home.runProcess(["rotation", "env", "--shell", "fish"]);
  expect(fish.stdout).toContain(`set -gx OPENAI_API_KEY '${key}'`);
  for (const line of ["env --json", "status", "status --json", "enable-hint", "enable-hint --json", "stop"]) {
    const { stdout, stderr } = await home.runProcess(["rotation", ...line.split(" ")]);
    expect([line, (stdout + stderr).includes(key)]).toEqual([line, false]);
  }
  expect(home.read("codex-auth/rotation.log")).not.toContain(key);
});

test("a second proxy is refused and the first goes on", async () => {
  const { home, port } = await background();
  for (const line of ["rotation start", "rotation start --background"])
    expect(await errorOf(home, line)).toMatchObject({
      code: 1,
      error: { code: "rotation_running", message: expect.stringContaining(String(port)) },
    });
  expect((await home.runProcess(["rotation", "status"])).code).toBe(0);
});

test("of two that start at once one runs, and the other says so", async () => {
  const home = await homeWithThree();
  const line = ["rotation", "start", "--background"];
  const both = await Promise.all([home.runProcess(line), home.run(line)]);
  const { pid } = entryOf(home).process;
  onTestFinished(() => endProcess(pid));
  expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
  expect(both.map(({ stderr }) => stderr).join("")).toContain("A rotation proxy runs already");
  expect((await home.runProcess(["rotation", "status"])).code).toBe(0);
});

test("a proxy that was killed is told once, and its port can be taken again", async () => {
  const { home, pid, port, env } = await background();
  process.kill(pid, "SIGKILL");
  await until(() => !existsSync(`/proc/${pid}`));
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain("was killed");
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain("is not running");
  const again = await home.runProcess(["rotation", "start", "--background", "--port", String(port)], { env });
  onTestFinished(() => endProcess(entryOf(home).process.pid));
  expect([again.code, entryOf(home).port]).toEqual([0, port]);
});

test("the entry of a process whose number belongs to another program now is that of a dead one", async () => {
  const { home, pid } = await background();
  const entry = entryOf(home);
  await home.runProcess(["rotation", "stop"]);
  const other = { ...entry, process: { ...entry.process, pid: process.pid } };
  home.write("codex-auth/rotation.json", other);
  expect(pid).not.toBe(process.pid);
  expect(await home.runProcess(["rotation", "stop"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("was killed"),
  });
  expect(isEntered(home)).toBe(false);
});

const written = (entry: object, owner: object) =>
  JSON.stringify({
    port: 4321,
    key: "sk-rotation-0123456789",
    startedAtMs: 1,
    ...entry,
    process: { pid: 4321, host: "elsewhere", ...owner },
  });

test("the entry of another machine ends nothing, and how to get rid of it is told", async () => {
  const home = await homeWithThree();
  const path = home.write("codex-auth/rotation.json", written({ port: 1 }, {}));
  const { code, stderr } = await home.runProcess(["rotation", "stop"]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(`If no proxy runs there any more: rm '${path}'`),
  ]);
  expect(stderr).toContain("process 4321 of elsewhere");
});

test("a proxy that is suspended is told so, and stop ends it", async () => {
  const { home, pid } = await background();
  process.kill(pid, "SIGSTOP");
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain(
    `kill -CONT ${pid}, lets it go on`,
  );
  const doctor = await home.runProcess(["doctor", "--only", "rotation_suspended", "--json"]);
  expect(JSON.parse(doctor.stdout)).toMatchObject({ findings: [{ fix: `kill -CONT ${pid}` }] });
  expect(await home.runProcess(["rotation", "stop"])).toMatchObject({ code: 0 });
  expect(isEntered(home)).toBe(false);
});

// As on a disk that is full: the entry stayed, and stop said that nothing was changed.
test("where no lock can be taken any more, a proxy still ends in order", async () => {
  const { home, pid } = await background();
  home.remove("codex-auth/locks");
  home.write("codex-auth/locks", "in the way");
  const stopped = { code: 0, stdout: expect.stringMatching(/^The rotation proxy has ended\.\n/) };
  expect(await home.runProcess(["rotation", "stop"])).toMatchObject(stopped);
  await until(() => !existsSync(`/proc/${pid}/exe`));
  expect(isEntered(home)).toBe(false);
  const start = await home.runProcess(["rotation", "start", "--background"]);
  expect([start.code, start.stderr]).toEqual([1, expect.stringContaining(home.file("codex-auth/locks"))]);
});

test("where no lock can be taken, one that was killed is told all the same", async () => {
  const { home, pid } = await background();
  process.kill(pid, "SIGKILL");
  await until(() => !existsSync(`/proc/${pid}/exe`));
  home.remove("codex-auth/locks");
  home.write("codex-auth/locks", "in the way");
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain("was killed");
  expect(await home.runProcess(["rotation", "stop"])).toMatchObject({ code: 0 });
});

test("a pipe in the place of the log is refused, and nobody waits for its reader", async () => {
  const home = await homeWithThree();
  await runProcess("mkfifo", [home.file("codex-auth/rotation.log")], { env: home.env });
  const { code, stderr } = await home.runProcess(["rotation", "start", "--background"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("rotation.log: it is no regular file")]);
});

// Each renewal ended at once, because its folder was gone: all accounts went to sleep.
test("a command that runs in a folder that was removed goes on", async () => {
  const home = await homeWithThree();
  const program = join(projectRoot, "bin/codex-auth");
  const script = `mkdir gone && cd gone && rmdir ../gone && exec ${program} exec --rotate -- echo ran`;
  const { code, stdout } = await runProcess("/bin/sh", ["-c", script], { env: home.env, cwd: home.path });
  expect([code, stdout]).toEqual([0, "ran\n"]);
});

test.each([
  "{",
  "[]",
  '{"port":1}',
  written({ port: 70_000 }, {}),
  written({ key: "../../other" }, {}),
  written({}, { pid: -1 }),
])("an entry that we did not write, %s, counts as none", async (text) => {
  const home = await homeWithThree();
  home.write("codex-auth/rotation.json", text);
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain("is not running");
});

test("uninstall waits for the proxy: it refuses, and removes its files when it has ended", async () => {
  const { home } = await background();
  const line = ["uninstall", "--yes", "--forget-accounts"];
  const refused = await home.runProcess(line);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("codex auth rotation stop")]);
  expect(isEntered(home)).toBe(true);
  await home.runProcess(["rotation", "stop"]);
  expect(await home.runProcess(line)).toMatchObject({ code: 0 });
  expect(existsSync(home.file("codex-auth"))).toBe(false);
});

test("stop waits for the requests that run", async () => {
  const { home, upstream, port, key } = await background();
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  for (const name of accounts)
    upstream.always(name, (response) =>
      held.then(() => void response.writeHead(200, type).end(goodStream())),
    );
  const turn = ask(port, key);
  await upstream.arrival(1);
  const stopped = home.runProcess(["rotation", "stop"]);
  await until(() => home.read("codex-auth/rotation.log").includes("Waiting up to 30 s for a request"));
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain("does not answer: it is ending");
  release();
  expect(await (await turn).text()).toContain("response.completed");
  expect(await stopped).toMatchObject({ code: 0 });
});

test("stop --now ends the requests that run", async () => {
  const { home, upstream, port, key } = await background();
  for (const name of accounts) upstream.always(name, silent);
  const turn = ask(port, key).then(
    (answer) => answer.text(),
    () => "cut",
  );
  await upstream.arrival(1);
  expect(await home.runProcess(["rotation", "stop", "--now"])).toMatchObject({ code: 0 });
  expect(await turn).not.toContain("response.completed");
});

test("in the foreground it ends with Ctrl-C, and says what it served", async () => {
  const home = await homeWithThree();
  const child = spawn(join(projectRoot, "bin/codex-auth"), ["rotation", "start", "--json"], {
    env: home.env,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => void (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (output.stderr += chunk.toString()));
  await until(() => output.stderr.includes("Ctrl-C ends it."));
  expect(output.stdout).toBe("");
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  expect([code, JSON.parse(output.stdout)]).toMatchObject([0, { action: "start", running: false }]);
  expect(isEntered(home)).toBe(false);
});

/** A program named codex that tells how it was called. */
function tellingCodex(home: TestHome): string {
  const variables = ["OPENAI_BASE_URL", "OPENAI_API_KEY", "NO_PROXY", "no_proxy"];
  const lines = ['echo "$1 $2"', ...variables.map((name) => `echo "${name}=$${name}"`)];
  const path = home.write("bin/codex", `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(path, 0o755);
  return path;
}

test.each([
  [{}, "", ""],
  [{ HTTP_PROXY: "http://proxy.example:3128" }, "127.0.0.1", "127.0.0.1"],
  [{ http_proxy: "proxy.example:3128", NO_PROXY: "a.example" }, "a.example,127.0.0.1", "a.example,127.0.0.1"],
  [{ HTTP_PROXY: "http://proxy.example:3128", no_proxy: "127.0.0.0/8" }, "", "127.0.0.0/8"],
])("exec --rotate keeps Codex from asking another proxy: %j", async (env, upper, lower) => {
  const home = await homeWithThree();
  const { code, stdout } = await home.runProcess(["exec", "--rotate", "--", tellingCodex(home)], { env });
  const port = /:(\d+)\/v1/.exec(stdout)?.[1];
  const lines = [
    `-c openai_base_url="http://127.0.0.1:${port}/v1"`,
    `OPENAI_BASE_URL=http://127.0.0.1:${port}/v1`,
    "OPENAI_API_KEY=",
    `NO_PROXY=${upper}`,
    `no_proxy=${lower}`,
    "",
  ];
  expect([code, stdout]).toEqual([0, lines.join("\n")]);
});

test("where a proxy of the network would get it all, start and env say what helps", async () => {
  const { home, port, key, env } = await background();
  const caught = { ...env, HTTP_PROXY: "http://proxy.example:3128", NO_PROXY: "it's.example" };
  const hint = await home.runProcess(["rotation", "enable-hint"], { env: caught });
  expect(hint.stdout).toContain('HTTP_PROXY would get all of it, so first: export NO_PROXY="127.0.0.1,');
  const { stdout } = await home.runProcess(["rotation", "env", "--shell", "sh"], { env: caught });
  const script = `${stdout}\necho "$OPENAI_BASE_URL $OPENAI_API_KEY $NO_PROXY $no_proxy"`;
  const shell = await runProcess("/bin/sh", ["-c", script]);
  const names = "it's.example,127.0.0.1";
  expect(shell.stdout).toBe(`http://127.0.0.1:${port}/v1 ${key} ${names} ${names}\n`);
});

test("the rotation proxy does not start where it would have to go past a network proxy", async () => {
  const home = await homeWithThree();
  const env = {
    CODEX_AUTH_BACKEND: "https://backend.example/backend-api",
    https_proxy: "socks://p.example:1",
  };
  const { code, stderr } = await home.runProcess(["exec", "--rotate", "--", "true"], { env });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("https_proxy names a proxy of a kind that Codex ignores"),
  ]);
  const taken = await home.runProcess(["exec", "--rotate", "--", "true"], {
    env: { ...env, https_proxy: "socks5://p.example:1" },
  });
  expect([taken.code, taken.stderr]).toEqual([0, ""]);
});

test("with --pin one account serves, and without it nothing is served", async () => {
  const { home, upstream, port, key } = await background(["--pin", "dev@team.example"]);
  await (await ask(port, key)).text();
  expect(upstream.asked).toEqual(["acct-team"]);
  await home.runProcess(["pause", "dev@team.example"]);
  const refused = await ask(port, key);
  expect(await refused.json()).toMatchObject({ error: { code: "codex_pinned_account_unavailable" } });
  expect((await home.runProcess(["rotation", "status"])).stdout).toContain("Only dev@team.example may serve");
});

test.each([
  ["rotation", "start", "--pin"],
  ["rotation", "start", "--background", "--pin"],
  ["exec", "--rotate", "--account"],
])("%s %s %s with an API key is refused", async (...words) => {
  const home = await homeWithThree();
  const key = { auth_mode: "apikey", OPENAI_API_KEY: "sk-forged-0123456789abcdef" };
  await home.runProcess(["import", home.write("key.json", key)]);
  const rest = words[0] === "exec" ? ["4", "--", "true"] : ["4"];
  const { code, stdout, stderr } = await home.runProcess([...words, ...rest]);
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(/API key .* cannot serve/)]);
  expect(isEntered(home)).toBe(false);
});

test("a store that cannot be written starts no proxy", async () => {
  const home = await homeWithThree();
  home.write("file", "in the way");
  const env = { CODEX_AUTH_DIR: home.file("file/store") };
  const { code, stdout, stderr } = await home.runProcess(["rotation", "start"], { env });
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(home.file("file"))]);
});

// The hint that Codex shows there, `codex auth rotation status`, answered "is not running".
test("rotation status finds the proxy of exec --rotate, inside its run and beside it, and helps after it", async () => {
  const home = await homeWithThree();
  const program = join(projectRoot, "bin/codex-auth");
  const script = `echo "$OPENAI_BASE_URL"; ${program} rotation status; echo "rc $?"; touch ready; while ! [ -e done ]; do sleep 0.02; done`;
  const words = ["exec", "--rotate", "--", "sh", home.write("run.sh", script)];
  const run = runProcess(program, words, { env: home.env, cwd: home.path });
  await until(() => existsSync(home.file("ready")));
  const beside = await home.runProcess(["rotation", "status"]);
  const json = JSON.parse((await home.runProcess(["rotation", "status", "--json"])).stdout);
  home.write("done", "");
  const inside = (await run).stdout;
  const port = /:(\d+)\/v1/.exec(inside)?.[1];
  const found = `The rotation proxy listens on http://127.0.0.1:${port}. It is that of exec --rotate`;
  expect([inside, beside.stdout]).toEqual([expect.stringContaining(found), expect.stringContaining(found)]);
  expect([inside, beside.stdout].map((text) => text.includes("dev@team.example"))).toEqual([true, true]);
  expect([inside.includes("rc 0"), beside.code, json.proxy.accounts.length]).toEqual([true, 0, 3]);
  const after = await home.runProcess(["rotation", "status"]);
  expect([after.code, after.stdout]).toEqual([
    1,
    expect.stringMatching(/is not running\.\n.*codex auth forecast/),
  ]);
  expect(readdirSync(home.file("codex-auth")).filter((name) => name.startsWith("rotation"))).toEqual([]);
});

test("the entry of a run that was killed is forgotten, and is nobody's proxy", async () => {
  const home = await homeWithThree();
  const script = home.write("run.sh", "echo $$ >ready.tmp; mv ready.tmp ready; exec sleep 60");
  const child = spawn(join(projectRoot, "bin/codex-auth"), ["exec", "--rotate", "--", "sh", script], {
    env: home.env,
    cwd: home.path,
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  await until(() => existsSync(home.file("ready")));
  const entries = () => readdirSync(home.file("codex-auth")).filter((name) => name.startsWith("rotation-"));
  const [pid = 0] = entries().map((name) => Number(/\d+/.exec(name)?.[0]));
  process.kill(pid, "SIGKILL");
  await ended;
  process.kill(Number(home.read("ready")), "SIGKILL");
  const status = await home.runProcess(["rotation", "status"]);
  expect([status.code, status.stdout]).toEqual([1, expect.stringContaining("is not running")]);
  expect(entries()).toEqual([]);
});
