import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codexProcesses } from "../../src/machine/codex-processes.ts";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { AppServer } from "./support/app-server.ts";
import { codexBinary, codexVersion, fakeBackend, type Run, runCodex, runCodexAuth } from "./support/codex.ts";
import { startFake, temporaryHome, writeAuthJson } from "./support/home.ts";

const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

/** A home whose pool holds three logins of a fake issuer; A is live. */
class Scene {
  readonly fake: FakeOpenAI;
  readonly home = temporaryHome();

  private constructor(fake: FakeOpenAI) {
    this.fake = fake;
  }

  static async open(): Promise<Scene> {
    const scene = new Scene(await startFake());
    const folder = join(scene.home, "../incoming");
    mkdirSync(folder);
    for (const name of names) {
      const login = { email: `${name}@example.com`, accountId: `acct-${name}`, userId: `user-${name}` };
      writeAuthJson(join(folder, `${name}.json`), scene.fake.issuer.issue(login));
    }
    await scene.auth(["import", folder]);
    await scene.auth(["switch", "a@example.com"]);
    return scene;
  }

  async auth(words: readonly string[], env: Record<string, string> = {}): Promise<Run> {
    const backend = fakeBackend(this.fake).env;
    const run = await runCodexAuth(words, {
      home: this.home,
      env: { ...backend, CODEX_AUTH_ISSUER: this.fake.url, ...env },
    });
    expect(run.status === 0 ? "" : `${words.join(" ")}: exit ${run.status}: ${run.stderr}`).toBe("");
    return run;
  }

  /** One turn of `codex exec` as this account. */
  turn(name: Name, words: readonly string[] = ["hi"]): Promise<Run> {
    const codex = [
      codexBinary(codexVersion),
      "exec",
      "--skip-git-repo-check",
      ...fakeBackend(this.fake).flags,
    ];
    return this.auth(["exec", `${name}@example.com`, "--", ...codex, ...words]);
  }

  read(file: string): string {
    return readFileSync(join(this.home, file), "utf8");
  }

  /** The rollouts in the real home. */
  rollouts(): string[] {
    const files = readdirSync(join(this.home, "sessions"), { recursive: true, encoding: "utf8" });
    return files.filter((file) => file.endsWith(".jsonl")).map((file) => this.read(join("sessions", file)));
  }

  /** What every request so far was sent as. */
  senders(): string[] {
    return [...new Set(this.fake.log.flatMap(({ accountId }) => accountId ?? []))].sort();
  }
}

function sessionId({ stderr }: Run): string {
  return /session id: (\S+)/.exec(stderr)?.[1] ?? "none";
}

test("a turn as B completes while A is live, and the live login is as it was", async () => {
  const scene = await Scene.open();
  const before = scene.read("auth.json");
  expect(await scene.turn("b")).toMatchObject({ stdout: "hello\n" });
  expect(scene.senders()).toEqual(["acct-b"]);
  expect(scene.read("auth.json")).toBe(before);
  expect(scene.rollouts()).toMatchObject([expect.stringContaining('"creator_account_id":"acct-b"')]);
  expect(scene.fake.count("refresh") + scene.fake.count("revoke")).toBe(0);
});

test("turns of two accounts at once, and afterwards both can still be renewed", async () => {
  const scene = await Scene.open();
  await Promise.all([scene.turn("a"), scene.turn("b"), scene.turn("b")]);
  expect(scene.senders()).toEqual(["acct-a", "acct-b"]);
  expect(scene.rollouts().length).toBe(3);
  for (const name of ["a", "b"] as const) {
    expireInPool(scene, name);
    await scene.auth(["token", `${name}@example.com`]);
  }
  expect(scene.fake.issuer).toMatchObject({ refreshes: 2, reuses: 0 });
  await Promise.all([scene.turn("a"), scene.turn("b")]);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 2, reuses: 0 });
});

test("an expired access token is renewed before Codex starts, by nobody but us", async () => {
  const scene = await Scene.open();
  expireInPool(scene, "b");
  expect(await scene.turn("b")).toMatchObject({ stdout: "hello\n" });
  expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
});

test("Codex takes a renewed lease after a 401 in the middle of a turn", async () => {
  const scene = await Scene.open();
  const { turn } = scene.fake.routes;
  const bearers: (string | undefined)[] = [];
  scene.fake.routes.turn = (request) => {
    bearers.push(request.headers.authorization);
    if (bearers.length > 1) return turn(request);
    renewLease(scene);
    return { status: 401, body: { error: { code: "token_expired" } } };
  };
  expect(await scene.turn("b")).toMatchObject({ stdout: "hello\n" });
  expect(new Set(bearers).size).toBe(2);
  expect(scene.fake.count("refresh")).toBe(0);
});

test("a session made inside is resumed from the real home and from another private one", async () => {
  const scene = await Scene.open();
  const id = sessionId(await scene.turn("b"));
  const { flags } = fakeBackend(scene.fake);
  const words = ["exec", "--skip-git-repo-check", ...flags, "resume", id, "again"];
  const outside = await runCodex(codexVersion, words, { home: scene.home, env: fakeBackend(scene.fake).env });
  expect([sessionId(outside), outside.stdout]).toEqual([id, "hello\n"]);
  expect(sessionId(await scene.turn("c", ["resume", id, "once more"]))).toBe(id);
  expect(sessionId(await scene.turn("b", ["resume", "--last", "and more"]))).toBe(id);
  expect(scene.rollouts().length).toBe(1);
});

test("a session made inside is listed, archived and brought back in the real home", async () => {
  const scene = await Scene.open();
  const id = sessionId(await scene.turn("a"));
  const server = await AppServer.start(codexVersion, scene.fake, scene.home);
  const listed = await server.request("thread/list", { sourceKinds: ["exec"] });
  expect(listed).toMatchObject({ data: [{ id }] });
  await server.request("thread/archive", { threadId: id });
  expect(readdirSync(join(scene.home, "archived_sessions")).length).toBe(1);
  await server.request("thread/unarchive", { threadId: id });
  expect(scene.rollouts().length).toBe(1);
  await server.close();
});

test("a config.toml that is a link survives what Codex writes to it, comments and all", async () => {
  const scene = await Scene.open();
  const dotfiles = join(scene.home, "../dotfiles");
  mkdirSync(dotfiles);
  writeFileSync(join(dotfiles, "config.toml"), '# mine\nmodel = "gpt-5" # keep\n');
  symlinkSync(join(dotfiles, "config.toml"), join(scene.home, "config.toml"));
  await scene.auth([
    "exec",
    "b@example.com",
    "--",
    codexBinary(codexVersion),
    "mcp",
    "add",
    "x",
    "--",
    "/bin/true",
  ]);
  expect(readlinkSync(join(scene.home, "config.toml"))).toBe(join(dotfiles, "config.toml"));
  expect(scene.read("config.toml")).toMatch(/^# mine\nmodel = "gpt-5" # keep\n[^]*\[mcp_servers\.x\]/);
});

test("what Codex makes in an empty home ends up in the real one, and no login stays behind", async () => {
  const scene = await Scene.open();
  await scene.turn("b");
  const made = ["installation_id", "models_cache.json", "skills", "state_5.sqlite", "thread-writer-locks"];
  expect(made.filter((name) => !existsSync(join(scene.home, name)))).toEqual([]);
  const homes = join(scene.home, "codex-auth/homes");
  const left = readdirSync(homes).map((name) => readdirSync(join(homes, name)).sort());
  expect(left).toEqual([["archived_sessions", "sessions"]]);
});

test("a daemon that Codex started inside ends with the command, and its 404 MB are in the real home", async () => {
  const scene = await Scene.open();
  const codex = codexBinary(codexVersion);
  const script = `${codex} app-server daemon start >/dev/null && ls $CODEX_HOME/app-server-daemon && echo $CODEX_HOME`;
  const { stdout, stderr } = await scene.auth(["exec", "b@example.com", "--", "sh", "-c", script]);
  expect(stdout).toContain("daemon.pid");
  expect(stderr).not.toContain("still runs");
  const home = stdout.trim().split("\n").at(-1) ?? "";
  expect(codexProcesses(home)).toEqual([]);
  expect(existsSync(join(home, "app-server-daemon"))).toBe(false);
  expect(readdirSync(join(scene.home, "packages"))).toEqual(["app-server-daemon"]);
});

test("a logout inside revokes nothing and leaves the account in the pool", async () => {
  const scene = await Scene.open();
  await scene.auth(["exec", "b@example.com", "--", codexBinary(codexVersion), "logout"]);
  expect(scene.fake.count("revoke")).toBe(0);
  expect(await scene.turn("b")).toMatchObject({ stdout: "hello\n" });
});

test("a login with a key inside is adopted", async () => {
  const scene = await Scene.open();
  const codex = codexBinary(codexVersion);
  const script = `echo sk-test-made-inside | ${codex} login --with-api-key`;
  await scene.auth(["exec", "b@example.com", "--", "sh", "-c", script]);
  expect(scene.read("codex-auth/pool.json")).toContain("sk-test-made-inside");
  expect(await scene.turn("b")).toMatchObject({ stdout: "hello\n" });
});

/** As time would. */
function expireInPool(scene: Scene, name: Name): void {
  rewritePool(scene, name, (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }));
}

function rewritePool(scene: Scene, name: Name, change: (claims: object) => object): void {
  const file = join(scene.home, "codex-auth/pool.json");
  const pool = JSON.parse(readFileSync(file, "utf8"));
  for (const account of pool.accounts) {
    if (account.auth.tokens.account_id !== `acct-${name}`) continue;
    account.auth.tokens.access_token = changeClaims(account.auth.tokens.access_token, change);
    if (name === "a") writeAuthJson(join(scene.home, "auth.json"), account.auth);
  }
  writeFileSync(file, JSON.stringify(pool));
}

function changeClaims(token: string, change: (claims: object) => object): string {
  const [head, claims = "", signature] = token.split(".");
  const changed = change(JSON.parse(Buffer.from(claims, "base64url").toString()));
  return [head, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
}

/** What the parent does before a lease ends: another access token in the same file. */
function renewLease(scene: Scene): void {
  const homes = join(scene.home, "codex-auth/homes");
  const name = readdirSync(homes).find((each) => !each.endsWith(".owner")) ?? "";
  const file = join(homes, name, "auth.json");
  const lease = JSON.parse(readFileSync(file, "utf8"));
  lease.tokens.access_token = changeClaims(lease.tokens.access_token, (claims) => ({
    ...claims,
    renewed: true,
  }));
  writeAuthJson(`${file}.new`, lease);
  renameSync(`${file}.new`, file);
}
