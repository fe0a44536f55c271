import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runFake } from "./fake-context.ts";
import { FakeOpenAI } from "./openai/server.ts";
import { type Finished, projectRoot, type TestHome } from "./home.ts";

export const ports = [1455, 1457] as const;

export async function startFake(): Promise<FakeOpenAI> {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  return fake;
}

/** The built binary while it waits for a person to sign in. */
export class RunningLogin {
  readonly output = { stdout: "", stderr: "" };
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(home: TestHome, fake: FakeOpenAI, flags: readonly string[], env: Record<string, string> = {}) {
    const args = [join(projectRoot, "bin/codex-auth"), "login", ...flags];
    this.#child = spawn(process.execPath, args, { env: { ...loginEnv(home, fake), ...env }, stdio: "pipe" });
    for (const name of ["stdout", "stderr"] as const)
      this.#child[name].on("data", (chunk: Buffer) => void (this.output[name] += chunk.toString()));
    this.#child.stdin.on("error", () => undefined);
    this.finished = new Promise((resolve) =>
      this.#child.once("close", (code) => resolve({ code, ...this.output })),
    );
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  /** The address that stands on stderr, on a line of its own. */
  async url(): Promise<URL> {
    for (;;) {
      const found = /^(http\S+\/oauth\/authorize\?\S+)$/m.exec(this.output.stderr);
      if (found?.[1]) return new URL(found[1]);
      await this.#more();
    }
  }

  /** Where the issuer would send the browser. */
  async callback(): Promise<URL> {
    const response = await fetch(await this.url(), { redirect: "manual" });
    return new URL(response.headers.get("location") ?? "");
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  async #more(): Promise<void> {
    await Promise.race([
      new Promise((resolve) => this.#child.stderr.once("data", resolve)),
      this.finished.then(({ stderr }) => Promise.reject(new Error(`ended without an address: ${stderr}`))),
    ]);
  }
}

/** PATH holds no browser, and the one that the environment names does nothing. */
function loginEnv(home: TestHome, fake: FakeOpenAI): Record<string, string> {
  const tools = home.file("tools");
  mkdirSync(tools, { recursive: true });
  for (const name of ["sh", "sed", "grep", "cut", "uname", "flock", "env"]) {
    const target = ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find((file) => existsSync(file));
    if (target && !existsSync(join(tools, name))) symlinkSync(target, join(tools, name));
  }
  return {
    PATH: tools,
    BROWSER: "/bin/true",
    HOME: home.path,
    CODEX_HOME: home.path,
    LANG: "C.UTF-8",
    CODEX_AUTH_ISSUER: fake.url,
    CODEX_AUTH_INVOKED_AS: "codex auth",
  };
}

/** No code, verifier or token that was given for this login is in a text, in any spelling. */
export function holdsSecret({ authorizer }: FakeOpenAI, text: string): boolean {
  return authorizer.secrets.some((secret) =>
    [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")].some((each) =>
      text.includes(each),
    ),
  );
}

interface Person {
  /** What happens to the address on its way to the paste. */
  change?: (answer: string) => string;
  /** Given on a terminal to every other question; without it, there is no terminal. */
  says?: string;
}

/** Runs `login` in this process: the person opens the address that is shown, and pastes where it ends. */
export async function signIn(
  home: TestHome,
  fake: FakeOpenAI,
  flags: readonly string[] = [],
  { change = (answer) => answer, says }: Person = {},
) {
  const questions: string[] = [];
  let stderr = "";
  let hasPiped = false;
  const paste = async () => {
    const [url = ""] = /http\S+\/oauth\/authorize\S+/.exec(stderr) ?? [];
    const response = await fetch(url, { redirect: "manual" });
    return change(response.headers.get("location") ?? "");
  };
  const pipe = () => (hasPiped ? Promise.resolve("") : ((hasPiped = true), paste()));
  const isTerminal = says !== undefined;
  const { code, stdout } = await runFake(home, ["login", "--manual", ...flags], {
    fetch: (url, init) => fetch(url, init),
    env: { LANG: "C.UTF-8", CODEX_AUTH_INVOKED_AS: "codex auth", CODEX_AUTH_ISSUER: fake.url },
    stderr: { write: (text) => void (stderr += text), isTerminal, columns: 80, colorLevel: 0 },
    stdin: { isTerminal, readAll: () => Promise.reject(new Error("unexpected")), readLine: pipe },
    prompt: (question) => {
      questions.push(question);
      return question.startsWith("Address") ? paste() : Promise.resolve(says ?? "");
    },
  });
  return { code, stdout, stderr, questions };
}

/** Holds a port, or fails where another program does. */
export async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  return server;
}

/** Both ports free again, as after any login. Another program may hold one for a moment. */
export async function portsAreFree(): Promise<boolean> {
  const free = await Promise.all(ports.map((port) => isFree(port)));
  return free.every(Boolean);
}

/** Whether a login of a test can have both ports; where another one waits, as `codex login` does, it says so. */
export async function hasPorts(): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    if (await portsAreFree()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  process.stderr.write("Another program holds port 1455 or 1457: the tests of a browser login are skipped\n");
  return false;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export function hasProc(): boolean {
  return spawnSync("test", ["-r", "/proc/net/tcp"]).status === 0;
}
