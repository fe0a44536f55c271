import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/**
 * Whether a process certainly renews no token at this moment: it has no connection, none of its threads works, and it
 * neither holds nor waits for the locks of auth.json. What cannot be read is no proof.
 */
export function isIdle(pid: number): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkAt(`/proc/${pid}/fd/${fd}`));
    if (files.some((path) => /\/auth(\.json)?\.lock$/.test(path))) return false;
    return !isConnected(pid, files) && !isWorking(pid);
  } catch {
    return false;
  }
}

/** It may be closed while we look. */
function linkAt(path: string): string[] {
  try {
    return [readlinkSync(path)];
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
  const lines = readFileSync(`/proc/${pid}/net/${kind}`, "utf8").split("\n").slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [state, inode] = [fields[3], fields[9]];
    return inode === undefined ? [] : [{ inode, isListening: state === "0A" }];
  });
}

/** A thread that waits for a processor, or for the disk, works too. */
function isWorking(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).some((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return !/^[SIZX]/.test(text.slice(text.lastIndexOf(")") + 2));
  });
}
