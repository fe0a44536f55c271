import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished } from "vitest";
import type { FakeOpenAI } from "../../support/openai/server.ts";
import { errorBody, FakeResponses, refuses } from "../../support/openai/responses.ts";
import { root } from "../install.mjs";
import {
  codexBinary,
  codexVersion,
  type CodexVersion,
  environment,
  type Run,
  runCodex,
  runCodexAuth,
} from "./codex.ts";
import { startFake, temporaryHome, writeAuthJson } from "./home.ts";

const names = ["a", "b", "c"] as const;

/**
 * Three accounts, A live. What goes through the proxy arrives at `upstream`, what Codex asks by itself at `fake`: a turn
 * there has gone past the proxy.
 */
export class RotationScene {
  readonly fake: FakeOpenAI;
  readonly upstream: FakeResponses;
  readonly home = temporaryHome();
  readonly env: Record<string, string>;
  #authBefore = "";

  private constructor(fake: FakeOpenAI, upstream: FakeResponses) {
    this.fake = fake;
    this.upstream = upstream;
    upstream.servesModels = true;
    this.env = {
      CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${fake.url}/oauth/token`,
      CODEX_REVOKE_TOKEN_URL_OVERRIDE: `${fake.url}/oauth/revoke`,
      CODEX_AUTH_ISSUER: fake.url,
      CODEX_AUTH_BACKEND: upstream.backend,
    };
  }

  static async open(): Promise<RotationScene> {
    const scene = new RotationScene(await startFake(), await FakeResponses.start());
    const folder = join(scene.home, "../incoming");
    mkdirSync(folder);
    for (const name of names) {
      const login = { email: `${name}@example.com`, accountId: `acct-${name}`, userId: `user-${name}` };
      writeAuthJson(join(folder, `${name}.json`), scene.fake.issuer.issue(login));
    }
    await scene.done(["import", folder]);
    await scene.done(["switch", "a@example.com"]);
    scene.#authBefore = scene.auth();
    return scene;
  }

  auth(): string {
    return readFileSync(join(this.home, "auth.json"), "utf8");
  }

  /** The user's login is as it was, nobody renewed anything, and no turn went past the proxy. */
  expectUntouched(): void {
    expect(this.auth()).toBe(this.#authBefore);
    const past = { turns: this.fake.count("turn"), refreshes: this.fake.count("refresh") };
    expect({ ...past, revokes: this.fake.count("revoke") }).toEqual({ turns: 0, refreshes: 0, revokes: 0 });
  }

  run(words: readonly string[], env: Record<string, string> = {}): Promise<Run> {
    return runCodexAuth(words, { home: this.home, env: { ...this.env, ...env } });
  }

  async done(words: readonly string[]): Promise<Run> {
    const run = await this.run(words);
    expect(run.status === 0 ? "" : `${words.join(" ")}: exit ${run.status}: ${run.stderr}`).toBe("");
    return run;
  }

  /** `codex exec` as a script would call it, so that nothing of it leaves this machine. */
  turnWords(words: readonly string[] = ["hi"]): string[] {
    const settings = ["analytics.enabled=false", `chatgpt_base_url="${this.fake.url}/backend-api"`];
    const flags = settings.flatMap((setting) => ["-c", setting]);
    return ["exec", "--skip-git-repo-check", ...flags, ...words];
  }

  /** One turn through a proxy of its own. */
  rotate(
    words?: readonly string[],
    { options = [], env = {}, codex = codexVersion }: Rotated = {},
  ): Promise<Run> {
    const program = codexBinary(codex);
    return this.run(["exec", "--rotate", ...options, "--", program, ...this.turnWords(words)], env);
  }

  /** One turn of plain Codex, in the user's own home; with a port, through the proxy there. */
  turn(words?: readonly string[], port?: number): Promise<Run> {
    const through = port === undefined ? `${this.upstream.url}/v1` : `http://127.0.0.1:${port}/v1`;
    const insertion = ["-c", `openai_base_url="${through}"`];
    return runCodex(codexVersion, [...insertion, ...this.turnWords(words)], {
      home: this.home,
      env: this.env,
    });
  }

  /** `rotation start` in the foreground, until the test ends. */
  async start(options: readonly string[] = []): Promise<RunningProxy> {
    const words = [join(root, "bin/codex-auth"), "rotation", "start", ...options];
    const child = spawn(process.execPath, words, {
      cwd: this.home,
      env: environment({ home: this.home, env: this.env }),
    });
    const proxy = new RunningProxy(this, child);
    onTestFinished(() => proxy.end("SIGKILL"));
    await proxy.isReady();
    return proxy;
  }

  limit(resetsAt: number): void {
    const answer = refuses(429, errorBody("usage_limit_reached", { resets_at: resetsAt, plan_type: "plus" }));
    for (const name of names) this.upstream.always(`acct-${name}`, answer);
  }

  async status() {
    return JSON.parse((await this.run(["rotation", "status", "--json"])).stdout);
  }
}

interface Rotated {
  options?: readonly string[];
  env?: Record<string, string>;
  codex?: CodexVersion;
}

class RunningProxy {
  readonly stderr: Promise<string>;
  readonly #child: ChildProcess;
  readonly #scene: RotationScene;
  readonly #ended: Promise<unknown>;

  constructor(scene: RotationScene, child: ReturnType<typeof spawn>) {
    this.#scene = scene;
    this.#child = child;
    this.#ended = once(child, "close");
    this.stderr = child.stderr ? text(child.stderr) : Promise.resolve("");
    child.stdout?.resume();
  }

  get port(): number {
    return JSON.parse(readFileSync(join(this.#scene.home, "codex-auth/rotation.json"), "utf8")).port;
  }

  async isReady(): Promise<void> {
    for (let tries = 0; tries < 600; tries += 1) {
      if ((await this.#scene.status()).running) return;
      if (this.#child.exitCode !== null) throw new Error(await this.stderr);
    }
    throw new Error("the proxy does not start");
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#ended;
  }
}

export function sessionId({ stderr }: Run): string {
  return /session id: (\S+)/.exec(stderr)?.[1] ?? "none";
}
