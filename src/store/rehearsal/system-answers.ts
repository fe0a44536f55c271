import type { Stats } from "node:fs";

/** Node's own copy would lose what it is: its methods read the mode. */
export function copyOf(stat: Stats): Stats {
  const copy = Object.create(Object.getPrototypeOf(stat) as object) as Stats;
  return Object.assign(copy, stat);
}

export function setTimes(stat: Stats, mtimeMs: number): void {
  const time = new Date(mtimeMs);
  // By assignment: what Node 22 has made of a date once cannot be defined again.
  Object.assign(stat, { atime: time, mtime: time, ctime: time, birthtime: time });
  Object.assign(stat, { atimeMs: mtimeMs, mtimeMs, ctimeMs: mtimeMs, birthtimeMs: mtimeMs });
}

export function refusal(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
