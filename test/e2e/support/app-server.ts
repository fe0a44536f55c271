import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { FakeOpenAI } from "../../support/openai/server.ts";
import { codexBinary, type CodexVersion, environment, fakeBackend } from "./codex.ts";

/** An answer has an id, a notification a method. */
interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

const startedThread = z.object({ thread: z.object({ id: z.string() }) });

/** A client of `codex app-server`, which speaks JSON-RPC in lines on its standard streams. */
export class AppServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number | string, (message: Message) => void>();
  #lastId = 0;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => this.#receive(JSON.parse(line)));
    child.stderr.resume();
    // One that has ended is told by its close.
    child.stdin.on("error", () => undefined);
    child.on("close", () => this.#failAll());
  }

  static async start(version: CodexVersion, fake: FakeOpenAI, home: string): Promise<AppServer> {
    const { flags, env } = fakeBackend(fake);
    return await AppServer.open(version, home, flags, env);
  }

  /** Without a backend: only for questions that need none. */
  static async open(
    version: CodexVersion,
    home: string,
    flags: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<AppServer> {
    const options = { cwd: home, env: environment({ home, env }) };
    const child = spawn(codexBinary(version), ["app-server", ...flags], options);
    const server = new AppServer(child);
    await server.request("initialize", { clientInfo: { name: "e2e", title: "e2e", version: "0.0.0" } });
    child.stdin.write('{"method":"initialized"}\n');
    return server;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async request(method: string, params: object): Promise<unknown> {
    const id = (this.#lastId += 1);
    const answered = this.#next(id);
    this.#child.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Runs one turn in a new thread and says how it ended. */
  async turn(text: string): Promise<unknown> {
    const { thread } = startedThread.parse(await this.request("thread/start", {}));
    const completed = this.#next("turn/completed");
    await this.request("turn/start", { threadId: thread.id, input: [{ type: "text", text }] });
    return (await completed).params;
  }

  /** Ends the server the way an editor does: by closing its input. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, "close");
  }

  /** The next message with this id or, from a string, of this method. */
  #next(key: number | string): Promise<Message> {
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }

  #receive(message: Message): void {
    const key = message.id ?? message.method ?? "";
    this.#waiting.get(key)?.(message);
    this.#waiting.delete(key);
  }

  #failAll(): void {
    for (const resolve of this.#waiting.values()) resolve({ error: { message: "the app-server ended" } });
    this.#waiting.clear();
  }
}

/** Asks the real Codex who is logged in; `refresh` makes it renew the tokens first. */
export async function readAccount(
  version: CodexVersion,
  fake: FakeOpenAI,
  home: string,
  { refresh = false } = {},
): Promise<unknown> {
  const server = await AppServer.start(version, fake, home);
  try {
    return await server.request("account/read", { refreshToken: refresh });
  } finally {
    await server.close();
  }
}
