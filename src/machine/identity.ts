// By what a file and a process are known again.

/** Tells a file that nobody touched from any other, also from one with the same bytes that was put back by hand. */
export interface FileVersion {
  inode: string;
  size: string;
  mtimeNs: string;
}

/** Names one process of one machine so that a later process can tell whether it still runs. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot; null where the system does not tell cheaply. */
  start: string | null;
  boot: string | null;
  /** What systemd calls the machine id: unlike the host name, no two machines share it. */
  machine: string | null;
  /** Process ids mean nothing outside their namespace: containers may share a folder. */
  pidNamespace: string | null;
  host: string;
}
