import * as fs from "node:fs";
import type { FileSystem } from "../../src/machine/file-system.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { withMadeUpFiles } from "./made-up-files.ts";

/**
 * The real file system, but for who listens on a port: a login that waits on the machine of the tests, or another
 * program that has the ports of a login, is no fault of a home.
 */
export const quietFs = {
  ...fs,
  ...withMadeUpFiles((path) => (/^\/proc\/net\/tcp6?$/.test(path) ? "" : undefined)),
} as unknown as FileSystem;

const self = currentProcess();

/**
 * What the store asks of the machine again and again: who we are, which takes long in a process of many threads, and the
 * locks of Codex, each of which is a program to start. Their tests are test/store/locks/*.process.test.ts.
 */
export const quietParts = {
  self: () => self,
  flock: () => Promise.resolve({ kind: "locked", name: "flock" } as const),
};
