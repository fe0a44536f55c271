import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sh } from "../support/exec-scene.ts";
import {
  type Finished,
  homeWithThree,
  projectRoot,
  type RunOptions,
  runProcess,
  type TestHome,
} from "../support/home.ts";

const dev = "dev@team.example";
const who = ["exec", ...sh("echo ${CODEX_AUTH_LABEL-none}")];

/** A pool of three accounts, each with a label, and a project with a folder in it. */
class Project {
  readonly home: TestHome;
  readonly folder: string;
  readonly inner: string;

  private constructor(home: TestHome) {
    this.home = home;
    this.folder = home.file("project");
    this.inner = home.file("project/src");
    mkdirSync(this.inner, { recursive: true });
  }

  static async open(): Promise<Project> {
    const project = new Project(await homeWithThree());
    for (const [row, label] of ["home", "work", "lab"].entries())
      await project.run(["label", String(row + 1), label]);
    return project;
  }

  run(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.home.run(words, { cwd: this.folder, ...options });
  }

  write(text: string | Buffer): string {
    const path = join(this.folder, ".codex-auth");
    writeFileSync(path, text);
    return path;
  }
}

test("use-here writes the label, no secret and no e-mail, readable for everybody who has the project", async () => {
  const project = await Project.open();
  const { code, stdout } = await project.run(["use-here", "2"]);
  expect([code, stdout]).toEqual([
    0,
    `work (${dev}) is the account of ${project.folder} and below. Use it: codex auth exec -- codex\n`,
  ]);
  const path = join(project.folder, ".codex-auth");
  expect(readFileSync(path, "utf8")).toMatch(/^# .*\nwork\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(project.folder).sort()).toEqual([".codex-auth", "src"]);
  expect((await project.run(who, { cwd: project.inner })).stdout).toBe("work\n");
});

test("an account without a label, or with one that would be a comment, is written as its id", async () => {
  const project = await Project.open();
  const { accounts } = JSON.parse((await project.run(["list", "--json"])).stdout);
  for (const words of [
    ["label", "2", "--clear"],
    ["label", "2", "#2"],
  ]) {
    await project.run(words);
    await project.run(["use-here", "2"]);
    expect(readFileSync(join(project.folder, ".codex-auth"), "utf8").split("\n")[1]).toBe(accounts[1].id);
  }
});

/** What is set -> the account that exec takes, and what it says. */
test.each([
  ["", [], {}, "home", "Using home (ada@personal.example), the active account.\n"],
  ["lab", [], {}, "lab", "Using lab (ada@personal.example), by <folder>/.codex-auth.\n"],
  ["lab", [], { CODEX_AUTH_ACCOUNT: "work" }, "work", `Using work (${dev}), by CODEX_AUTH_ACCOUNT.\n`],
  [
    "lab",
    [],
    { CODEX_AUTH_ACCOUNT: "" },
    "lab",
    "Using lab (ada@personal.example), by <folder>/.codex-auth.\n",
  ],
  ["lab", ["home"], { CODEX_AUTH_ACCOUNT: "work" }, "home", ""],
  ["nobody", ["home"], { CODEX_AUTH_ACCOUNT: "nobody" }, "home", ""],
] as [string, string[], Record<string, string>, string, string][])(
  "with the rule %j, the argument %j and %j exec takes %s",
  async (rule, named, env, label, said) => {
    const project = await Project.open();
    if (rule !== "") project.write(`${rule}\n`);
    const words = ["exec", ...named, ...sh("echo $CODEX_AUTH_LABEL")];
    const { stdout, stderr } = await project.run(words, { env });
    expect([stdout, stderr.replace(project.folder, "<folder>")]).toEqual([`${label}\n`, said]);
  },
);

test("the nearest rule counts, and none above the home folder", async () => {
  const project = await Project.open();
  project.write("work\n");
  project.home.write("project/src/.codex-auth", "lab\n");
  const above = { HOME: project.inner };
  expect((await project.run(who, { cwd: project.inner })).stdout).toBe("lab\n");
  project.home.remove("project/src/.codex-auth");
  expect((await project.run(who, { cwd: project.inner })).stdout).toBe("work\n");
  expect((await project.run(who, { cwd: project.inner, env: above })).stdout).toBe("home\n");
});

test("the forms of exec that name the account work as before, with -- and without", async () => {
  const project = await Project.open();
  project.write("lab\n");
  const script = project.home.write("say.sh", "echo $CODEX_AUTH_LABEL $*");
  for (const words of [
    ["work", "--", "sh", script, "a b"],
    ["work", "sh", script, "a b"],
    ["work", "sh", "--", script, "a b"],
    ["--", "sh", script, "--", "a b"],
  ]) {
    const label = words[0] === "--" ? "lab --" : "work";
    expect([words, await project.run(["exec", ...words])]).toMatchObject([
      words,
      { stdout: `${label} a b\n` },
    ]);
  }
});

test.each([
  ["row", "2", 'names "2", which is no account here.'],
  ["part of a name", "wor", 'names "wor", which is no account here.'],
  [
    "e-mail with two seats",
    "ada@personal.example",
    'names "ada@personal.example", which matches 2 accounts.',
  ],
  ["name of nobody", "dave", 'names "dave", which is no account here.'],
])("a rule or variable with a %s is refused, and nothing is run", async (_what, name, message) => {
  const project = await Project.open();
  const path = project.write(name);
  for (const [where, env] of [
    [path, {}],
    ["CODEX_AUTH_ACCOUNT", { CODEX_AUTH_ACCOUNT: name }],
  ] as [string, Record<string, string>][]) {
    const refused = await project.run(["exec", "--json", ...sh("echo ran")], { env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`${where} ${message}\n`) });
    expect(JSON.parse(refused.stdout)).toMatchObject({
      command: "exec",
      ok: false,
      error: { hint: expect.any(String) },
    });
    const status = await project.run(["status", "--json"], { env });
    expect([status.code, JSON.parse(status.stdout)]).toMatchObject([
      1,
      { chosen: null, findings: [{ severity: "error", message: `${where} ${message}` }] },
    ]);
  }
});

test.each([
  ["a link to a device", (path: string) => symlinkSync("/dev/zero", path), "it is a symbolic link"],
  ["a link to a secret", (path: string) => symlinkSync("../auth.json", path), "it is a symbolic link"],
  ["a pipe", (path: string) => void spawnSync("mkfifo", [path]), "it is no regular file"],
  ["a huge file", (path: string) => writeFileSync(path, "x\n".repeat(5000)), "it is too large"],
  ["a long line", (path: string) => writeFileSync(path, "x".repeat(300)), "no name of an account"],
  ["several lines", (path: string) => writeFileSync(path, "work\nlab\n"), "it has more than one line"],
  ["an empty file", (path: string) => writeFileSync(path, "# nothing\n\n"), "it names no account"],
  [
    "a terminal escape",
    (path: string) => writeFileSync(path, "\u001b]52;c;eA==\u0007"),
    "no name of an account",
  ],
  ["a right-to-left override", (path: string) => writeFileSync(path, "a\u202eb"), "no name of an account"],
  ["no UTF-8", (path: string) => writeFileSync(path, Buffer.from([0xff, 0xfe])), "no name of an account"],
  ["a token", (path: string) => writeFileSync(path, "rt_secretsecretsecret"), 'names "[redacted]"'],
])("%s in the place of the file is refused in one clear sentence", async (_what, make, why) => {
  const project = await Project.open();
  const path = join(project.folder, ".codex-auth");
  make(path);
  const { code, stdout, stderr } = await project.run(["exec", ...sh("echo ran")]);
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(why)]);
  expect(stderr).toContain(`In ${project.folder}: codex auth use-here <account>`);
  expect(stderr.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect((await project.run(["exec", "work", ...sh("echo ran")])).stdout).toBe("ran\n");
  expect(await project.run(["use-here", "--clear"])).toMatchObject({ code: 0 });
  expect((await project.run(who)).stdout).toBe("home\n");
});

test("a folder of that name is no rule, and use-here leaves it alone", async () => {
  const project = await Project.open();
  project.home.write("project/.codex-auth/notes", "mine");
  expect((await project.run(who)).stdout).toBe("home\n");
  const { code, stderr } = await project.run(["use-here", "work"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("something else than a file is there")]);
  expect((await project.run(["use-here", "--clear"])).stdout).toContain("had no account of its own");
  expect(project.home.read("project/.codex-auth/notes")).toBe("mine");
});

test("--clear removes the rule of this folder, and only that", async () => {
  const project = await Project.open();
  project.write("work\n");
  project.home.write("project/src/.codex-auth", "lab\n");
  const answers = [];
  for (let time = 0; time < 2; time += 1)
    answers.push((await project.run(["use-here", "--clear"], { cwd: project.inner })).stdout);
  expect(answers).toEqual([
    `${project.inner} has no account of its own now.\n`,
    `${project.inner} had no account of its own.\n`,
  ]);
  expect((await project.run(who, { cwd: project.inner })).stdout).toBe("work\n");
});

test("status shows the account of the folder, who says so, and that plain codex uses another one", async () => {
  const project = await Project.open();
  const path = project.write("work\n");
  const lines = (text: string) => text.split("\n").filter((line) => /Here|plain/.test(line));
  expect(lines((await project.run(["status"])).stdout)).toEqual([
    `Here: work (${dev}), by ${path}`,
    "  codex auth exec -- codex uses it; plain codex does not",
  ]);
  const env = { CODEX_AUTH_ACCOUNT: "home" };
  expect(lines((await project.run(["status"], { env })).stdout)).toEqual([
    "Here: home (ada@personal.example), by CODEX_AUTH_ACCOUNT",
  ]);
  const { chosen } = JSON.parse((await project.run(["status", "--json"])).stdout);
  expect(chosen).toMatchObject({ name: `work (${dev})`, source: "folder", where: path });
});

test("without any account exec says how to name one", async () => {
  const project = await Project.open();
  project.home.remove("auth.json");
  const { code, stderr } = await project.run(who);
  expect([code, stderr]).toEqual([1, expect.stringContaining("codex auth use-here <account>")]);
});

test("codex auth inside of exec stays with its account, also where an e-mail has two seats and a rule names another", async () => {
  const project = await Project.open();
  project.write("work\n");
  const program = join(projectRoot, "bin/codex-auth");
  const script = `${program} exec -- sh -c 'echo $CODEX_AUTH_LABEL'`;
  expect(await project.run(["exec", "lab", ...sh(script)])).toMatchObject({
    code: 0,
    stdout: "lab\n",
    stderr: "Using lab (ada@personal.example), by CODEX_AUTH_ACCOUNT.\n",
  });
});

test("the demo is not disturbed by a rule or a variable of the person", async () => {
  const project = await Project.open();
  project.write("nobody\n");
  const env = { CODEX_AUTH_ACCOUNT: "nobody" };
  expect(await project.run(["demo"], { env })).toMatchObject({ code: 0 });
});

const isRoot = process.getuid?.() === 0;

test.skipIf(isRoot)("a folder that cannot be written is named", async () => {
  const project = await Project.open();
  chmodSync(project.folder, 0o500);
  const { code, stderr } = await project.run(["use-here", "work"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("permission denied")]);
});

// Only root can make a file of somebody else, and be somebody else.
test.runIf(isRoot)("a rule that another user wrote is refused, one of root is not", async () => {
  const project = await Project.open();
  const path = project.write("work\n");
  chmodSync(project.home.path, 0o755);
  chmodSync(project.home.file("codex-auth"), 0o755);
  const nobody = 65_534;
  const status = () =>
    runProcess(process.execPath, [copyOfProgram(project.home), "status", "--json"], {
      env: { ...project.home.env, CODEX_HOME: project.home.file("empty") },
      cwd: project.folder,
      uid: nobody,
    });
  mkdirSync(project.home.file("empty"));
  for (const [owner, problem] of [
    [0, "which is no account here"],
    [nobody, "which is no account here"],
    [1234, "it belongs to another user"],
  ] as const) {
    chownSync(path, owner, owner);
    const { findings } = JSON.parse((await status()).stdout);
    expect([owner, findings.at(-1).message]).toEqual([owner, expect.stringContaining(problem)]);
  }
});

// Root obeyed everybody: whoever could write above the folder chose the account of what root started.
test.runIf(isRoot)("root obeys no rule of another user, and is told whose it is and what to do", async () => {
  const project = await Project.open();
  const path = project.write("work\n");
  chownSync(path, 1234, 1234);
  const { code, stdout, stderr } = await project.run(["exec", "--", "printenv", "CODEX_AUTH_ACCOUNT"]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(`${path} cannot tell which account to use: it belongs to another user (1234).`);
  expect(stderr).toContain("codex auth exec <account> -- …");
  const status = await project.run(["status", "--json"]);
  expect(JSON.parse(status.stdout).findings.at(-1).message).toContain("another user (1234)");
  chownSync(path, 0, 0);
  expect((await project.run(["exec", "--", "true"])).code).toBe(0);
});

/** The checkout may lie where only root can read. */
function copyOfProgram(home: TestHome): string {
  const folder = home.file("program/dist/cli");
  cpSync(join(projectRoot, "dist/cli"), folder, { recursive: true });
  return join(folder, "start.cjs");
}
