import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ExecScene, sh, until } from "../../support/exec-scene.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, type TestHome, threeLogins } from "../../support/home.ts";

const dev = "dev@team.example";

/** What is below a folder, links not followed, without our own store. */
function listing(home: TestHome): string[] {
  return readdirSync(home.path, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("codex-auth"))
    .sort();
}

function homesLeft(home: TestHome): string[] {
  return existsSync(home.file("codex-auth/homes")) ? readdirSync(home.file("codex-auth/homes")) : [];
}

test.each([
  ["exit 0", 0],
  ["exit 7", 7],
  ["kill -TERM $$", 143],
  ["kill -KILL $$", 137],
])("the code of %s is ours", async (script, code) => {
  const home = await homeWithThree();
  expect(await home.runProcess(["exec", dev, ...sh(script)])).toEqual({ code, stdout: "", stderr: "" });
  expect(homesLeft(home)).toEqual([]);
});

test("the command has the standard streams for itself", async () => {
  const home = await homeWithThree();
  const script = "cat; echo problem >&2";
  const run = await home.runProcess(["exec", dev, "--json", ...sh(script)], { input: "question\n" });
  expect(run).toEqual({ code: 0, stdout: "question\n", stderr: "problem\n" });
});

test.each([
  ["exec", "Missing command."],
  [`exec ${dev}`, "Missing command."],
  ["exec --auto", "Missing command."],
  ["exec nobody -- true", 'No account matches "nobody".'],
  ["exec ada -- true", '"ada" matches 2 accounts.'],
])("%s is refused", async (line, message) => {
  const home = await homeWithThree();
  const { code, stdout, stderr } = await home.runProcess(line.split(" "));
  expect([code, stdout, stderr.split("\n")[0]]).toEqual([1, "", message]);
});

test("a command that does not exist ends with 127, one that cannot be run with 126", async () => {
  const home = await homeWithThree();
  home.write("data.txt", "no program");
  const missing = await home.runProcess(["exec", dev, "--json", "--", "no-such-program"]);
  expect(missing).toMatchObject({
    code: 127,
    stderr: expect.stringContaining("no-such-program was not found"),
  });
  expect(JSON.parse(missing.stdout)).toMatchObject({ ok: false, error: { code: "program_not_found" } });
  const refused = await home.runProcess(["exec", dev, "--", home.file("data.txt")]);
  expect(refused).toMatchObject({ code: 126, stdout: "", stderr: expect.stringContaining("cannot be run") });
  expect(homesLeft(home)).toEqual([]);
});

test("run is another word for exec", async () => {
  const home = await homeWithThree();
  expect(await home.runProcess(["run", "2", ...sh("echo $CODEX_AUTH_ACCOUNT")])).toMatchObject({
    stdout: `${dev}\n`,
  });
});

test("the command learns its account, and gets no login that would override it", async () => {
  const home = await homeWithThree();
  await home.runProcess(["label", dev, "work"]);
  const env = { CODEX_API_KEY: "sk-other", CODEX_ACCESS_TOKEN: "at-other" };
  const script =
    'echo "$CODEX_AUTH_ACCOUNT $CODEX_AUTH_LABEL ${CODEX_API_KEY-none} ${CODEX_ACCESS_TOKEN-none}"';
  const { stdout, stderr } = await home.runProcess(["exec", "work", ...sh(script)], { env });
  expect(stdout).toBe(`${dev} work none none\n`);
  expect(stderr).toMatch(/^CODEX_API_KEY is not handed on: .*\nCODEX_ACCESS_TOKEN is not handed on: .*\n$/);
});

test("codex-auth inside works on the real pool and the real home", async () => {
  const scene = await ExecScene.open();
  const { stdout } = await scene.run(
    sh(`${scene.program} list --json; ${scene.program} switch 3 >/dev/null`),
  );
  expect(JSON.parse(stdout).accounts).toMatchObject([{ active: true }, { active: false }, { active: false }]);
  expect(JSON.parse(scene.home.read("auth.json"))).toMatchObject({ tokens: { account_id: "acct-lab" } });
});

test("the home is private and holds a lease without a refresh token, the rest by links", async () => {
  const scene = await ExecScene.open();
  scene.home.write("AGENTS.md", "Be kind.");
  scene.home.write("work.config.toml", 'model = "x"');
  const running = await scene.start();
  const { path } = running;
  expect([statSync(path).mode & 0o777, statSync(`${path}/auth.json`).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(running.auth()).toMatchObject({
    auth_mode: "chatgptAuthTokens",
    tokens: { account_id: "acct-team", refresh_token: "" },
  });
  const names = ["AGENTS.md", "work.config.toml", "config.toml", "sessions", "history.jsonl", "packages"];
  const links = names.map((name) => readlinkSync(`${path}/${name}`));
  expect(links).toEqual(names.map((name) => scene.home.file(name)));
  expect(readdirSync(path).filter((name) => !lstatSync(`${path}/${name}`).isSymbolicLink())).toEqual([
    "auth.json",
  ]);
  await running.finish();
});

test("an API key has no lease: the home gets all of it", async () => {
  const scene = await ExecScene.open();
  await scene.home.runProcess([
    "import",
    scene.home.write("key.json", { OPENAI_API_KEY: "sk-1", auth_mode: "apikey" }),
  ]);
  const { stdout, stderr } = await scene.home.runProcess(["exec", "4", ...sh("cat $CODEX_HOME/auth.json")]);
  expect([JSON.parse(stdout), stderr]).toEqual([{ OPENAI_API_KEY: "sk-1", auth_mode: "apikey" }, ""]);
  expect((await scene.list()).length).toBe(4);
});

test("nothing of the real home changes but the folders that Codex itself would make", async () => {
  const home = await homeWithThree();
  await home.runProcess(["label", dev, "work"]);
  const before = {
    names: listing(home),
    auth: home.read("auth.json"),
    pool: home.read("codex-auth/pool.json"),
  };
  await home.runProcess(["exec", dev, ...sh("true")]);
  const made = ["archived_sessions", "packages", "sessions", "thread-writer-locks"];
  expect(listing(home)).toEqual([...before.names, ...made].sort());
  expect([home.read("auth.json"), home.read("codex-auth/pool.json")]).toEqual([before.auth, before.pool]);
});

test("two at once of one account have a home each", async () => {
  const scene = await ExecScene.open();
  const [one, other] = [await scene.start(), await scene.start()];
  expect(one.path).not.toBe(other.path);
  expect(one.auth()).toEqual(other.auth());
  expect(await one.finish()).toBe(0);
  expect(existsSync(other.path)).toBe(true);
  expect(await other.finish()).toBe(0);
  expect(homesLeft(scene.home)).toEqual([]);
});

test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
  "%s reaches the command, and we end after it",
  async (name) => {
    const scene = await ExecScene.open();
    const running = await scene.start(`trap 'echo got it; exit 9' ${name.slice(3)}`);
    running.kill(name);
    expect([await running.ended, running.stdout()]).toEqual([9, expect.stringContaining("got it")]);
    expect(homesLeft(scene.home)).toEqual([]);
  },
);

/** util-linux's `script` gives the command a terminal of its own. */
const hasScript = spawnSync("script", ["--version"]).status === 0;

test.runIf(hasScript)(
  "Ctrl-C on a terminal reaches the command once, and what it then does counts",
  async () => {
    const scene = await ExecScene.open();
    const running = await scene.start("trap 'echo got it' INT", { onTerminal: true });
    running.type("\u0003");
    await until(() => running.stdout().includes("got it"));
    expect(await running.finish()).toBe(0);
    expect(running.stdout().split("got it").length - 1).toBe(1);
    expect(homesLeft(scene.home)).toEqual([]);
  },
);

test("what the command makes at the top goes to the real home, and never over something there", async () => {
  const home = await homeWithThree();
  home.write("skills/mine.md", "mine");
  home.write("rules/a.rules", "old");
  const script = [
    "cd $CODEX_HOME",
    "mkdir -p prompts && echo p >prompts/p.md",
    "echo s >skills/new.md",
    "rm rules && mkdir rules && echo new >rules/a.rules && echo b >rules/b.rules",
    "echo 'model = \"x\"' >config.toml",
    "echo line >>history.jsonl",
    "mkdir -p sessions/2026 && echo {} >sessions/2026/rollout.jsonl",
    "mkdir log && echo secret >log/codex-login.log",
  ].join(" && ");
  const { code, stderr } = await home.runProcess(["exec", dev, ...sh(script)]);
  expect(code).toBe(0);
  const names = ["prompts/p.md", "skills/new.md", "skills/mine.md", "rules/a.rules", "rules/b.rules"];
  expect(names.map((name) => home.read(name).trim())).toEqual(["p", "s", "mine", "old", "b"]);
  expect(home.read("config.toml")).toBe('model = "x"\n');
  expect([home.read("history.jsonl"), home.read("sessions/2026/rollout.jsonl")]).toEqual(["line\n", "{}\n"]);
  expect(existsSync(home.file("log"))).toBe(false);
  const [kept = ""] = readdirSync(home.file("codex-auth/parked"));
  expect([home.read(`codex-auth/parked/${kept}`), stderr]).toEqual(["new\n", expect.stringContaining(kept)]);
});

test("a store on another file system gives back what was made just as well", async () => {
  const home = await homeWithThree();
  const store = mkdtempSync(join(tmpdir(), "codex-auth-test-"));
  onTestFinished(() => rmSync(store, { recursive: true, force: true }));
  const env = { CODEX_AUTH_DIR: store };
  await home.runProcess(["import", home.file("logins")], { env });
  await home.runProcess(
    ["exec", dev, ...sh("cd $CODEX_HOME && mkdir rules && echo r >rules/r && echo a >AGENTS.md")],
    { env },
  );
  expect([home.read("rules/r"), home.read("AGENTS.md")]).toEqual(["r\n", "a\n"]);
  expect(readdirSync(join(store, "homes"))).toEqual([]);
});

test("a home that cannot be made leaves nothing and starts nothing", async () => {
  const home = await homeWithThree();
  home.write("sessions", "a file where a folder belongs");
  const { code, stderr } = await home.runProcess(["exec", dev, ...sh("touch $CODEX_HOME/../started")]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("Cannot create the folder")]);
  expect(homesLeft(home)).toEqual([]);
});

test("a config.toml that was replaced by a rename goes to a home that has none", async () => {
  const home = await homeWithThree();
  await home.runProcess(["exec", dev, ...sh("cd $CODEX_HOME && echo a=1 >t && mv t config.toml")]);
  expect([home.read("config.toml"), lstatSync(home.file("config.toml")).isFile()]).toEqual(["a=1\n", true]);
});

test.each(["new@team.example", dev])("a login of %s that was made inside is adopted", async (email) => {
  const scene = await ExecScene.open();
  const issuedAt = Math.floor(Date.now() / 1000) + 60;
  const known = email === dev ? threeLogins["b"] : { userId: "user-new", accountId: "acct-new" };
  const login = forgeAuthJson({ ...known, email, issuedAt, refreshToken: "rt_made_inside" });
  scene.home.write("made.json", login);
  const { stderr } = await scene.run(
    sh(`rm $CODEX_HOME/auth.json; cp ${scene.home.file("made.json")} $CODEX_HOME/auth.json`),
  );
  expect(stderr).toBe(`A login made inside was ${email === dev ? "updated" : "added"}: ${email}.\n`);
  expect((await scene.list()).map((account) => account.email)).toContain(email);
  expect(scene.home.read("codex-auth/pool.json")).toContain('"rt_made_inside"');
  expect(scene.home.read("auth.json")).not.toContain("rt_made_inside");
});

test("a logout inside is nobody else's", async () => {
  const scene = await ExecScene.open();
  expect(await scene.run(sh("rm $CODEX_HOME/auth.json"))).toMatchObject({ code: 0, stderr: "" });
  expect((await scene.list()).map(({ email }) => email)).toContain(dev);
  expect(existsSync(scene.home.file("auth.json"))).toBe(true);
});

test("the links that Codex's state database needs stay after a Codex, and their place is used again", async () => {
  const scene = await ExecScene.open();
  const { stdout: first } = await scene.run(sh("mkdir $CODEX_HOME/tmp; echo $CODEX_HOME"));
  const { stdout: second } = await scene.run(sh("echo $CODEX_HOME"));
  expect(second).toBe(first);
  expect(readdirSync(first.trim()).sort()).toEqual(["archived_sessions", "sessions"]);
  expect(homesLeft(scene.home).length).toBe(1);
});

test("after kill -9 the next command sweeps the home and adopts a login made in it", async () => {
  const scene = await ExecScene.open();
  const login = forgeAuthJson({ email: "new@team.example", userId: "user-new", accountId: "acct-new" });
  scene.home.write("made.json", login);
  const running = await scene.start(
    `cp ${scene.home.file("made.json")} $CODEX_HOME/auth.json; echo x >$CODEX_HOME/AGENTS.md`,
  );
  running.kill("SIGKILL");
  await running.exited;
  await scene.home.runProcess(["label", dev, "work"]);
  expect(existsSync(running.path)).toBe(true);
  running.killChild();
  await scene.home.runProcess(["label", dev, "--clear"]);
  expect(homesLeft(scene.home)).toEqual([]);
  expect((await scene.list()).map(({ email }) => email)).toContain("new@team.example");
  expect(scene.home.read("AGENTS.md")).toBe("x\n");
});

test("--auto takes the account that the forecast recommends, and never one that is paused", async () => {
  const home = await homeWithThree();
  const chosen = () => home.runProcess(["exec", "--auto", ...sh("echo $CODEX_AUTH_ACCOUNT")]);
  const { stdout } = await home.runProcess(["forecast", "--json"]);
  const { recommendation, accounts } = JSON.parse(stdout);
  const wanted = accounts.find(({ id }: { id: string }) => id === recommendation.id);
  // Two seats have this e-mail, so it would not tell which.
  expect([wanted.email, await chosen()]).toMatchObject([
    "ada@personal.example",
    { stdout: `${wanted.id}\n` },
  ]);
  await home.runProcess(["pause", "1", "3"]);
  expect(await chosen()).toMatchObject({ stdout: `${dev}\n` });
  await home.runProcess(["pause", "2"]);
  expect(await chosen()).toMatchObject({ code: 1, stdout: "" });
});
