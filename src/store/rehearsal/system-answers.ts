import type { Stats } from "node:fs";

/** Node's own copy would lose what it is: its methods read the mode. */
export function copyOf(stat: Stats): Stats {
  const copy = Object.create(Object.getPrototypeOf(stat) as object) as Stats;
  return Object.assign(copy, stat);
}

export function setTimes(stat: Stats, mtimeMs: number): void {
  const time = new Date(mtimeMs);
  for (const name of ["atime", "mtime", "ctime", "birthtime"])
    Object.defineProperty(stat, name, { value: time, writable: true, enumerable: true, configurable: true });
  Object.assign(stat, { atimeMs: mtimeMs, mtimeMs, ctimeMs: mtimeMs });
}

export function refusal(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
