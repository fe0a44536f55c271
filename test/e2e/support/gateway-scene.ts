import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished } from "vitest";
import type { FakeOpenAI } from "../../support/openai/server.ts";
import { FakeResponses } from "../../support/openai/responses.ts";
import { root } from "../install.mjs";
import { codexVersion, type CodexVersion, environment, type Run, runCodex, runCodexAuth } from "./codex.ts";
import { startFake, temporaryHome, writeAuthJson } from "./home.ts";

/** The built gateway, started as a person would, in front of a fake backend; its pool has an account for each name. */
export class RealGateway {
  readonly fake: FakeOpenAI;
  readonly upstream: FakeResponses;
  readonly home = temporaryHome();
  readonly env: Record<string, string>;

  private constructor(fake: FakeOpenAI, upstream: FakeResponses) {
    this.fake = fake;
    this.upstream = upstream;
    this.env = {
      CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${fake.url}/oauth/token`,
      CODEX_AUTH_ISSUER: fake.url,
      CODEX_AUTH_BACKEND: upstream.backend,
    };
  }

  static async open(names: readonly string[] = ["a"]): Promise<RealGateway> {
    const scene = new RealGateway(await startFake(), await FakeResponses.start());
    const folder = join(scene.home, "../incoming");
    mkdirSync(folder);
    for (const name of names) {
      const login = { email: `${name}@example.com`, accountId: `acct-${name}`, userId: `user-${name}` };
      writeAuthJson(join(folder, `${name}.json`), scene.fake.issuer.issue(login));
    }
    if (names.length > 0) await scene.done(["import", folder]);
    await scene.#start();
    return scene;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  get #port(): number {
    return JSON.parse(readFileSync(join(this.home, "codex-auth/gateway.json"), "utf8")).port;
  }

  /** Makes a key, and gives its secret. */
  async key(name: string, words: readonly string[] = []): Promise<string> {
    const { stdout } = await this.done(["gateway", "key", "create", name, ...words, "--json"]);
    return JSON.parse(stdout).key.secret;
  }

  /** What a key with one limit has used of it. */
  async used(name: string): Promise<number> {
    const { stdout } = await this.done(["gateway", "usage", name, "--json"]);
    return JSON.parse(stdout).usage.key.limits[0].used;
  }

  async done(words: readonly string[]): Promise<Run> {
    const run = await runCodexAuth(words, { home: this.home, env: this.env });
    expect(run.status === 0 ? "" : `${words.join(" ")}: exit ${run.status}: ${run.stderr}`).toBe("");
    return run;
  }

  /** One turn of the real Codex in a home of its own, with a key and without any login. */
  turn(
    secret: string,
    { version = codexVersion, webSocket = false, model = "gpt-6-sol" }: Turned = {},
  ): Promise<Run> {
    const provider = `{name="pool",base_url="${this.url}",env_key="CODEX_POOL_KEY",wire_api="responses",supports_websockets=${webSocket}}`;
    const settings = [
      `model_provider="pool"`,
      `model_providers.pool=${provider}`,
      `model="${model}"`,
      "analytics.enabled=false",
      `chatgpt_base_url="${this.fake.url}/backend-api"`,
    ];
    const flags = settings.flatMap((setting) => ["-c", setting]);
    return runCodex(version, ["exec", "--skip-git-repo-check", ...flags, "hi"], {
      home: temporaryHome(),
      env: { CODEX_POOL_KEY: secret },
    });
  }

  async #start(): Promise<void> {
    const words = [join(root, "bin/codex-auth"), "gateway", "start"];
    const child = spawn(process.execPath, words, {
      cwd: this.home,
      env: environment({ home: this.home, env: this.env }),
    });
    const said = text(child.stderr);
    child.stdout.resume();
    const ended = once(child, "close");
    onTestFinished(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    });
    for (let tries = 0; tries < 600; tries += 1) {
      const status = await runCodexAuth(["gateway", "status", "--json"], { home: this.home, env: this.env });
      if (status.status === 0) return;
      if (child.exitCode !== null) throw new Error(await said);
    }
    throw new Error("the gateway does not start");
  }
}

interface Turned {
  readonly version?: CodexVersion;
  readonly webSocket?: boolean;
  readonly model?: string;
}
