import { basename, join } from "node:path";
import { namesIn, readTextIfReadable } from "../file-system.ts";
import { readKernelFile } from "../guarded-file.ts";
import { processStat } from "../processes.ts";
import type { RunningProgram, System } from "./system.ts";
import * as fs from "node:fs";

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

/**
 * Whether a process certainly renews no token at this moment: it has no connection, none of its threads works, and it
 * neither holds nor waits for the locks of auth.json. What cannot be read is no proof.
 */
export function isIdle(pid: number): boolean {
  try {
    const files = fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkAt(`/proc/${pid}/fd/${fd}`));
    if (files.some((path) => /\/auth(\.json)?\.lock$/.test(path))) return false;
    return !isConnected(pid, files) && !isWorking(pid);
  } catch {
    return false;
  }
}

function readSurely(path: string): string {
  const text = readTextIfReadable(fs, path);
  if (text === null) throw new Error(`${path} cannot be read`);
  return text;
}

/** It may be closed while we look. */
function linkAt(path: string): string[] {
  try {
    return [fs.readlinkSync(path)];
  } catch {
    return [];
  }
}

function isConnected(pid: number, files: readonly string[]): boolean {
  const inodes = new Set(files.flatMap((path) => /^socket:\[(\d+)\]$/.exec(path)?.[1] ?? []));
  return ["tcp", "tcp6", "udp", "udp6"].some((kind) =>
    socketsOf(pid, kind).some(({ inode, isListening }) => !isListening && inodes.has(inode)),
  );
}

/** Fields 4 and 10 of a line: the state, 0A when it listens, and the inode. */
function socketsOf(pid: number, kind: string): { inode: string; isListening: boolean }[] {
  const lines = readSurely(`/proc/${pid}/net/${kind}`).split("\n").slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [state, inode] = [fields[3], fields[9]];
    return inode === undefined ? [] : [{ inode, isListening: state === "0A" }];
  });
}

/** A thread that waits for a processor, or for the disk, works too. */
function isWorking(pid: number): boolean {
  return fs.readdirSync(`/proc/${pid}/task`).some((thread) => {
    const text = readSurely(`/proc/${pid}/task/${thread}/stat`);
    return !/^[SIZX]/.test(text.slice(text.lastIndexOf(")") + 2));
  });
}
