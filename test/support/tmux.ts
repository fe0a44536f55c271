import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { processStat } from "../../src/machine/processes.ts";
import { until } from "./exec-scene.ts";
import type { TestHome } from "./home.ts";

/** Whether a program of this name can be started; a test that needs it is skipped otherwise, and says so. */
export function hasProgram(name: string, versionFlag = "--version"): boolean {
  const isThere = spawnSync(name, [versionFlag]).error === undefined;
  if (!isThere) process.stderr.write(`${name} is not installed: its tests are skipped\n`);
  return isThere;
}

export const hasTmux = hasProgram("tmux", "-V");

/** A real terminal with one program in it. */
export class Terminal {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  static open(
    home: TestHome,
    command: readonly string[],
    { env = home.env, columns = 150, rows = 40 } = {},
  ): Terminal {
    const terminal = new Terminal(join(home.path, "tmux.socket"));
    const options = home.write("tmux.conf", `set -g default-shell /bin/sh\nset -g escape-time 0\n`);
    const size = ["-x", `${columns}`, "-y", `${rows}`];
    terminal.#tmux(["-f", options, "new-session", "-d", ...size, "-c", home.path, ...command], {
      ...env,
      TERM: "xterm-256color",
    });
    const pid = terminal.pid();
    onTestFinished(async () => {
      terminal.#tmux("kill-server");
      // A shell that ends may still write its history into the home.
      await until(() => (processStat(pid)?.state ?? "Z") === "Z");
    });
    return terminal;
  }

  /** The shell, or whatever was opened in it. */
  pid(): number {
    return Number(this.#tmux(["display-message", "-p", "#{pane_pid}"]));
  }

  #tmux(words: string | readonly string[], env?: Record<string, string>): string {
    const all = ["-u", "-S", this.#socket, ...[words].flat()];
    const { stdout, stderr, status } = spawnSync("tmux", all, { encoding: "utf8", env: env ?? process.env });
    if (status !== 0 && words !== "kill-server")
      throw new Error(`tmux ${[words].flat().join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Keys by tmux's names: Tab, Enter, C-c. */
  press(...keys: string[]): void {
    this.#tmux(["send-keys", ...keys]);
  }

  type(text: string): void {
    this.#tmux(["send-keys", "-l", "--", text]);
  }

  screen(): string {
    return this.#tmux(["capture-pane", "-p"]);
  }

  /** Stops the program in it from the keyboard, or from outside as `node` runs it; returns when the shell says so. */
  async stops(how: "Ctrl-Z" | NodeJS.Signals): Promise<void> {
    if (how === "Ctrl-Z") this.press("C-z");
    else process.kill(pidOf(this, "node"), how);
    await this.shows("Stopped");
  }

  /** Sees that the shell takes a line and shows it, and lets the stopped program go on. */
  async goesOn(): Promise<void> {
    this.type("echo seen");
    await this.shows("echo seen");
    this.press("Enter");
    this.type("fg");
    this.press("Enter");
  }

  /** Waits until the screen shows the text. */
  async shows(text: string): Promise<void> {
    let screen = "";
    await until(() => (screen = this.screen()).includes(text));
    expect(screen).toContain(text);
  }
}

/** The newest program of this name that runs in it. */
function pidOf(terminal: Terminal, name: string): number {
  const { stdout } = spawnSync("ps", ["-o", "pid=,args=", "--ppid", String(terminal.pid())], {
    encoding: "utf8",
  });
  const found = stdout.split("\n").filter((line) => new RegExp(`^\\s*\\d+ \\S*${name} `).test(line));
  expect(found.length).toBeGreaterThan(0);
  return parseInt(found.at(-1) ?? "", 10);
}
