import * as fs from "node:fs";
import { resolve } from "node:path";
import type { FileSystem } from "../../src/machine/file-system.ts";
import { withMadeUpFiles } from "./made-up-files.ts";

/** The part of a scene that a real file system cannot show. Paths are relative to the home, or absolute. */
export interface FaultyPlaces {
  /** User ids of the owners. */
  owners?: Record<string, number>;
  /** What may not be read. */
  forbidden?: string[];
  /** Folders in which nothing may be written. */
  readOnly?: Record<string, "EACCES" | "EROFS">;
  freeBytes?: number;
  /**
   * What is read where these paths outside the home are opened, /proc/self/mounts for example. A value that begins
   * with "-> " is a link. Folders hold what is named below them.
   */
  system?: Record<string, string>;
}

/** Whatever else runs on the machine of the tests, here nobody listens, it is no WSL, and the disk is a plain one. */
const quietSystem: Record<string, string> = {
  "/proc/net/tcp": "",
  "/proc/net/tcp6": "",
  "/proc/version": "Linux version 6.1",
  "/proc/self/mounts": "disk / ext4 rw 0 0\n",
};

/** The real file system, but for what git and an ordinary machine cannot hold. */
export function faultyHomeFs(home: string, places: FaultyPlaces): FileSystem {
  const { owners = {}, forbidden = [], readOnly = {}, freeBytes = 10 ** 12 } = places;
  const system: Record<string, string | undefined> = { ...quietSystem, ...places.system };
  const at = <T>(table: Record<string, T>, path: unknown): T | undefined =>
    Object.entries(table).find(([name]) => resolve(home, name) === path)?.[1];
  const isForbidden = (path: unknown) => forbidden.some((name) => resolve(home, name) === path);
  const madeUp = withMadeUpFiles((path) => {
    const text = system[path];
    return text?.startsWith("-> ") ? undefined : text;
  });
  const wrapped = {
    readlinkSync: (path: string) => {
      const text = system[path];
      return text?.startsWith("-> ") ? text.slice(3) : fs.readlinkSync(path);
    },
    readdirSync: (path: string, ...rest: unknown[]) => {
      const below = Object.keys(system).filter((name) => name.startsWith(`${path}/`));
      const names = below.map((name) => name.slice(path.length + 1).split("/")[0] ?? "");
      return names.length > 0 ? [...new Set(names)] : fs.readdirSync(path, ...(rest as []));
    },
    openSync: (path: string, ...rest: unknown[]) =>
      isForbidden(path) ? refuse("EACCES") : madeUp.openSync(path, ...rest),
    accessSync: (path: string, mode: number) => {
      const code = mode & fs.constants.W_OK ? at(readOnly, path) : undefined;
      if (code !== undefined || isForbidden(path)) refuse(code ?? "EACCES");
      fs.accessSync(path, mode);
    },
    statSync: (path: string, ...rest: unknown[]) => {
      const stat = madeUp.statSync(path, ...rest);
      const uid = at(owners, path);
      return uid === undefined || !stat ? stat : Object.assign(stat as fs.Stats, { uid, gid: uid });
    },
    statfsSync: () => ({ bavail: freeBytes, bsize: 1 }),
  };
  return { ...fs, ...wrapped } as unknown as FileSystem;
}

function refuse(code: string): never {
  throw Object.assign(new Error(code), { code });
}
