import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { AuthJson } from "./forge.ts";
import { type Finished, homeWithThree, projectRoot, type TestHome } from "./home.ts";

const account = "dev@team.example";

/** The words that run a script. */
export function sh(script: string): string[] {
  return ["--", "sh", "-c", script];
}

/** `exec` of the second account of three; the first one is live. */
export class ExecScene {
  readonly home: TestHome;
  readonly program = join(projectRoot, "bin/codex-auth");
  #started = 0;

  constructor(home: TestHome) {
    this.home = home;
  }

  static async open(): Promise<ExecScene> {
    return new ExecScene(await homeWithThree());
  }

  run(words: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
    return this.home.runProcess(["exec", account, ...words], { env });
  }

  async list(): Promise<{ email: string | null }[]> {
    return JSON.parse((await this.home.run(["list", "--json"])).stdout).accounts;
  }

  /** Starts a command that first runs `script` and then waits to be told to end. */
  async start(
    script = ":",
    { selector = account, env = {}, onTerminal = false, afterwards = ":" }: StartOptions = {},
  ) {
    const mark = this.home.file(`started-${(this.#started += 1)}`);
    const wait = `while ! [ -e ${mark}.end ]; do sleep 0.02; done`;
    const lines = [script, `echo "$$ $CODEX_HOME" >${mark}.tmp; mv ${mark}.tmp ${mark}`, wait, afterwards];
    const words = [
      this.program,
      "exec",
      selector,
      "--",
      "sh",
      this.home.write(`${basename(mark)}.sh`, lines.join("\n")),
    ];
    const [command = "", ...args] = onTerminal
      ? ["script", "-qec", `exec ${words.join(" ")}`, "/dev/null"]
      : words;
    const child = spawn(command, args, {
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: this.home.path,
        CODEX_HOME: this.home.path,
        CODEX_AUTH_ISSUER: "http://127.0.0.1:9",
        ...env,
      },
      stdio: [onTerminal ? "pipe" : "ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await until(() => existsSync(mark) || child.exitCode !== null);
    return new RunningExec(this.home, child, mark);
  }
}

interface StartOptions {
  selector?: string;
  env?: Record<string, string>;
  /** Through util-linux's `script`. */
  onTerminal?: boolean;
  /** What the command does when it was told to end. */
  afterwards?: string;
}

class RunningExec {
  readonly path: string;
  /** The command and everything that holds its output have ended. */
  readonly ended: Promise<number | null>;
  readonly exited: Promise<unknown>;
  readonly #home: TestHome;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #pid: number;
  #stdout = "";
  #stderr = "";

  constructor(home: TestHome, child: ChildProcess, mark: string) {
    const [pid = "", path = ""] = readFileSync(mark, "utf8").trim().split(" ");
    this.path = path;
    this.ended = once(child, "close").then(([code]) => Number(code));
    this.exited = once(child, "exit");
    this.#home = home;
    this.#child = child;
    this.#mark = mark;
    this.#pid = Number(pid);
    child.stdout?.on("data", (chunk: Buffer) => void (this.#stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => void (this.#stderr += chunk.toString()));
  }

  /** The login in the private home. */
  auth(): AuthJson {
    return JSON.parse(readFileSync(join(this.path, "auth.json"), "utf8"));
  }

  stdout(): string {
    return this.#stdout;
  }

  stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends the command inside, which outlives a killed parent. */
  killChild(): void {
    process.kill(this.#pid, "SIGKILL");
  }

  finish(): Promise<number | null> {
    this.#home.write(`${basename(this.#mark)}.end`, "");
    return this.ended;
  }
}

/** Waits for what must become true; a busy machine may take its time. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000 && !isTrue(); tries += 1) await setTimeout(20);
}
