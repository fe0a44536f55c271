import * as fs from "node:fs";
import { basename, join } from "node:path";
import { namesIn, readTextIfReadable } from "./files.ts";
import { processStat } from "./process-identity.ts";

/** A running Codex. It keeps the login that it read at its start until it ends. */
export interface CodexProcess {
  pid: number;
  /** The daemon outlives the terminal session that started it. */
  kind: "daemon" | "app-server" | "exec" | "session";
  /** ISO time, to the second. */
  startedAt: string;
}

const ticksPerSecond = 100;

/** The Codex processes of this user and this CODEX_HOME. Reads /proc; elsewhere nothing is known, and null is returned. */
export function codexProcesses(codexHome: string): CodexProcess[] | null {
  const bootSec = bootTime();
  if (bootSec === null) return null;
  const home = realPath(codexHome);
  return namesIn(fs, "/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const argv = words(`/proc/${name}/cmdline`);
    if (basename(argv[0] ?? "") !== "codex") return [];
    if (homeOf(name) !== home) return [];
    // It may have ended while we looked.
    const stat = processStat(Number(name));
    if (stat === null) return [];
    const startedAt = startTime(stat.start, bootSec);
    return [{ pid: Number(name), kind: kindOf(argv), startedAt }];
  });
}

/** Whether any program, of Codex or not, was started with this CODEX_HOME and still runs; null where nothing tells. */
export function isHomeInUse(home: string): boolean | null {
  const pids = namesIn(fs, "/proc").filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return null;
  const path = realPath(home);
  return pids.some((pid) => homeOf(pid) === path);
}

function kindOf(argv: string[]): CodexProcess["kind"] {
  if (argv.includes("--managed-daemon")) return "daemon";
  if (argv.includes("app-server")) return "app-server";
  return argv.includes("exec") ? "exec" : "session";
}

/** Null for a process of another user, whose environment is not ours to read. */
function homeOf(pid: string): string | null {
  const env = new Map(words(`/proc/${pid}/environ`).map((each) => split(each)));
  const home = env.get("CODEX_HOME") || (env.has("HOME") ? join(env.get("HOME") ?? "", ".codex") : null);
  return home ? realPath(home) : null;
}

function split(pair: string): [string, string] {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function startTime(ticks: string, bootSec: number): string {
  return new Date((bootSec + Math.floor(Number(ticks) / ticksPerSecond)) * 1000).toISOString();
}

function bootTime(): number | null {
  const found = /^btime (\d+)$/m.exec(read("/proc/stat"));
  return found ? Number(found[1]) : null;
}

function words(path: string): string[] {
  return read(path)
    .split("\0")
    .filter((word) => word !== "");
}

/** Processes end while we look: what cannot be read is empty. */
function read(path: string): string {
  return readTextIfReadable(fs, path) ?? "";
}

function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path;
  }
}
