import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Finished, projectRoot, type TestHome } from "./home.ts";

const worker = fileURLToPath(new URL("command-worker.cjs", import.meta.url));

interface WorkerOptions {
  /** The built program; a copy where another user can read it. */
  program?: string;
  /** Another user, for root only. */
  uid?: number;
  patienceMs?: number;
}

interface Worked extends Finished {
  /** The most memory that the process has had so far. */
  peakMb: number;
}

/**
 * Runs commands of the built program one after another in one process, which is killed when one of them does not end:
 * its code is then null. A reader that waits for a pipe cannot be interrupted in any other way.
 */
export class CommandWorker {
  readonly #options: WorkerOptions;
  #child: ChildProcess | null = null;

  constructor(options: WorkerOptions = {}) {
    this.#options = options;
    onTestFinished(() => this.#end());
  }

  async run(home: TestHome, line: string, env: Record<string, string> = {}): Promise<Worked> {
    const { uid, patienceMs = 30_000 } = this.#options;
    const child = (this.#child ??= this.#start());
    const message = { argv: line.split(" "), env: { ...home.env, ...env }, cwd: home.path, uid };
    const finished = await new Promise<Worked | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), patienceMs);
      child.once("message", (answer) => {
        clearTimeout(timer);
        resolve(answer as Worked);
      });
      child.send(message);
    });
    child.removeAllListeners("message");
    if (finished) return finished;
    this.#end();
    return { code: null, stdout: "", stderr: "", peakMb: 0 };
  }

  #start(): ChildProcess {
    const { program = `${projectRoot}/dist/cli/program.cjs` } = this.#options;
    return fork(worker, [program], { stdio: "ignore", execArgv: [] });
  }

  #end(): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }
}
