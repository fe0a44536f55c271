import { spawn } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Paths, resolvePaths } from "../../src/machine/paths.ts";
import { fastFolder } from "./fast-folder.ts";
import { forgeAuthJson, type Login } from "./forge.ts";
import { runInProcess } from "./in-process.ts";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/** What a finished command left behind. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** Another user, for root only. */
  uid?: number;
}

/** A folder that goes when the test ends. */
function temporaryFolder(): string {
  const path = mkdtempSync(join(fastFolder, "codex-auth-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A CODEX_HOME in a temporary folder. */
export class TestHome {
  /** The home folder of the person. */
  readonly root: string;
  /** CODEX_HOME: the same, unless it is told. */
  readonly path: string;
  readonly dir: string;
  readonly env: Record<string, string>;
  readonly paths: Paths;

  constructor(root = temporaryFolder(), path = root) {
    this.root = root;
    this.path = path;
    this.dir = path;
    this.env = {
      PATH: process.env["PATH"] ?? "",
      HOME: root,
      CODEX_HOME: path,
      LANG: "C.UTF-8",
      CODEX_AUTH_INVOKED_AS: "codex auth",
      // Whether a Codex is installed here must make no difference.
      CODEX_AUTH_ASK_CODEX: "0",
      // No test reaches OpenAI, also not by mistake: port 2 of this machine answers nobody.
      CODEX_AUTH_ISSUER: "http://127.0.0.1:2",
      CODEX_AUTH_BACKEND: "http://127.0.0.1:2/backend-api",
    };
    this.paths = resolvePaths(this.env, root, root);
  }

  /** Whose CODEX_HOME is a folder of the person's. */
  static inside(root = temporaryFolder()): TestHome {
    const path = join(root, "home");
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return new TestHome(root, path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), "utf8");
  }

  write(name: string, content: string | object): string {
    const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
    mkdirSync(dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }

  remove(name: string): void {
    rmSync(this.file(name), { recursive: true });
  }

  hardLink(name: string, other: string): void {
    linkSync(this.file(name), this.file(other));
  }

  /** Writes an auth.json for each login to `logins/<name>.json`; the first is also the live one. */
  writeLogins(logins: Record<string, Login>): void {
    const [first] = Object.values(logins);
    for (const [name, login] of Object.entries(logins))
      this.write(`logins/${name}.json`, forgeAuthJson(login));
    if (first) this.write("auth.json", forgeAuthJson(first));
  }

  /** Runs a command in this home, inside this process, with nothing of the caller's environment but PATH. */
  run(
    args: readonly string[],
    { env = {}, cwd = projectRoot, input = "" }: Omit<RunOptions, "uid"> = {},
  ): Promise<Finished> {
    return runInProcess(args, { env: { ...this.env, ...env }, cwd, input });
  }

  /** The same with the built binary, for what is told of a process. */
  runProcess(args: readonly string[], { env = {}, ...options }: RunOptions = {}): Promise<Finished> {
    const all = { ...options, env: { ...this.env, ...env } };
    return runProcess(join(projectRoot, "bin/codex-auth"), args, all);
  }
}

export function runProcess(
  command: string,
  args: readonly string[],
  { input = "", ...options }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: {}, ...options, stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => void (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => void (output.stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...output }));
    // A program that ends without reading its input is no fault of the test.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Three accounts of two people: one e-mail has two seats. */
export const threeLogins: Record<string, Login> = {
  a: { email: "ada@personal.example", userId: "user-ada", accountId: "acct-personal", plan: "plus" },
  b: { email: "dev@team.example", userId: "user-dev", accountId: "acct-team", plan: "business" },
  c: { email: "ada@personal.example", userId: "user-ada", accountId: "acct-lab", plan: "pro" },
};

/** A home whose pool holds the three accounts, the first one live. */
export async function homeWithThree(): Promise<TestHome> {
  const home = new TestHome();
  home.writeLogins(threeLogins);
  const { code, stderr } = await home.run(["import", home.file("logins")]);
  if (code !== 0) throw new Error(stderr);
  return home;
}
