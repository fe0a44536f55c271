/** A running program of this user. */
export interface RunningProgram {
  pid: number;
  /** Its file, as far as the system tells it: a path, or a name. */
  program: string;
  /** What it was started with. Where the system only has a text, words are told apart at blanks. */
  args: string[];
  /** ISO time, to the second. */
  startedAt: string;
}

/** A socket that waits for connections. */
export interface Listener {
  /** Null for a process of another user, where that is not told. */
  pid: number | null;
  uid: number | null;
  name: string;
  /** 127.0.0.1, ::1, * for every address. */
  address: string;
  port: number;
}

/** A file system and the folder that it is seen at. */
export interface Mount {
  source: string;
  mountPoint: string;
  /** As the system names it: ext4, nfs, smbfs, apfs. */
  kind: string;
  options: string;
}

/** What differs from system to system in looking at a computer. Null: this one does not tell. */
export interface System {
  /** The programs of these names, without what is after a last dot. */
  programs(names: readonly string[]): RunningProgram[] | null;
  /** The CODEX_HOME that a program uses; undefined where nothing tells. */
  codexHomeOf(pid: number): string | null | undefined;
  /** Sockets that others can reach at 127.0.0.1; of other users only some are seen. */
  listeners(): Listener[] | null;
  mounts(): Mount[] | null;
}

/** Runs a program of the system and gives what it prints; null when it is not there or fails. */
export type Ask = (program: string, args: readonly string[]) => string | null;
