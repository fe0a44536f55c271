import type { RefreshNeed, RefreshOutcome } from "./auth/renew/need.ts";
import type { SharedAccounts } from "./database/accounts/open-accounts.ts";
import type { DatabaseDrivers } from "./database/open-database.ts";
import type { CodexProcess } from "./machine/codex-processes.ts";
import type { FileSystem } from "./machine/file-system.ts";
import type { Agents, Fetch } from "./openai/backend.ts";
import type { StoreContext } from "./store/context.ts";
import type { Store } from "./store/store.ts";

export interface Output {
  write(text: string): void;
  isTerminal: boolean;
  columns: number;
  /** 0: no colour, 1: 16, 2: 256, 3: 16 million. */
  colorLevel: 0 | 1 | 2 | 3;
}

interface Input {
  isTerminal: boolean;
  /** Everything until the end of the stream; more than `limitBytes` is an error. */
  readAll(limitBytes: number): Promise<string>;
  /** The first line that is not blank, or an empty text; for a program that keeps the other end open. */
  readLine(signal: AbortSignal): Promise<string>;
}

/** What a finished program left behind; `code` is null when it could not be started or was killed. */
export interface Finished {
  code: number | null;
  output: string;
}

/** How a program ended that had the terminal for itself. */
export type Ending =
  | { kind: "exited"; code: number }
  | { kind: "killed"; signal: number }
  | { kind: "not-found" }
  | { kind: "not-executable" };

/** SIGINT is Ctrl-C; SIGHUP says that the terminal has gone. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** A process that outlives this one. */
export interface Detached {
  readonly pid: number;
  /** Whether it has ended already. */
  hasEnded: () => boolean;
}

export interface InheritedRun {
  env: Context["env"];
  onStart: (pid: number) => void;
}

/** A terminal that gives each key as it is typed, by the names of process/key-terminal.ts. */
export interface KeyTerminal {
  size: () => { columns: number; rows: number };
  write: (text: string) => void;
  /** Hears keys until what it returns is called, which gives the terminal back as it was. */
  listen: (heard: Heard) => () => void;
  /** Stops the job as Ctrl-Z does; returns when it goes on. A stop from outside is the same. */
  suspend: () => void;
}

interface Heard {
  onKey: (key: string) => void;
  onResize: () => void;
  /** The process is about to stop: what was drawn goes. */
  onLeave: () => void;
  /** It goes on. */
  onReturn: () => void;
}

/** The outside world. Everything that a command does to it goes through here. */
export interface Context {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** As Node names it: linux, darwin, win32. */
  platform: string;
  /** Epoch ms. */
  now: () => number;
  /** Ends early when the signal is aborted. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Asks on the terminal; rejects with `interrupted` on Ctrl-C. A hidden answer is not shown. */
  prompt: (question: string, options?: { isHidden: boolean }) => Promise<string>;
  /** Null where keys cannot be had one by one: no terminal, or a dumb one. */
  keyTerminal: (output: "stdout" | "stderr") => KeyTerminal | null;
  /** Runs work that Ctrl-C ends: the signal is then aborted with the error `interrupted`. */
  interruptible: <T>(work: (stop: AbortSignal) => Promise<T>) => Promise<T>;
  /** Opens an address in the browser of the person; rejects where none could be started. */
  openUrl: (url: string) => Promise<void>;
  /** Runs a program to its end without a shell, with the same environment and no input. */
  spawn: (command: string, args: readonly string[]) => Promise<Finished>;
  /** The same in another environment, and ended when it takes too long. */
  run: (
    program: string,
    args: readonly string[],
    options: { env: Context["env"]; timeoutMs: number },
  ) => Promise<Finished>;
  /** Of this process. */
  pid: number;
  /** Runs a program on our own standard streams and passes signals on to it; after it, nothing stops this process. */
  runInherited: (command: string, args: readonly string[], run: InheritedRun) => Promise<Ending>;
  /** Runs this program once more, detached from the terminal; its output goes to the open file `log`, which is closed here. */
  startDetached: (argv: readonly string[], run: { env: Context["env"]; log: number }) => Detached;
  /** Asks a process to end: SIGTERM when its work is done, SIGHUP at once. SIGCONT lets it go on. */
  sendSignal: (pid: number, signal: "SIGTERM" | "SIGHUP" | "SIGCONT") => void;
  /** Tells when this process is asked to end, which then does not end by itself. Returns what ends that. */
  onStopSignal: (listener: (signal: StopSignal) => void) => () => void;
  /** Runs `work` once, later; returns what calls it off. */
  schedule: (delayMs: number, work: () => void) => () => void;
  /** By the network proxies and certificates that the environment names for Codex. */
  fetch: Fetch;
  /** The same for connections of another kind. */
  agents: () => Promise<Agents>;
  /** Asks for a WebSocket without credentials: the status of the answer. Rejects when there is none. */
  websocketStatus: (url: string, timeoutMs: number) => Promise<number>;
  /** Renews the access token of an account in a process that outlives this one; see auth/refresh.ts. */
  renew: (accountId: string, need: RefreshNeed, shared?: SharedAccounts) => Promise<RefreshOutcome>;
  /** Codex processes of this CODEX_HOME; null where the system does not tell. */
  processes: () => CodexProcess[] | null;
  /** Only to be handed to functions of store/. */
  fs: FileSystem;
  /** Locks open files as Codex does. Default: a program that does. */
  flock?: NonNullable<StoreContext["flock"]>;
  store: Store;
  /** What can open a database for the gateway. */
  databaseDrivers: DatabaseDrivers;
  /** The folder that holds package.json. */
  packageRoot: string;
  /** Runs another command in another environment, as `demo` does, and catches what it prints. */
  runCaptured: (
    place: Pick<Context, "env" | "cwd">,
    argv: readonly string[],
    like: Output,
  ) => Promise<Finished>;
}
