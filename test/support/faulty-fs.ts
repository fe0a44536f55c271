import { spawnSync } from "node:child_process";
import * as nodeFs from "node:fs";
import type { FileSystem } from "../../src/machine/file-system.ts";
import type { ProcessIdentity } from "../../src/machine/identity.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { quietFs } from "./quiet-machine.ts";

/** What happens at the chosen call: an error, for once or from then on, or the end of the process. */
export type Fault =
  | "ENOSPC"
  | "EIO"
  | "EACCES"
  | "EROFS"
  | "ENOSPC from here on"
  | "EROFS from here on"
  | "EIO in any call"
  | "dies before"
  | "dies within a write"
  | "dies after";

const mutating = new Set([
  "chmodSync",
  "copyFileSync",
  "fchmodSync",
  "fsyncSync",
  "linkSync",
  "mkdirSync",
  "renameSync",
  "rmdirSync",
  "unlinkSync",
  "utimesSync",
  "writeSync",
]);

/** Thrown to leave a store whose process has "died". */
class Died extends Error {}

type Call = (...args: unknown[]) => unknown;

/** As node:fs takes its flags: a word or a number. */
export function opensToWrite(flags: unknown): boolean {
  const { O_WRONLY, O_RDWR } = nodeFs.constants;
  return typeof flags === "number" ? (flags & (O_WRONLY | O_RDWR)) !== 0 : flags !== "r";
}

/** The real file system, with a fault at the n-th call that changes something (from 1). */
export function faultyFileSystem(at: number, fault: Fault) {
  let count = 0;
  let isDead = false;
  let hit: string | null = null;
  const open = new Set<number>();

  function die(): never {
    isDead = true;
    // The kernel closes the descriptors of a dead process, and with them goes every flock.
    for (const fd of open) nodeFs.closeSync(fd);
    open.clear();
    throw new Died();
  }

  function call(name: string, real: Call, args: unknown[]): unknown {
    if (isDead) throw new Died();
    const changes = mutating.has(name) || (name === "openSync" && opensToWrite(args[1]));
    if (!changes && (fault !== "EIO in any call" || name === "closeSync")) return track(name, real, args);
    count += 1;
    if (fault.endsWith("from here on") ? count < at : count !== at) return track(name, real, args);
    hit ??= `${name} ${typeof args[0] === "string" ? args[0].replace(/.*\/home/, "") : ""}`;
    if (fault === "dies before") die();
    if (fault === "dies within a write") {
      if (name !== "writeSync") return track(name, real, args);
      const bytes = args[1] as Uint8Array | string;
      const half = Buffer.from(bytes).subarray(0, Math.floor(bytes.length / 2));
      nodeFs.writeSync(args[0] as number, half);
      die();
    }
    if (fault.startsWith("dies")) {
      track(name, real, args);
      die();
    }
    throw Object.assign(new Error(`${fault}: injected, ${name}`), { code: fault.split(" ")[0] });
  }

  function track(name: string, real: Call, args: unknown[]): unknown {
    const result = real(...args);
    if (name === "openSync") open.add(result as number);
    if (name === "closeSync") open.delete(args[0] as number);
    return result;
  }

  const fs = new Proxy(quietFs as typeof nodeFs, {
    get: (target, name) => {
      const real: unknown = Reflect.get(target, name);
      if (typeof real !== "function") return real;
      return (...args: unknown[]) => call(String(name), real as Call, args);
    },
  });
  return {
    fs: fs as unknown as FileSystem,
    /** How many calls changed something. */
    count: () => count,
    /** The call that met the fault. */
    hit: () => hit,
    isDead: () => isDead,
  };
}

/** The identity of a process of this machine that has ended. */
export function endedProcess(): ProcessIdentity {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  return { ...currentProcess(), pid };
}
