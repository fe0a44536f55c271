import { basename } from "node:path";
import { type FileSystem, namesIn, readTextIfReadable } from "./file-system.ts";
import { systemOf } from "./systems/here.ts";
import type { Listener } from "./systems/system.ts";

/** The process that listens on a port; without a name when it belongs to another user. */
export type PortHolder = { pid: number; name: string } | { pid: null };

/** Who listens on a port, so that 127.0.0.1 is taken; null where nothing tells. */
export function portHolder(fs: FileSystem, port: number): PortHolder | null {
  return portHolders(fs, [port])?.get(port) ?? null;
}

/** The same for several ports, those that nobody holds left out. Linux tells in /proc, others through a program. */
export function portHolders(
  fs: FileSystem,
  ports: readonly number[],
  platform: string = process.platform,
): Map<number, PortHolder> | null {
  if (platform === "linux") return holdersInProc(fs, ports);
  const listeners = systemOf(platform).listeners();
  return listeners && holdersAmong(listeners, ports);
}

/** Of other users macOS shows no socket, so that a port may be held although nobody is found. */
export function holdersAmong(
  listeners: readonly Listener[],
  ports: readonly number[],
): Map<number, PortHolder> {
  const taken = listeners.filter(({ address }) => address === "*" || address === "127.0.0.1");
  const held = taken.filter(({ port }) => ports.includes(port));
  return new Map(held.map(({ pid, port, name }) => [port, pid === null ? { pid } : { pid, name }]));
}

function holdersInProc(fs: FileSystem, ports: readonly number[]): Map<number, PortHolder> {
  const sockets = listeningSockets(tables(fs));
  const held = ports.flatMap((port): [number, PortHolder][] => {
    const socket = sockets.get(port);
    return socket === undefined ? [] : [[port, ownerOf(fs, socket)]];
  });
  return new Map(held);
}

/** Whether anybody listens on a port of this machine; null where the system does not tell. */
export function isListening(fs: FileSystem, port: number): boolean | null {
  const text = tables(fs);
  return text.trim() === "" ? null : listeningSockets(text).has(port);
}

/** The user, not this one, that gets what is sent to 127.0.0.1 on a port; null when there is none, or nobody tells. */
export function foreignListener(fs: FileSystem, port: number, ownUid = process.getuid?.()): number | null {
  if (ownUid === undefined) return null;
  const held = [...tables(fs).matchAll(listener)].filter(
    ([, address = "", hex = ""]) => takesLoopback(address) && Number.parseInt(hex, 16) === port,
  );
  // A listener on 127.0.0.1 itself comes before one on every address.
  const [first] = held.toSorted(([, a = ""], [, b = ""]) => Number(/^0+$/.test(a)) - Number(/^0+$/.test(b)));
  const uid = Number(first?.[3]);
  return first === undefined || uid === ownUid ? null : uid;
}

/**
 * Whether a program of another user connected from one port of 127.0.0.1 to another. Root may read everything anyway;
 * false where nothing tells.
 */
export function isForeignClient(
  fs: FileSystem,
  { from, to }: { from: number; to: number },
  ownUid = process.getuid?.(),
): boolean {
  if (ownUid === undefined) return false;
  const hex = (port: number) => `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const ends = ` ${hex(from)} ${hex(to)} `;
  const line = read(fs, "/proc/net/tcp")
    .split("\n")
    .find((each) => each.includes(ends));
  // Number, both ends, state, three more fields, user.
  const uid = Number(line?.trim().split(/\s+/)[7]);
  return Number.isInteger(uid) && uid !== 0 && uid !== ownUid;
}

/** What a running Codex was told on its command line about where to send its requests; null when nothing. */
export function baseUrlOfProcess(fs: FileSystem, pid: number): string | null {
  return (
    /\0(?:-c|--config)?=?openai_base_url="?([^"\0]+)/.exec(read(fs, `/proc/${pid}/cmdline`))?.[1] ?? null
  );
}

function ownerOf(fs: FileSystem, socket: string): PortHolder {
  const pid = namesIn(fs, "/proc").find((name) => /^\d+$/.test(name) && hasSocket(fs, name, socket));
  return pid === undefined ? { pid: null } : { pid: Number(pid), name: nameOf(fs, pid) };
}

function tables(fs: FileSystem): string {
  return `${read(fs, "/proc/net/tcp")}\n${read(fs, "/proc/net/tcp6")}`;
}

/** Number, local address and port, remote address, state 0A (listening), three more fields, user, one more, inode. */
const listener = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A(?: +\S+){3} +(\d+) +\S+ +(\d+)/gm;

/** Port -> inode. A busy machine has thousands of connections, so nothing is made of the other lines. */
function listeningSockets(text: string): Map<number, string> {
  const found = [...text.matchAll(listener)].filter(([, address = ""]) => takesLoopback(address));
  return new Map(found.map(([, , port = "", , inode = ""]) => [Number.parseInt(port, 16), inode]));
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
  return readTextIfReadable(fs, path) ?? "";
}
