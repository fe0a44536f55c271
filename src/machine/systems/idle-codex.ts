import * as fs from "node:fs";
import { readTextIfReadable } from "../file-system.ts";

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

function read(path: string): string {
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
  const lines = read(`/proc/${pid}/net/${kind}`).split("\n").slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [state, inode] = [fields[3], fields[9]];
    return inode === undefined ? [] : [{ inode, isListening: state === "0A" }];
  });
}

/** A thread that waits for a processor, or for the disk, works too. */
function isWorking(pid: number): boolean {
  return fs.readdirSync(`/proc/${pid}/task`).some((thread) => {
    const text = read(`/proc/${pid}/task/${thread}/stat`);
    return !/^[SIZX]/.test(text.slice(text.lastIndexOf(")") + 2));
  });
}
