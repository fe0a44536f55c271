import { constants, type Stats } from "node:fs";
import { join, parse, resolve, sep } from "node:path";
import { existingFolder, freeBytes } from "../../machine/disks.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { copyOf, refusal, setTimes } from "./system-answers.ts";

/** What stands in the shadow: changed, moved or made there. Where `stat` is null, the attributes are those on the disk. */
export type Node = FolderNode | FileNode | LinkNode | OtherNode;

interface OnDisk {
  /** Where the disk has it; null for what was made here. */
  lower: string | null;
  stat: Stats | null;
}

interface FolderNode extends OnDisk {
  kind: "folder";
  /** What differs from the disk in it; null: it is gone. */
  names: Map<string, Node | null>;
}

export interface FileNode extends OnDisk {
  kind: "file";
  /** Null: as on the disk. */
  bytes: Buffer | null;
}

interface LinkNode extends OnDisk {
  kind: "link";
  target: string;
}

/** A pipe, a device, a socket. */
interface OtherNode extends OnDisk {
  kind: "other";
}

/** A place, links followed; something need not stand there. */
export interface Spot {
  path: string;
  name: string;
  /** Null for a root. */
  folder: Spot | null;
  /** Undefined: as on the disk. */
  node: Node | null | undefined;
  lower: string | null;
  /** The way here is no other than on the disk, so that the disk can be asked with the path as it was given. */
  isUntouched: boolean;
}

const mostLinks = 40;

/** Which parts of the file system differ from the disk. Reads the disk, and changes nothing on it. */
export class ShadowTree {
  readonly disk: FileSystem;
  readonly #roots = new Map<string, Spot>();
  #nextInode = 2 ** 40;

  constructor(disk: FileSystem) {
    this.disk = disk;
  }

  /** Where a path leads. Throws what the system would where a folder on the way is missing or is none. */
  find(path: string, follows: boolean): Spot {
    const whole = resolve(path);
    const { root } = parse(whole);
    let spot = this.#rootAt(root);
    let stat: Stats | undefined;
    let isUntouched = true;
    const names = namesOf(whole.slice(root.length));
    for (let links = 0; names.length > 0;) {
      const problem = spot.folder === null ? null : problemOf(stat);
      if (problem) throw Object.assign(refusal(problem, path), { isUntouched });
      spot = this.childOf(spot, names.shift() ?? "");
      if (spot.lower !== spot.path) isUntouched = false;
      if (names.length === 0 && !follows) break;
      stat = this.statAt(spot);
      if (!stat?.isSymbolicLink()) continue;
      if (spot.node) isUntouched = false;
      if ((links += 1) > mostLinks) throw Object.assign(refusal("ELOOP", path), { isUntouched });
      const target = resolve(spot.folder?.path ?? root, this.targetAt(spot));
      const start = parse(target).root;
      names.unshift(...namesOf(target.slice(start.length)));
      spot = this.#rootAt(start);
    }
    return { ...spot, isUntouched };
  }

  childOf(folder: Spot, name: string): Spot {
    const own = folder.node?.kind === "folder" ? folder.node : null;
    const isChanged = own?.names.has(name) ?? false;
    const node = isChanged ? (own?.names.get(name) ?? null) : undefined;
    const above = own ? own.lower : folder.lower;
    const lower = isChanged ? (node?.lower ?? null) : above === null ? null : join(above, name);
    return { path: join(folder.path, name), name, folder, node, lower, isUntouched: true };
  }

  /** Of the name itself; undefined where nothing has it. */
  statAt({ node, lower }: Spot): Stats | undefined {
    if (node === null) return undefined;
    if (node?.stat) return node.stat;
    return lower === null ? undefined : this.disk.lstatSync(lower, { throwIfNoEntry: false });
  }

  targetAt({ node, lower }: Spot): string {
    return node?.kind === "link" ? node.target : this.disk.readlinkSync(lower ?? "");
  }

  /** What stands at a place, as something of the shadow. */
  own(spot: Spot): Node {
    spot.node ??= this.#putThere(spot);
    if (spot.node) return spot.node;
    const stat = this.statAt(spot);
    if (!stat) throw refusal("ENOENT", spot.path);
    const { lower } = spot;
    const base = { lower, stat: null };
    const made: Node = stat.isDirectory()
      ? { ...base, kind: "folder", names: new Map() }
      : stat.isFile()
        ? { ...base, kind: "file", bytes: null }
        : stat.isSymbolicLink()
          ? { ...base, kind: "link", target: this.targetAt(spot) }
          : { ...base, kind: "other" };
    this.put(spot, made);
    return made;
  }

  /** What another look at the same place has put there. */
  #putThere({ folder, name }: Spot): Node | undefined {
    const own = folder && this.own(folder);
    return own?.kind === "folder" ? (own.names.get(name) ?? undefined) : undefined;
  }

  /** With attributes that may be changed. */
  ownStat(spot: Spot): Stats {
    const node = this.own(spot);
    node.stat ??= copyOf(this.disk.lstatSync(node.lower ?? ""));
    return node.stat;
  }

  /** Null removes what stands there. */
  put(spot: Spot, node: Node | null): void {
    spot.node = node;
    if (spot.folder === null) return;
    const folder = this.own(spot.folder);
    if (folder.kind === "folder") folder.names.set(spot.name, node);
  }

  /** Attributes for something new, like those of a folder around it. */
  newStat(spot: Spot, type: number, mode: number): Stats {
    let folder = spot.folder ?? spot;
    while (folder.folder && !this.statAt(folder)) folder = folder.folder;
    const stat = copyOf(this.statAt(folder) ?? this.disk.lstatSync("/"));
    const uid = process.geteuid?.() ?? stat.uid;
    const gid = process.getegid?.() ?? stat.gid;
    this.#nextInode += 1;
    Object.assign(stat, { mode: type | mode, nlink: 1, size: 0, uid, gid, ino: this.#nextInode });
    setTimes(stat, Date.now());
    return stat;
  }

  /** Throws where no name can be made or taken away in the folder of a place. */
  requireWritable({ folder, path }: Spot): void {
    if (folder) this.requireAccess(folder, constants.W_OK | constants.X_OK, path);
  }

  requireAccess({ node, lower }: Spot, wanted: number, path: string): void {
    if (!node?.stat) return this.disk.accessSync(lower ?? path, wanted);
    const { mode, uid } = node.stat;
    const own = process.geteuid?.() ?? uid;
    const bits = own === uid ? mode >> 6 : mode;
    if (own !== 0 && (bits & wanted & 7) !== (wanted & 7)) throw refusal("EACCES", path);
  }

  /** The path itself, or the nearest folder above it that the disk has. */
  onDisk(spot: Spot): string {
    let there: Spot | null = spot;
    while (there && there.lower === null) there = there.folder;
    return there?.lower ?? spot.path;
  }

  /** A disk that does not tell has no end. */
  freeBytes(spot: Spot): number {
    return freeBytes(this.disk, existingFolder(this.disk, this.onDisk(spot))) ?? Number.POSITIVE_INFINITY;
  }

  chmod(spot: Spot, mode: number): void {
    const stat = this.ownStat(spot);
    const own = process.geteuid?.() ?? 0;
    if (own !== 0 && own !== stat.uid) throw refusal("EPERM", spot.path);
    stat.mode = (stat.mode & constants.S_IFMT) | mode;
  }

  /** Where a path leads; null where the disk can be asked with the path itself, which also says best what is missing. */
  changed(path: string, follows: boolean): Spot | null {
    if (!this.#isChanged()) return null;
    try {
      const spot = this.find(path, follows);
      return spot.isUntouched && spot.node === undefined ? null : spot;
    } catch (error) {
      const isOwn = error instanceof Error && "isUntouched" in error && !error.isUntouched;
      if (isOwn) throw error;
      return null;
    }
  }

  namesAt(spot: Spot): string[] {
    const own = spot.node?.kind === "folder" ? spot.node : null;
    const lower = own ? own.lower : spot.lower;
    const names = new Set(lower === null ? [] : this.disk.readdirSync(lower));
    for (const [name, node] of own?.names ?? []) {
      if (node === null) names.delete(name);
      else names.add(name);
    }
    return [...names];
  }

  #rootAt(path: string): Spot {
    const known = this.#roots.get(path);
    if (known) return known;
    const node: FolderNode = { kind: "folder", lower: path, stat: null, names: new Map() };
    const spot: Spot = { path, name: "", folder: null, node, lower: path, isUntouched: true };
    this.#roots.set(path, spot);
    return spot;
  }

  /** Until something differs, every path is as on the disk. */
  #isChanged(): boolean {
    for (const { node } of this.#roots.values())
      if (node?.kind === "folder" && (node.names.size > 0 || node.stat !== null)) return true;
    return false;
  }
}

function problemOf(folder: Stats | undefined): "ENOENT" | "ENOTDIR" | null {
  if (!folder) return "ENOENT";
  return folder.isDirectory() ? null : "ENOTDIR";
}

function namesOf(path: string): string[] {
  return path.split(sep).filter((name) => name !== "");
}
