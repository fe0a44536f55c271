import * as nodeFs from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { FileSystem } from "../../src/machine/file-system.ts";
import { opensToWrite } from "./faulty-fs.ts";

/** A file of the model: what programs read, and what the disk has for certain. */
interface Inode {
  seen: Buffer;
  safe: Buffer;
}

type Step =
  | { kind: "folder"; path: string }
  | { kind: "symlink"; path: string; target: string }
  | { kind: "create"; path: string; inode: Inode }
  | { kind: "write"; inode: Inode; bytes: Buffer }
  | { kind: "sync"; inode: Inode }
  | { kind: "sync folder"; path: string }
  | { kind: "rename"; from: string; to: string }
  | { kind: "link"; from: string; to: string }
  | { kind: "remove"; path: string };

/** What the disk may keep of the folder entries that nobody has synced. */
export type Survival = "none" | "all" | ((step: number) => boolean);

/** A symbolic link, by what it leads to, as seen from the root of the model. It is durable with its entry. */
class Link {
  readonly target: string;

  constructor(target: string) {
    this.target = target;
  }
}

type Node = Inode | Link | null;

/** The files on a disk, by path; null is a folder. */
export type Disk = Map<string, Buffer | Link | null>;

/** The real file system, with a record of everything that changes what a power cut leaves. */
export function recordingFileSystem(root: string) {
  const steps: Step[] = [];
  const opened = new Map<number, Step & { path: string }>();
  const start = readDisk(root);
  const name = (path: unknown) => relative(root, String(path));

  const recorders: Record<string, (args: unknown[], result: unknown) => void> = {
    symlinkSync: ([target, path]) => steps.push({ kind: "symlink", path: name(path), target: name(target) }),
    mkdirSync: ([path]) => steps.push({ kind: "folder", path: name(path) }),
    openSync: ([path, flags], fd) => {
      if (!opensToWrite(flags)) opened.set(fd as number, { kind: "sync folder", path: name(path) });
      else {
        const inode = { seen: Buffer.alloc(0), safe: Buffer.alloc(0) };
        const step: Step = { kind: "create", path: name(path), inode };
        opened.set(fd as number, step);
        steps.push(step);
      }
    },
    writeSync: ([fd, bytes, offset = 0], length) => {
      const file = opened.get(fd as number);
      const from = offset as number;
      const written = Buffer.from(bytes as string).subarray(from, from + (length as number));
      if (file?.kind === "create") steps.push({ kind: "write", inode: file.inode, bytes: written });
    },
    fsyncSync: ([fd]) => {
      const file = opened.get(fd as number);
      if (file) steps.push(file.kind === "create" ? { kind: "sync", inode: file.inode } : file);
    },
    renameSync: ([from, to]) => steps.push({ kind: "rename", from: name(from), to: name(to) }),
    linkSync: ([from, to]) => steps.push({ kind: "link", from: name(from), to: name(to) }),
    unlinkSync: ([path]) => steps.push({ kind: "remove", path: name(path) }),
    // Recorded by what was there before; see below.
    rmSync: () => undefined,
    rmdirSync: ([path]) => steps.push({ kind: "remove", path: name(path) }),
  };

  const fs = new Proxy(nodeFs, {
    get: (target, key) => {
      const real: unknown = Reflect.get(target, key);
      const record = recorders[String(key)];
      if (typeof real !== "function" || !record) return real;
      return (...args: unknown[]) => {
        const below = key === "rmSync" ? pathsBelow(String(args[0])) : [];
        const result: unknown = real(...args);
        for (const path of below) steps.push({ kind: "remove", path: name(path) });
        if (!/(^|\/)(locks|auth\.lock|auth\.json\.lock)/.test(name(args[0]))) record(args, result);
        return result;
      };
    },
  });
  return {
    fs: fs as unknown as FileSystem,
    count: () => steps.length,
    /** The disk after a power cut behind the n-th step. */
    diskAfter: (count: number, survival: Survival) => replay(start, steps.slice(0, count), survival),
  };
}

function replay(start: Disk, steps: readonly Step[], survival: Survival): Disk {
  const seen = new Map<string, Node>();
  for (const [path, was] of start)
    seen.set(path, was instanceof Link || was === null ? was : { seen: was, safe: was });
  const safe = new Map(seen);
  for (const step of steps) if (step.kind === "create") step.inode.safe = step.inode.seen = Buffer.alloc(0);
  steps.forEach((step, index) => {
    if (step.kind === "write") step.inode.seen = Buffer.concat([step.inode.seen, step.bytes]);
    else if (step.kind === "sync") step.inode.safe = step.inode.seen;
    else if (step.kind === "sync folder") syncFolder(seen, safe, step.path);
    else {
      applyEntry(seen, step);
      if (survival === "all" || (survival !== "none" && survival(index))) applyEntry(safe, step);
    }
  });
  // A file is only there when every folder above it is.
  const isReachable = (path: string): boolean =>
    path === "." || path === "" || (safe.has(path) && isReachable(dirname(path)));
  return new Map(
    [...safe]
      .filter(([path]) => isReachable(path))
      .map(([path, node]) => [path, node instanceof Link || node === null ? node : node.safe]),
  );
}

function syncFolder(seen: Map<string, Node>, safe: Map<string, Node>, folder: string): void {
  const isIn = (path: string) => dirname(path) === (folder === "" ? "." : folder) && basename(path) !== "";
  for (const path of safe.keys()) if (isIn(path) && !seen.has(path)) safe.delete(path);
  for (const [path, inode] of seen) if (isIn(path)) safe.set(path, inode);
}

function applyEntry(entries: Map<string, Node>, step: Step): void {
  if (step.kind === "folder") entries.set(step.path, null);
  if (step.kind === "symlink") entries.set(step.path, new Link(step.target));
  if (step.kind === "create" && !entries.has(step.path)) entries.set(step.path, step.inode);
  if (step.kind === "remove") entries.delete(step.path);
  if (step.kind !== "rename" && step.kind !== "link") return;
  const inode = entries.get(step.from);
  if (inode === undefined) return;
  entries.set(step.to, inode);
  if (step.kind === "rename") entries.delete(step.from);
}

/** A path and all that is below it, the innermost first. */
function pathsBelow(path: string): string[] {
  const stat = nodeFs.lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  const names = stat.isDirectory() ? nodeFs.readdirSync(path) : [];
  return [...names.flatMap((each) => pathsBelow(join(path, each))), path];
}

function readDisk(root: string): Disk {
  return new Map(
    nodeFs.readdirSync(root, { recursive: true, withFileTypes: true }).map((each) => {
      const path = join(each.parentPath, each.name);
      return [relative(root, path), nodeAt(root, path, each)];
    }),
  );
}

function nodeAt(root: string, path: string, entry: nodeFs.Dirent): Buffer | Link | null {
  if (entry.isDirectory()) return null;
  return entry.isSymbolicLink()
    ? new Link(relative(root, nodeFs.readlinkSync(path)))
    : nodeFs.readFileSync(path);
}

export function writeDisk(root: string, disk: Disk): void {
  for (const [path, node] of [...disk].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (node === null) nodeFs.mkdirSync(join(root, path), { recursive: true });
    else if (node instanceof Link) nodeFs.symlinkSync(join(root, node.target), join(root, path));
    else nodeFs.writeFileSync(join(root, path), node, { mode: 0o600 });
  }
}
