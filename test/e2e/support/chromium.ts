import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";

/** Debian's package, or whatever the variable names. */
export const chromiumPath = [
  process.env["CODEX_AUTH_E2E_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path));

type Fields = Record<string, unknown>;

interface Message {
  id?: number;
  method?: string;
  params?: Fields;
  result?: Fields;
  error?: { message: string };
}

/** A headless browser with one tab, driven over two pipes; it ends with the test. */
export class Browser {
  /** Everything that arrived without being asked for: requests, console lines, faults. */
  readonly events: { method: string; params: Fields }[] = [];
  readonly #input: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #lastId = 0;
  #sessionId = "";

  private constructor(input: Writable, output: Readable) {
    this.#input = input;
    let rest = "";
    output.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split("\0");
      rest = parts.pop() ?? "";
      for (const part of parts) this.#take(JSON.parse(part) as Message);
    });
  }

  static async open(path: string): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "codex-auth-chromium-"));
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--remote-debugging-pipe",
    ];
    const child = spawn(path, [...flags, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      // A process group of its own: its helpers write into the profile until they have ended too.
      detached: true,
    });
    onTestFinished(async () => {
      const ended = new Promise((resolve) => child.once("close", resolve));
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    });
    const browser = new Browser(child.stdio[3] as Writable, child.stdio[4] as Readable);
    const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
    browser.#sessionId = String(sessionId);
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await browser.send(`${domain}.enable`);
    return browser;
  }

  async goTo(url: string): Promise<void> {
    const loaded = () => this.events.some(({ method }) => method === "Page.loadEventFired");
    await this.send("Page.navigate", { url });
    for (let tries = 0; !loaded() && tries < 1000; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    return (result as Fields)["value"];
  }

  /** The whole page as PNG, at a width and in a colour scheme. */
  async screenshot(width: number, scheme: "light" | "dark"): Promise<Buffer> {
    await this.look(width, scheme);
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true });
    return Buffer.from(String(data), "base64");
  }

  async look(width: number, scheme: "light" | "dark"): Promise<void> {
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.send("Emulation.setEmulatedMedia", { features });
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
    await this.send("Emulation.setDeviceMetricsOverride", size);
    const height = Number(await this.evaluate("document.documentElement.scrollHeight"));
    await this.send("Emulation.setDeviceMetricsOverride", { ...size, height });
  }

  async send(method: string, params: Fields = {}): Promise<Fields> {
    this.#lastId += 1;
    const id = this.#lastId;
    const session = this.#sessionId === "" ? {} : { sessionId: this.#sessionId };
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#input.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    const { result = {}, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #take(message: Message): void {
    if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    else if (message.method !== undefined)
      this.events.push({ method: message.method, params: message.params ?? {} });
  }
}
