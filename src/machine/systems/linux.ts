import * as fs from "node:fs";
import { basename, join } from "node:path";
import { namesIn, readTextIfReadable } from "../file-system.ts";
import { readKernelFile } from "../guarded-file.ts";
import { processStat } from "../processes.ts";
import type { RunningProgram, System } from "./system.ts";

const ticksPerSecond = 100;

/** Linux tells everything in /proc, without a program. Sockets and mounts are read in ports.ts and disks.ts. */
export const linux: System = {
  programs: (names) => {
    const bootSec = bootTime();
    if (bootSec === null) return null;
    const bytes = Buffer.alloc(longestProgram);
    const mayBe = (pid: number) => names.includes(basename(programName(pid, bytes)));
    return pids()
      .filter(mayBe)
      .flatMap((pid) => programOf(pid, names, bootSec));
  },
  codexHomeOf: (pid) => codexHomeOf(pid),
  listeners: () => null,
  mounts: () => null,
};

/** All of this machine; none where there is no /proc. */
export function pids(): number[] {
  return namesIn(fs, "/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Null for a process of another user, whose environment is not ours to read. */
export function codexHomeOf(pid: number): string | null {
  const env = new Map(words(`/proc/${pid}/environ`).map((each) => split(each)));
  return env.get("CODEX_HOME") || (env.has("HOME") ? join(env.get("HOME") ?? "", ".codex") : null);
}

/** As long as a path may be. */
const longestProgram = 4096;

/** The first word of its command line; empty for one that has ended, or is a part of the kernel. */
function programName(pid: number, bytes: Buffer): string {
  try {
    const count = readKernelFile(fs, `/proc/${pid}/cmdline`, bytes);
    return firstWord(bytes.toString("latin1", 0, count));
  } catch {
    return "";
  }
}

function firstWord(text: string): string {
  return /[^\0]+/.exec(text)?.[0] ?? "";
}

function programOf(pid: number, names: readonly string[], bootSec: number): RunningProgram[] {
  const [program = "", ...args] = words(`/proc/${pid}/cmdline`);
  if (!names.includes(basename(program))) return [];
  // It may have ended while we looked.
  const stat = processStat(pid);
  return stat === null ? [] : [{ pid, program, args, startedAt: startTime(stat.start, bootSec) }];
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
