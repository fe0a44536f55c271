import { constants, type Stats } from "node:fs";
import { sep } from "node:path";
import { errorCode } from "../../machine/file-error.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { ShadowFiles } from "./shadow-files.ts";
import { type Node, ShadowTree, type Spot } from "./shadow-tree.ts";
import { copyOf, refusal, setTimes } from "./system-answers.ts";
import type { KeyringReading } from "../../machine/systems/keyring.ts";
import type { KeyringSlot } from "../context.ts";

const { S_IFDIR, S_IFLNK } = constants;

type LookOptions = { throwIfNoEntry?: boolean } | undefined;

/**
 * The files of this machine, in which whatever is changed is changed in the memory of this process and nowhere else: a
 * command can be tried on them with every token where it is. Nothing is left behind, however the process ends. Of a file
 * with two names on the disk, the other one keeps what the disk has.
 */
export function shadowFs(disk: FileSystem): FileSystem {
  const tree = new ShadowTree(disk);
  const files = new ShadowFiles(tree);

  function lookAt(path: string, follows: boolean, options: LookOptions): Stats | undefined {
    const look = follows ? disk.statSync : disk.lstatSync;
    try {
      const spot = tree.changed(path, follows);
      if (spot === null || isAsOnDisk(spot)) return look(path, options);
      const stat = tree.statAt(spot);
      if (stat) return copyOf(stat);
      throw refusal("ENOENT", path);
    } catch (error) {
      if (options?.throwIfNoEntry === false && isMissing(error)) return undefined;
      throw error;
    }
  }

  function present(path: string, follows = false): Spot {
    const spot = tree.find(path, follows);
    if (!tree.statAt(spot)) throw refusal("ENOENT", path);
    return spot;
  }

  function absent(path: string): Spot {
    const spot = tree.find(path, false);
    if (tree.statAt(spot)) throw refusal("EEXIST", path);
    tree.requireWritable(spot);
    return spot;
  }

  function remove(spot: Spot): void {
    tree.requireWritable(spot);
    if (spot.node) unlinkAll(spot.node);
    tree.put(spot, null);
  }

  /** What lies in a folder loses this name too, and may have another one. */
  function unlinkAll(node: Node): void {
    if (node.kind === "folder") for (const each of node.names.values()) if (each) unlinkAll(each);
    if (node.stat) node.stat.nlink -= 1;
  }

  function requireEmpty(spot: Spot): void {
    if (tree.namesAt(spot).length > 0) throw refusal("ENOTEMPTY", spot.path);
  }

  function requireReplaceable(spot: Spot, stat: Stats): void {
    const there = tree.statAt(spot);
    if (!there) return;
    if (there.isDirectory() && !stat.isDirectory()) throw refusal("EISDIR", spot.path);
    if (stat.isDirectory() && !there.isDirectory()) throw refusal("ENOTDIR", spot.path);
    if (there.isDirectory()) requireEmpty(spot);
  }

  function rename(from: string, to: string): void {
    const [old, next] = [present(from), tree.find(to, false)];
    for (const each of [old, next]) tree.requireWritable(each);
    if (next.path === old.path) return;
    if (next.path.startsWith(`${old.path}${sep}`)) throw refusal("EINVAL", to);
    const stat = tree.statAt(old);
    if (stat) requireReplaceable(next, stat);
    const node = tree.own(old);
    if (next.node === node) return;
    if (next.node?.stat) next.node.stat.nlink -= 1;
    tree.put(old, null);
    tree.put(next, node);
  }

  const shadow = {
    accessSync: (path: string, mode = 0) => {
      const spot = tree.changed(path, true);
      if (spot === null || isAsOnDisk(spot)) return disk.accessSync(path, mode);
      if (!tree.statAt(spot)) throw refusal("ENOENT", path);
      tree.requireAccess(spot, mode, path);
    },
    chmodSync: (path: string, mode: number) => tree.chmod(present(path, true), mode),
    closeSync: (fd: number) => files.close(fd),
    fchmodSync: (fd: number, mode: number) => files.chmod(fd, mode),
    fstatSync: (fd: number) => files.stat(fd),
    fsyncSync: () => undefined,
    linkSync: (existing: string, path: string) => {
      const [old, spot] = [present(existing), absent(path)];
      if (tree.statAt(old)?.isDirectory()) throw refusal("EPERM", existing);
      tree.ownStat(old).nlink += 1;
      tree.put(spot, tree.own(old));
    },
    lstatSync: (path: string, options?: LookOptions) => lookAt(path, false, options),
    mkdirSync: (path: string, options: number | { mode?: number } = {}) => {
      const mode = typeof options === "number" ? options : (options.mode ?? 0o777);
      const spot = absent(path);
      const stat = tree.newStat(spot, S_IFDIR, mode);
      tree.put(spot, { kind: "folder", lower: null, names: new Map(), stat });
    },
    openSync: (path: string, flags: number, mode?: number) => files.open(path, flags, mode),
    readSync: (...args: Parameters<ShadowFiles["read"]>) => files.read(...args),
    readdirSync: (path: string) => {
      const spot = tree.changed(path, true);
      if (spot === null) return disk.readdirSync(path);
      const stat = tree.statAt(spot);
      if (!stat?.isDirectory()) throw refusal(stat ? "ENOTDIR" : "ENOENT", path);
      return tree.namesAt(spot);
    },
    readlinkSync: (path: string) => {
      const spot = tree.changed(path, false);
      if (spot === null) return disk.readlinkSync(path);
      const stat = tree.statAt(spot);
      if (!stat?.isSymbolicLink()) throw refusal(stat ? "EINVAL" : "ENOENT", path);
      return tree.targetAt(spot);
    },
    realpathSync: (path: string) => {
      const spot = tree.changed(path, true);
      if (spot === null) return disk.realpathSync(path);
      if (!tree.statAt(spot)) throw refusal("ENOENT", path);
      return spot.path;
    },
    renameSync: rename,
    rmSync: (path: string, { recursive = false, force = false } = {}) => {
      if (force && !lookAt(path, false, { throwIfNoEntry: false })) return;
      const spot = present(path);
      if (tree.statAt(spot)?.isDirectory() && !recursive) throw refusal("ERR_FS_EISDIR", path);
      remove(spot);
    },
    rmdirSync: (path: string) => {
      const spot = present(path);
      if (!tree.statAt(spot)?.isDirectory()) throw refusal("ENOTDIR", path);
      requireEmpty(spot);
      remove(spot);
    },
    statSync: (path: string, options?: LookOptions) => lookAt(path, true, options),
    statfsSync: (path: string) => {
      const spot = tree.changed(path, true);
      return disk.statfsSync(spot ? tree.onDisk(spot) : path);
    },
    symlinkSync: (target: string, path: string) => {
      const spot = absent(path);
      tree.put(spot, { kind: "link", lower: null, target, stat: tree.newStat(spot, S_IFLNK, 0o777) });
    },
    unlinkSync: (path: string) => {
      const spot = present(path);
      if (tree.statAt(spot)?.isDirectory()) throw refusal("EISDIR", path);
      remove(spot);
    },
    utimesSync: (path: string, _: unknown, mtime: Date | number) =>
      setTimes(tree.ownStat(present(path, true)), mtime instanceof Date ? mtime.getTime() : mtime * 1000),
    writeSync: (...args: Parameters<ShadowFiles["write"]>) => files.write(...args),
    vault: disk.vault,
  };
  // The functions of node:fs have many forms; these are the ones that the store uses.
  return shadow as unknown as FileSystem;
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT";
}

/** Something of it differs, but not what it is by itself: a folder in which a file was changed. */
function isAsOnDisk({ node, isUntouched }: Spot): boolean {
  return isUntouched && node !== undefined && node !== null && node.stat === null;
}

/** An entry of the keyring that is read from where it lies, and changed in memory only. */
export function shadowSlot(slot: KeyringSlot): KeyringSlot {
  let changed: KeyringReading | null = null;
  return {
    mode: slot.mode,
    read: () => (changed ??= slot.read()),
    write: (text) => {
      changed = { kind: "secret", text };
      return null;
    },
    remove: () => void (changed = { kind: "absent" }),
  };
}
