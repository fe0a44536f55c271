import { basename } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";

/** The process that listens on a port; without a name when it belongs to another user. */
export type PortHolder = { pid: number; name: string } | { pid: null };

/** Who listens on a port, so that 127.0.0.1 is taken. Reads /proc; null where that does not tell. */
export function portHolder(fs: FileSystem, port: number): PortHolder | null {
  const socket = ["/proc/net/tcp", "/proc/net/tcp6"]
    .map((table) => listeningSocket(read(fs, table), port))
    .find((inode) => inode !== null);
  if (!socket) return null;
  const pid = namesIn(fs, "/proc").find((name) => /^\d+$/.test(name) && hasSocket(fs, name, socket));
  return pid === undefined ? { pid: null } : { pid: Number(pid), name: nameOf(fs, pid) };
}

/** Whether anybody listens on a port of this machine; null where the system does not tell. */
export function isListening(fs: FileSystem, port: number): boolean | null {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((table) => read(fs, table));
  if (tables.every((table) => table === "")) return null;
  return tables.some((table) => listeningSocket(table, port) !== null);
}

/** Fields: number, local address, remote address, state (0A: listening), …, inode in the tenth. */
function listeningSocket(table: string, port: number): string | null {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [address = "", own] = (fields[1] ?? "").split(":");
    if (fields[3] === "0A" && own === wanted && takesLoopback(address)) return fields[9] ?? null;
  }
  return null;
}

/** 127.0.0.1 or every address, as the kernel writes them; ::1 and the addresses of cards do not stand in the way. */
function takesLoopback(address: string): boolean {
  return /^(?:0100007F|0{8}|0{32}|0{16}FFFF00000100007F)$/.test(address);
}

function hasSocket(fs: FileSystem, pid: string, inode: string): boolean {
  return namesIn(fs, `/proc/${pid}/fd`).some((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
    } catch {
      return false;
    }
  });
}

/** The program, or the script that an interpreter runs. Arguments may hold secrets and are not shown. */
function nameOf(fs: FileSystem, pid: string): string {
  const [program = "", script = ""] = read(fs, `/proc/${pid}/cmdline`).split("\0");
  // sshd writes what it does where the arguments were.
  const name = basename(program.split(": ")[0] ?? "");
  const isInterpreter = /^(node|python[\d.]*|ruby|perl|bun|deno)$/.test(name);
  const hasScript = isInterpreter && script !== "" && !script.startsWith("-");
  return (hasScript ? basename(script) : name) || read(fs, `/proc/${pid}/comm`).trim();
}

/** Processes end while we look: what cannot be read is empty. */
function read(fs: FileSystem, path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
