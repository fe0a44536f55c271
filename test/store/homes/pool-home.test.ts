import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { resolvePaths } from "../../../src/machine/paths.ts";
import { parsePool } from "../../../src/pool/pool.ts";
import { type Finished, projectRoot, TestHome } from "../../support/home.ts";
import { RenewalScene } from "../../support/renewals.ts";
import { seat } from "../../support/store-home.ts";
import { snapshotTree } from "../../support/tree.ts";

/** One CODEX_AUTH_DIR, and homes beside each other that use it. */
class SharedPool {
  readonly scene: RenewalScene;

  private constructor(scene: RenewalScene) {
    this.scene = scene;
  }

  /** Accounts a and b, whose access tokens have ended; a is live in the home `first`. */
  static async open(): Promise<SharedPool> {
    const shared = new SharedPool(await RenewalScene.open(["z"]));
    for (const name of ["a", "b"])
      shared.scene.home.write(`logins/${name}.json`, shared.scene.issue({ name }));
    for (const line of ["import logins", "switch a@example.com"]) await shared.succeed("first", line);
    return shared;
  }

  home(name: string): string {
    const home = this.scene.home.file(name);
    fs.mkdirSync(home, { recursive: true, mode: 0o700 });
    return home;
  }

  run(name: string, line: string, more: Record<string, string> = {}): Promise<Finished> {
    const places = { CODEX_HOME: this.home(name), CODEX_AUTH_DIR: this.scene.home.file("pool") };
    const cwd = this.scene.home.path;
    return this.scene.home.run(line.split(" "), { env: { ...this.scene.env, ...places, ...more }, cwd });
  }

  async succeed(name: string, line: string): Promise<Finished> {
    const finished = await this.run(name, line);
    if (finished.code !== 0) throw new Error(`${line}: ${finished.stderr}`);
    return finished;
  }

  /** Puts a login into the auth.json of a home, as Codex would. */
  signIn(name: string, document: object): void {
    fs.writeFileSync(join(this.home(name), "auth.json"), JSON.stringify(document), { mode: 0o600 });
  }

  liveToken(name: string): string | null {
    const file = join(this.home(name), "auth.json");
    if (!fs.existsSync(file)) return null;
    return JSON.parse(fs.readFileSync(file, "utf8")).tokens.refresh_token;
  }

  boundHome(): string | null {
    return parsePool(this.scene.home.read("pool/pool.json"), "").home;
  }
}

// Each home kept the token that the other had used up, and a Codex there sent it again.
test("one pool used from two homes never leaves a used-up token where Codex would send it", async () => {
  const shared = await SharedPool.open();
  const { issuer } = shared.scene.fake;
  await shared.run("second", "switch a@example.com");
  for (const [name, line] of [
    ["second", "token a@example.com"],
    ["first", "switch b@example.com"],
    ["second", "switch b@example.com"],
    ["first", "token b@example.com"],
  ] as const)
    await shared.run(name, line);
  for (const name of ["first", "second"]) {
    const token = shared.liveToken(name);
    if (token !== null) issuer.refresh(token);
  }
  expect(issuer.reuses).toBe(0);
});

test.each([
  "list",
  "status",
  "switch b@example.com",
  "token a@example.com",
  "check",
  "exec 1 -- true",
  "label 1 x",
  "import logins",
  "forecast",
])("%s with a second home is refused, says whose pool it is, and changes nothing", async (line) => {
  const shared = await SharedPool.open();
  shared.signIn("second", seat("c"));
  const before = snapshotTree(shared.scene.home.path);
  const { code, stdout, stderr } = await shared.run(
    "second",
    `${line} --json`.replace(/(.*) -- (.*) --json/, "$1 --json -- $2"),
  );
  expect([code, JSON.parse(stdout).error.code]).toEqual([1, "pool_of_another_home"]);
  expect(stderr).toContain(shared.home("first"));
  expect(stderr).toMatch(/codex auth move-here/);
  const changed = Object.entries(snapshotTree(shared.scene.home.path)).filter(
    ([path, text]) => before[path] !== text,
  );
  expect(changed.filter(([path]) => !/^pool\/locks|auth\.lock$/.test(path))).toEqual([]);
  expect(shared.scene.fake.issuer.refreshes).toBe(0);
});

test.each<[string, (shared: SharedPool) => void]>([
  ["is gone", (shared) => fs.rmSync(shared.home("first"), { recursive: true })],
  ["has no auth.json", (shared) => fs.rmSync(join(shared.home("first"), "auth.json"))],
  ["holds a login that the pool does not have", (shared) => shared.signIn("first", seat("x"))],
  ["holds a blank auth.json", (shared) => shared.signIn("first", {})],
])("where the old home %s, the new one takes its place, and that is said once", async (_, arrange) => {
  const shared = await SharedPool.open();
  arrange(shared);
  const switched = await shared.succeed("second", "switch b@example.com");
  expect(switched.stderr).toContain(
    `served ${shared.scene.home.file("first")}, which is gone or has no login of it`,
  );
  expect(shared.boundHome()).toBe(fs.realpathSync(shared.home("second")));
  expect((await shared.succeed("second", "label 2 work")).stderr).toBe("");
});

test("after move-here nobody is told that the old home is gone", async () => {
  const shared = await SharedPool.open();
  const moved = await shared.succeed("second", "move-here");
  expect(moved.stdout).toContain("serves");
  expect(moved.stderr).toBe("");
  expect((await shared.succeed("second", "list")).stderr).toBe("");
});

test.each<[string, string]>([
  ["is torn", '{"tokens":'],
  ["is no file", ""],
])("where the auth.json of the old home %s, nobody knows, so the new home is refused", async (_, text) => {
  const shared = await SharedPool.open();
  const file = join(shared.home("first"), "auth.json");
  fs.rmSync(file);
  if (text === "") fs.mkdirSync(file);
  else fs.writeFileSync(file, text);
  expect(await shared.run("second", "switch b@example.com")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(shared.home("first")),
  });
});

test("a home is known by whatever path leads to it", async () => {
  const shared = await SharedPool.open();
  fs.symlinkSync("first", shared.scene.home.file("link"));
  expect(await shared.run("link", "switch b@example.com")).toMatchObject({ code: 0, stderr: "" });
  expect(shared.boundHome()).toBe(fs.realpathSync(shared.home("first")));
});

test("a pool of an earlier version belongs to the first home that writes it", async () => {
  const shared = await SharedPool.open();
  const file = shared.scene.home.file("pool/pool.json");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/"home":"[^"]*",/, ""));
  expect(shared.boundHome()).toBe(null);
  await shared.succeed("first", "label 1 one");
  expect(shared.boundHome()).toBe(fs.realpathSync(shared.home("first")));
  expect(await shared.run("second", "label 1 two")).toMatchObject({ code: 1 });
});

test("a pool in its usual place belongs to the home around it, also when that is copied or moved", async () => {
  const scene = await RenewalScene.open(["a", "b"]);
  const copy = new TestHome().path;
  fs.cpSync(scene.home.path, copy, { recursive: true });
  expect(
    await scene.home.run(["label", "1", "x"], { env: { ...scene.env, CODEX_HOME: copy } }),
  ).toMatchObject({ code: 0 });
  const env = {
    ...scene.env,
    CODEX_HOME: scene.home.file("other"),
    CODEX_AUTH_DIR: scene.home.file("codex-auth"),
  };
  fs.mkdirSync(env.CODEX_HOME);
  expect(await scene.home.run(["label", "1", "x"], { env })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`belongs to ${fs.realpathSync(scene.home.path)}`),
  });
});

test("a private home of exec counts as the home that it stands for", async () => {
  const shared = await SharedPool.open();
  const inside = `${process.execPath} ${join(projectRoot, "bin/codex-auth")} label 2 inside`;
  await shared.succeed("first", `exec a@example.com -- ${inside}`);
  expect(parsePool(shared.scene.home.read("pool/pool.json"), "").accounts[1]?.label).toBe("inside");
  expect(shared.boundHome()).toBe(fs.realpathSync(shared.home("first")));
});

test("a private home counts as its real home also where the variables of exec are lost", () => {
  const home = "/h/.codex/codex-auth/homes/0123456789ab-1";
  expect(resolvePaths({ CODEX_HOME: home }, "/h", "/")).toMatchObject({
    codexHome: "/h/.codex",
    storeDir: "/h/.codex/codex-auth",
  });
  const elsewhere = "/pool/homes/0123456789ab-1";
  const env = { CODEX_HOME: elsewhere, CODEX_AUTH_REAL_HOME: "/h/.codex" };
  expect(resolvePaths(env, "/h", "/")).toMatchObject({ codexHome: "/h/.codex", storeDir: "/pool" });
  expect(resolvePaths({ ...env, CODEX_AUTH_DIR: "/pool/" }, "/h", "/")).toMatchObject({
    codexHome: "/h/.codex",
  });
});

test("a private home without its variables is refused, and no pool is bound to it", async () => {
  const shared = await SharedPool.open();
  const name = "pool/homes/0123456789ab-1";
  fs.rmSync(join(shared.home("first"), "auth.json"));
  expect(await shared.run(name, "label 1 x")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("private home"),
  });
});

test("move-here takes the pool along, with the token that Codex renewed in the old home", async () => {
  const shared = await SharedPool.open();
  const { issuer } = shared.scene.fake;
  const file = join(shared.home("first"), "auth.json");
  const answer = issuer.refresh(shared.liveToken("first") ?? "");
  if (answer.kind !== "renewed") throw new Error(answer.kind);
  const live = JSON.parse(fs.readFileSync(file, "utf8"));
  shared.signIn("first", { ...live, tokens: { ...live.tokens, ...answer.tokens } });
  const newest = issuer.newestToken("a@example.com");
  const moved = await shared.succeed("second", "move-here --json");
  expect(JSON.parse(moved.stdout)).toMatchObject({
    from: fs.realpathSync(shared.home("first")),
    to: fs.realpathSync(shared.home("second")),
  });
  expect([fs.existsSync(file), shared.boundHome()]).toEqual([false, fs.realpathSync(shared.home("second"))]);
  await shared.succeed("second", "switch -");
  expect(shared.liveToken("second")).toBe(newest);
  expect(await shared.run("first", "list")).toMatchObject({ code: 1 });
  expect(issuer.reuses).toBe(0);
});

test("move-here leaves the login that the new home has, and says how to take it in", async () => {
  const shared = await SharedPool.open();
  shared.signIn("second", seat("x"));
  const { stdout } = await shared.succeed("second", "move-here");
  expect(shared.liveToken("second")).toBe(seat("x").tokens.refresh_token);
  expect(stdout).toContain("codex auth import");
});

test("move-here waits for no Codex that runs in the old home: it refuses", async () => {
  const shared = await SharedPool.open();
  const program = join(shared.home("bin"), "codex");
  fs.symlinkSync("/bin/sleep", program);
  const env = { CODEX_HOME: shared.home("first") };
  const codex = spawn(program, ["60"], { env });
  onTestFinished(() => void codex.kill("SIGKILL"));
  await new Promise((resolve) => codex.once("spawn", resolve));
  const { code, stderr } = await shared.run("second", "move-here");
  expect([code, stderr]).toEqual([1, expect.stringContaining(`process ${codex.pid}`)]);
  expect(shared.boundHome()).toBe(fs.realpathSync(shared.home("first")));
});

test("move-here where nothing is to be moved says so", async () => {
  const shared = await SharedPool.open();
  expect(JSON.parse((await shared.succeed("first", "move-here --json")).stdout)).toMatchObject({
    from: null,
  });
});

test("doctor names the other home, and the command", async () => {
  const shared = await SharedPool.open();
  const { code, stdout } = await shared.run("second", "doctor --json");
  const { findings } = JSON.parse(stdout) as { findings: { id: string; fix: string }[] };
  expect(code).toBe(1);
  expect(findings.find(({ id }) => id === "pool_of_another_home")).toMatchObject({
    fix: "codex auth move-here",
  });
});
