import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { FakeOpenAI } from "../../support/openai/server.ts";
import { binaryIn, cacheFolder, root, versions } from "../install.mjs";

/** One of the list of install.mjs. */
export type CodexVersion = string;

/** The Codex that a test is about where one is enough: the newest, unless the run names another. */
export const codexVersion: CodexVersion = process.env["CODEX_AUTH_E2E_VERSION"] ?? versions[0] ?? "";

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** CODEX_HOME. */
  home: string;
  /** The home unless given. */
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
}

export function codexBinary(version: CodexVersion): string {
  const binary = binaryIn(join(cacheFolder(), version));
  if (!binary) throw new Error(`codex ${version} is not installed: npm run e2e`);
  return binary;
}

/** Sends everything that Codex asks of OpenAI to the fake. */
export function fakeBackend(fake: FakeOpenAI): { flags: string[]; env: Record<string, string> } {
  const settings = [
    "analytics.enabled=false",
    `openai_base_url="${fake.url}/v1"`,
    `chatgpt_base_url="${fake.url}/backend-api"`,
  ];
  const env = {
    CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${fake.url}/oauth/token`,
    CODEX_REVOKE_TOKEN_URL_OVERRIDE: `${fake.url}/oauth/revoke`,
  };
  return { flags: settings.flatMap((setting) => ["-c", setting]), env };
}

export function runCodex(version: CodexVersion, args: readonly string[], options: RunOptions): Promise<Run> {
  return run(codexBinary(version), args, options);
}

/** One turn of `codex exec`. */
export function runTurn(version: CodexVersion, fake: FakeOpenAI, home: string): Promise<Run> {
  const { flags, env } = fakeBackend(fake);
  return runCodex(version, ["exec", "--skip-git-repo-check", ...flags, "hi"], { home, env });
}

/** The built codex-auth. */
export function runCodexAuth(args: readonly string[], options: RunOptions): Promise<Run> {
  return run(process.execPath, [join(root, "bin/codex-auth"), ...args], options);
}

/** Any program, for example a shell. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const child = spawn(command, args, { cwd: options.cwd ?? options.home, env: environment(options) });
  // A program that ends without reading its input is no fault of the test.
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { status, stdout, stderr };
}

function temporaryFolder(): string {
  const folder = join(root, "node_modules/.cache/e2e-tmp");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Nothing is inherited but PATH: a login in the environment would beat the one in auth.json. */
export function environment({ home, env }: RunOptions): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: join(home, ".."),
    CODEX_HOME: home,
    LANG: "C.UTF-8",
    // Codex tells local times.
    TZ: "UTC",
    // Codex makes no helpers for a home below the temporary folder, and a checkout may lie there.
    TMPDIR: temporaryFolder(),
    ...env,
  };
}
