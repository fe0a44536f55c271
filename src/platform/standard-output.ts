import { fstatSync, writeSync } from "node:fs";
import type { WriteStream } from "node:tty";
import type { Context, Output } from "../cli/context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";

/**
 * Standard output or error. A pipe or file is written to directly: process.stdout costs more to make than a whole
 * `list`, and a direct write is complete when the process ends.
 */
export function openOutput(fd: 1 | 2, env: Context["env"]): Output {
  const terminal = isTerminal(fd) ? new (tty().WriteStream)(fd) : null;
  return {
    write: (text) => writeAll(fd, text),
    isTerminal: terminal !== null,
    columns: Number(env["COLUMNS"]) || (terminal?.columns ?? 80),
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
