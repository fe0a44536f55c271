import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runFake } from "../../support/fake-context.ts";
import { homeWithThree, TestHome } from "../../support/home.ts";

/** A pool with its first account live, and a project of git with a configuration of its own. */
async function project(text: string, config = (folder: string) => trusting(folder)) {
  const home = await homeWithThree();
  mkdirSync(home.file("work/.git"), { recursive: true });
  mkdirSync(home.file("work/sub"));
  home.write("work/.codex/config.toml", text);
  const folder = realpathSync(home.file("work"));
  home.write("config.toml", config(folder));
  const run = (line: string, cwd = folder, env = {}) => home.run(line.split(" "), { cwd, env });
  return { home, folder, run };
}

function trusting(folder: string, level = "trusted"): string {
  return `[projects."${folder}"]\ntrust_level = "${level}"\n`;
}

const onlyKeys = 'forced_login_method = "api"\n';

// Seen with Codex 0.171: `codex exec` in such a folder deletes auth.json; here nobody said anything before.
test("switch in a trusted project that forbids ChatGPT logins is refused, and nothing is changed", async () => {
  const { home, folder, run } = await project(onlyKeys);
  const before = home.read("auth.json");
  for (const cwd of [folder, `${folder}/sub`]) {
    const { code, stderr } = await run("switch 2", cwd);
    expect(code).toBe(1);
    expect(stderr).toContain(`forced_login_method = "api" in ${folder}/.codex/config.toml`);
    expect(stderr).toContain("Codex would delete auth.json");
  }
  expect(home.read("auth.json")).toBe(before);
  expect((await run("switch 2", home.path)).code).toBe(0);
});

test.each(["status", "doctor"])("%s in that project names the file", async (command) => {
  const { folder, run } = await project(onlyKeys);
  const { code, stdout } = await run(command);
  expect(code).toBe(1);
  expect(stdout).toContain(
    `would delete auth.json: forced_login_method = "api" in ${folder}/.codex/config.toml`,
  );
});

test("exec with a login that the project forbids is refused", async () => {
  const { run } = await project(onlyKeys);
  expect(await run("exec 2 -- true")).toMatchObject({ code: 1, stderr: expect.stringContaining("forbids") });
});

test("a workspace that the project does not allow is refused, another one is not", async () => {
  const { run } = await project('forced_chatgpt_workspace_id = "acct-lab"\n');
  expect((await run("switch 2")).stderr).toContain("allows only acct-lab");
  expect((await run("switch 3")).code).toBe(0);
});

// Each as Codex 0.171 was seen to take it.
test.each<[string, (folder: string) => string]>([
  ["nobody has trusted it", () => ""],
  ["it is marked as untrusted", (folder) => trusting(folder, "untrusted")],
  ["the folder above is trusted", (folder) => trusting(folder.replace(/\/work$/, ""))],
  ["its path is written with a slash at the end", (folder) => trusting(`${folder}/`)],
  ["only a folder in it is trusted", (folder) => trusting(`${folder}/sub`)],
])("a project counts for nothing where %s", async (_, config) => {
  const { folder, run } = await project(onlyKeys, config);
  expect((await run("switch 2")).code).toBe(0);
  expect((await run("switch 3", `${folder}/sub`)).code).toBe(0);
});

test("the nearest folder wins over the root of the project, and a link leads to the same project", async () => {
  const { home, folder, run } = await project(onlyKeys);
  home.write("work/sub/.codex/config.toml", 'forced_login_method = "chatgpt"\n');
  expect((await run("switch 2", `${folder}/sub`)).code).toBe(0);
  symlinkSync(folder, home.file("link"));
  expect((await run("switch 3", home.file("link"))).code).toBe(1);
});

test("a linked worktree is trusted with its repository", async () => {
  const { home, folder, run } = await project("");
  mkdirSync(home.file("work/.git/worktrees/tree"), { recursive: true });
  home.write("tree/.git", `gitdir: ${folder}/.git/worktrees/tree\n`);
  home.write("tree/.codex/config.toml", onlyKeys);
  expect((await run("switch 2", realpathSync(home.file("tree")))).code).toBe(1);
});

test("a project whose configuration stops Codex is named with line and column", async () => {
  const { home, folder, run } = await project("model = 5\n");
  const found = await run("doctor");
  expect(found.stdout).toContain(
    `Codex does not start in this folder: in ${folder}/.codex/config.toml, model is a number`,
  );
  home.write("work/.codex/config.toml", "x = [\n");
  expect((await run("doctor")).stdout).toContain(`${folder}/.codex/config.toml:2:1:`);
  expect((await run("switch 2")).stderr).toContain(`${folder}/.codex/config.toml:2:1:`);
  expect((await run("doctor", home.path)).stdout).not.toContain("Codex does not start");
  expect((await run("switch 2", home.path)).stderr).toBe("");
});

test("switch says that a value in the project stops Codex, and that no sentence ends twice", async () => {
  const { home, folder, run } = await project('sandbox_mode = "wild"\n');
  const { code, stderr } = await run("switch 2");
  expect(code).toBe(0);
  expect(stderr).toContain(
    `Codex does not start in this folder: in ${folder}/.codex/config.toml, sandbox_mode is "wild", where one of "read-only", "workspace-write", "danger-full-access" belongs.`,
  );
  home.remove("work/.codex/config.toml");
  mkdirSync(home.file("work/.codex/config.toml"));
  expect((await run("doctor")).stdout).toMatch(/it is a folder\. \[other_config_broken\]/);
});

test("what a project may not set is told, and counts for nothing", async () => {
  const { folder, run } = await project('model_provider = 5\nopenai_base_url = "http://x.example"\n');
  const { stdout } = await run("doctor");
  expect(stdout).toContain(`Codex passes over openai_base_url in ${folder}/.codex/config.toml`);
  expect(stdout).not.toContain("Codex does not start in this folder");
});

test("the home itself is no project of the folder above it", async () => {
  const home = new TestHome();
  home.write(
    ".codex/config.toml",
    `${onlyKeys}[projects."${realpathSync(home.path)}"]\ntrust_level = "trusted"\n`,
  );
  const { stdout } = await home.run(["doctor", "--json"], {
    cwd: home.path,
    env: { CODEX_HOME: home.file(".codex") },
  });
  const { findings } = JSON.parse(stdout) as { findings: { message: string }[] };
  expect(JSON.stringify(findings)).not.toContain("api");
});

const corporate = `model_provider = "corp"
[model_providers.corp]
name = "corp"
base_url = "http://127.0.0.1:9/v1"
env_key = "CORP_KEY"
`;

// Eleven of a hundred real configurations are like that, and every command told of an account that nobody uses.
test.each(["status", "switch 2", "check", "doctor", "exec 2 -- true"])(
  "%s says that a provider with a key of its own gets no login",
  async (line) => {
    const home = await homeWithThree();
    home.write("config.toml", corporate);
    const { stdout, stderr } = await home.run(line.split(" "), { env: { CORP_KEY: "corp-key" } });
    expect(stdout + stderr).toContain(
      'model_provider is "corp", so requests of Codex carry no login of auth.json: it takes its key from CORP_KEY.',
    );
    if (line === "status") expect(stdout).toContain("model provider corp");
  },
);

test.each([
  ["requires_openai_auth = true", null],
  ['experimental_bearer_token = "x"', "it has a token of its own"],
  ['auth = { command = "x" }', "a command of its own gives it a token"],
  ["request_max_retries = 1", "it gets none"],
])("a provider with %s", async (key, instead) => {
  const home = await homeWithThree();
  home.write("config.toml", corporate.replace('env_key = "CORP_KEY"', key));
  const { stderr } = await home.run(["switch", "2"]);
  if (instead === null) expect(stderr).not.toContain("carry no login");
  else expect(stderr).toContain(`carry no login of auth.json: ${instead}.`);
});

test.each(["CODEX_API_KEY", "CODEX_ACCESS_TOKEN"])("switch says that %s overrides it", async (name) => {
  const home = await homeWithThree();
  const { code, stderr } = await home.run(["switch", "2"], { env: { [name]: "sk-test-x" } });
  expect(code).toBe(0);
  expect(stderr).toContain(`${name} is set: Codex uses it instead of auth.json. To end that: unset ${name}`);
  expect(stderr).not.toContain("sk-test-x");
  expect(readFileSync(home.file("auth.json"), "utf8")).toContain("acct-team");
});

/** A home with three accounts on a machine whose manager has left this file; Windows, because its folder can be named. */
async function managed(requirements: string) {
  const home = await homeWithThree();
  home.write("data/OpenAI/Codex/requirements.toml", requirements);
  const env = { ...home.env, ProgramData: home.file("data") };
  const run = (line: string) => runFake(home, line.split(" "), { env, platform: "win32" });
  return { home, run, file: home.file("data/OpenAI/Codex/requirements.toml") };
}

// Seen with Codex 0.169 and 0.171: it says "Not logged in", sends no login, and leaves auth.json alone.
test.each([
  ['allowed_login_methods = ["api"]', "allowed_login_methods in FILE allows no ChatGPT login"],
  [
    'allowed_chatgpt_workspaces = ["acct-lab"]',
    "allowed_chatgpt_workspaces in FILE allows only acct-lab, not acct-team",
  ],
  ["allowed_chatgpt_workspaces = []", "allows no workspace, not acct-team"],
])("switch to an account outside %s is refused", async (requirements, reason) => {
  const { home, run, file } = await managed(requirements);
  const before = home.read("auth.json");
  const { code, stderr } = await run("switch 2");
  expect(code).toBe(1);
  expect(stderr).toContain(reason.replace("FILE", file));
  expect(stderr).toContain("Codex would act as if nobody were signed in.");
  expect(home.read("auth.json")).toBe(before);
  const { stdout } = await run("doctor --only login_restricted");
  expect(stdout).toContain("Codex acts as if nobody were signed in:");
});

test("an account that requirements.toml allows is switched to", async () => {
  const { run } = await managed(
    'allowed_login_methods = ["chatgpt"]\nallowed_chatgpt_workspaces = [" acct-team "]\n',
  );
  expect((await run("switch 2")).code).toBe(0);
});

test.each([
  ["x = [", ":1:5: "],
  ["allowed_login_methods = 5", ", allowed_login_methods is a number"],
  ['cli_auth_credentials_store = "wild"', ', cli_auth_credentials_store is "wild"'],
])("requirements.toml with %s stops Codex, and is named", async (requirements, where) => {
  const { run, file } = await managed(requirements);
  const { code, stdout } = await run("doctor");
  expect(code).toBe(1);
  expect(stdout).toContain(`${file}${where}`);
});

test("what requirements.toml sets wins over everybody", async () => {
  const { home, run, file } = await managed('cli_auth_credentials_store = "ephemeral"\nmodel = 5\n');
  home.write("config.toml", 'cli_auth_credentials_store = "file"\n');
  const { code, stderr } = await run("switch 2");
  expect(code).toBe(1);
  expect(stderr).toContain(`${file} sets cli_auth_credentials_store = "ephemeral"`);
});

/** `exec 2 -- codex …`, where codex is a script that would say so if it ran. */
async function execCodex(words: readonly string[], config: (home: TestHome) => void = () => undefined) {
  const home = await homeWithThree();
  mkdirSync(home.file("bin"));
  writeFileSync(home.file("bin/codex"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  config(home);
  const env = { PATH: `${home.file("bin")}:${home.env["PATH"]}` };
  return await home.run(["exec", "2", "--", "codex", ...words], { env, cwd: home.path });
}

test.each([
  ["-c forced_login_method=api exec hi"],
  ["exec --config=forced_login_method=api hi"],
  ["exec -cforced_login_method=api hi"],
  ["exec -c forced_login_method=chatgpt -c forced_login_method='api' hi"],
  ["exec -c forced_chatgpt_workspace_id=acct-lab hi"],
  ["-p strict exec hi"],
  ["exec --profile=strict hi"],
  ["exec -C strict hi"],
])("exec -- codex %s is refused, because that forbids the account", async (line) => {
  const { code, stdout, stderr } = await execCodex(line.split(" "), (home) => {
    home.write("strict.config.toml", onlyKeys);
    home.write("strict/.codex/config.toml", onlyKeys);
    home.write("config.toml", trusting(realpathSync(home.file("strict"))));
  });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/ in (?:the -c of the command|\S*strict\S*config\.toml) allows /);
});

test.each([
  ["exec -c forced_login_method=api -c forced_login_method=chatgpt hi"],
  ["exec -- -c forced_login_method=api"],
  ["-p none exec hi"],
  ["exec --ignore-user-config hi"],
  ["exec -c forced_login_method hi"],
])("exec -- codex %s runs", async (line) => {
  const { stdout } = await execCodex(line.split(" "), (home) => {
    if (line.includes("ignore")) home.write("config.toml", onlyKeys);
  });
  expect(stdout).toBe("ran\n");
});

test("exec says where -c names a provider that gets no login", async () => {
  const { stderr } = await execCodex(
    'exec -c model_provider=corp -c model_providers.corp={name="corp",env_key="K"} hi'.split(" "),
  );
  expect(stderr).toContain('model_provider is "corp", so requests of Codex carry no login');
});
