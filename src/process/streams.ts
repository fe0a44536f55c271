import { fstatSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import type { WriteStream } from "node:tty";
import type { Context, Output } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";

/**
 * Standard output or error. A pipe or file is written to directly: process.stdout costs more to make than a whole
 * `list`, and a direct write is complete when the process ends.
 */
export function openOutput(fd: 1 | 2, env: Context["env"]): Output {
  const terminal = isTerminal(fd) ? new (tty().WriteStream)(fd) : null;
  return outputOf((text) => writeAll(fd, text), env, terminal);
}

/** What goes elsewhere than to a terminal, unless one is given. */
export function outputOf(
  write: Output["write"],
  env: Context["env"],
  terminal: WriteStream | null = null,
): Output {
  return {
    write,
    isTerminal: terminal !== null,
    columns: Number(env["COLUMNS"]) || terminal?.columns || 80,
    colorLevel: colorLevel(env, terminal),
  };
}

/** node:tty brings the whole network code with it, so files, pipes and /dev/null are told apart without it. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    const isLinuxMemoryDevice = process.platform === "linux" && stat.rdev >> 8 === 1;
    return stat.isCharacterDevice() && !isLinuxMemoryDevice && tty().isatty(fd);
  } catch {
    return false;
  }
}

function tty() {
  return process.getBuiltinModule("node:tty");
}

/** FORCE_COLOR over NO_COLOR over TERM=dumb over what the terminal can do; a pipe has none. */
function colorLevel(env: Context["env"], terminal: WriteStream | null): Output["colorLevel"] {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forcedLevel(forced);
  if (env["NO_COLOR"] || env["TERM"] === "dumb" || !terminal) return 0;
  const depth = terminal.getColorDepth({ ...env });
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

function forcedLevel(forced: string): Output["colorLevel"] {
  if (forced === "0" || forced === "false") return 0;
  return forced === "2" ? 2 : forced === "3" ? 3 : 1;
}

function writeAll(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      // The reader has gone, as in `… | head -1`: that is its right.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") return undelivered(fd, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** What was done stays done when only the answer cannot be written. A note that cannot be written is no failure. */
function undelivered(fd: 1 | 2, error: unknown): void {
  if (fd === 2) return;
  const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const message = `The answer could not be written to standard output: ${why}. The command itself has done its work.`;
  throw new CodexAuthError("io_error", message, { cause: error });
}

type Input = Context["stdin"];

/** Asked for only when needed: making process.stdin costs more than a whole `list`. */
export const standardInput: Input = {
  get isTerminal() {
    return isTerminal(0);
  },
  readAll: (limitBytes) => readAll(process.stdin, limitBytes),
  readLine: (signal) => readLine(process.stdin, signal),
};

/** What comes through a pipe. */
export function pipedInput(stream: Readable): Input {
  return {
    isTerminal: false,
    readAll: (limitBytes) => readAll(stream, limitBytes),
    readLine: (signal) => readLine(stream, signal),
  };
}

/** To its end. */
async function readAll(stdin: Readable, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limitBytes) {
      throw new CodexAuthError("import_failed", `Standard input holds more than ${limitBytes} bytes.`, {
        hint: "Pipe one auth.json: codex auth import - < auth.json",
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const lineLimit = 100_000;

/** The next line that is not blank; "" at the end. What follows stays for the next call. */
async function readLine(stdin: Readable, signal: AbortSignal): Promise<string> {
  const stop = () => stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (isPipe(stdin)) stdin.ref();
  let text = "";
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      text = (text + Buffer.from(chunk).toString("utf8")).trimStart();
      if (text.includes("\n") || text.length > lineLimit) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    // A pipe that stays open keeps no command from ending.
    if (isPipe(stdin)) stdin.unref();
  }
  signal.throwIfAborted();
  const [line = "", ...rest] = text.split("\n");
  if (rest.join("").trim() !== "") stdin.unshift(Buffer.from(rest.join("\n")));
  return line.slice(0, lineLimit).trim();
}

/** A file as standard input has nothing to hold on to. */
function isPipe(stdin: Readable): stdin is Readable & Pick<NodeJS.Process["stdin"], "ref" | "unref"> {
  return "unref" in stdin && typeof stdin.unref === "function";
}

/** Asks one question on the terminal. The question goes to stderr: stdout is for the answer of the command. */
export async function askOnTerminal(
  question: string,
  { isHidden }: { isHidden: boolean } = { isHidden: false },
): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({
    input: process.stdin,
    output: isHidden ? silence() : process.stderr,
    ...(isHidden ? { terminal: true } : {}),
  });
  if (isHidden) process.stderr.write(question);
  const stopped = new AbortController();
  terminal.once("SIGINT", () => stopped.abort());
  terminal.once("close", () => stopped.abort());
  try {
    return await terminal.question(isHidden ? "" : question, { signal: stopped.signal });
  } catch {
    throw new CodexAuthError("interrupted", "Stopped. Nothing was changed.");
  } finally {
    terminal.close();
    if (isHidden) process.stderr.write("\n");
  }
}

/** Swallows the echo of what is typed. */
function silence(): NodeJS.WritableStream {
  const { Writable } = process.getBuiltinModule("node:stream");
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
