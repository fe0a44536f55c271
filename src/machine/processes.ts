import type { ProcessIdentity } from "./identity.ts";
import * as fs from "node:fs";
import { type FileSystem, readTextIfReadable } from "./file-system.ts";

export type Liveness = "self" | "alive" | "dead" | "unknown";

export function currentProcess(): ProcessIdentity {
  return identityOf(process.pid);
}

/** Names a process of this machine that runs now. */
export function identityOf(pid: number): ProcessIdentity {
  return {
    pid,
    start: processStat(pid)?.start ?? null,
    boot: readTextIfReadable(fs, "/proc/sys/kernel/random/boot_id")?.trim() ?? null,
    machine: machineId(),
    pidNamespace: pidNamespace(),
    host: process.getBuiltinModule("node:os").hostname(),
  };
}

/** "alive" and "dead" are proofs; anything less is "unknown". */
export function livenessOf(other: ProcessIdentity, self: ProcessIdentity): Liveness {
  if (other.host !== self.host) return "unknown";
  const isSameMachine = isKnown(other.machine) && other.machine === self.machine;
  // Two machines may have one name. What ran before the last start of this one has ended; of another nothing is known.
  if (isKnown(other.machine) && isKnown(self.machine) && !isSameMachine) return "unknown";
  if ((other.boot ?? null) !== self.boot)
    return isSameMachine && isKnown(other.boot) && isKnown(self.boot) ? "dead" : "unknown";
  if (other.pidNamespace !== self.pidNamespace) return "unknown";
  if (other.pid === self.pid && other.start === self.start) return "self";
  if (!isRunning(other.pid)) return "dead";
  const stat = processStat(other.pid);
  if (stat === null) return "unknown";
  // A zombie has ended, although it answers signals; in a container whose first process reaps nobody it stays so.
  if (stat.state === "Z" || stat.state === "X") return "dead";
  if (other.start === null) return "unknown";
  return stat.start === other.start ? "alive" : "dead";
}

/** Records of an earlier version lack the machine, and other systems tell neither. */
function isKnown(id: string | null | undefined): id is string {
  return typeof id === "string";
}

/** Null in most containers: an image has none of its own. */
function machineId(): string | null {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    const text = readTextIfReadable(fs, path)?.trim() ?? "";
    if (/^[0-9a-f]{32}$/.test(text)) return text;
  }
  return null;
}

/** Of this machine, whoever it belongs to. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, but belongs to another user.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Fields 3 and 22 of /proc/<pid>/stat; the command name in field 2 may hold spaces and brackets. */
export function processStat(pid: number): { state: string; start: string } | null {
  const text = readTextIfReadable(fs, `/proc/${pid}/stat`);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? null : { state, start };
}

function pidNamespace(): string | null {
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

/** What this program runs on, for a report of trouble. */
export function runtimeFacts(): { nodeVersion: string; platform: string } {
  return { nodeVersion: process.version, platform: `${process.platform}-${process.arch}` };
}

/** Whether this runs in a container: Docker and Podman leave a mark. */
export function isInContainer(fs: FileSystem): boolean {
  return ["/.dockerenv", "/run/.containerenv"].some(
    (path) => fs.statSync(path, { throwIfNoEntry: false }) !== undefined,
  );
}
