import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { currentProcess } from "../../../src/machine/processes.ts";
import { type LockOwner, putUpLock, readOwner } from "../../../src/store/locks/lock-folder.ts";
import { acquireLock } from "../../../src/store/locks/lock.ts";
import { endedProcess } from "../../support/faulty-fs.ts";
import { makeHome } from "../../support/store-home.ts";
import { pathsBelow } from "../../support/tree.ts";

// A bare machine, as a container is, has no id.
const self = { ...currentProcess(), machine: "0123456789abcdef0123456789abcdef" };
const dead = { ...endedProcess(), machine: self.machine };
const at = { token: "0123456789abcdef", purpose: "switch", since: "2026-01-01T00:00:00.000Z" };

function lockPath(): string {
  return join(makeHome().dir, "store.lock");
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function acquire(path: string, waitMs: number) {
  return acquireLock({ path, purpose: "test", self, fs, sleep, waitMs });
}

function age(path: string, ms: number): void {
  const past = new Date(Date.now() - ms);
  fs.utimesSync(path, past, past);
}

const gone: [string, Partial<LockOwner>][] = [
  ["a process that has ended", dead],
  ["a process before the last boot", { boot: "another" }],
  ["a process whose id another one has now", { start: "1" }],
];

test.each(gone)("a lock of %s is taken over at once", async (_, owner) => {
  const path = lockPath();
  putUpLock(fs, path, { ...self, ...at, ...owner });
  const began = performance.now();
  const lease = await acquire(path, 0);
  expect(performance.now() - began).toBeLessThan(9_000);
  expect(readOwner(fs, path)).toMatchObject({ pid: process.pid, purpose: "test" });
  lease.assertOwned();
  await lease.release();
  expect(pathsBelow(join(path, ".."))).toEqual([]);
});

const unknown: [string, Partial<LockOwner>][] = [
  ["another machine", { host: "elsewhere" }],
  ["another container", { pidNamespace: "pid:[1]" }],
  ["another machine of the same name", { boot: "another", machine: "fedcba9876543210fedcba9876543210" }],
  ["a machine that does not tell which it is", { boot: "another", machine: null }],
];

test.each(unknown)("a lock of %s is respected for ten seconds and then taken over", async (_, owner) => {
  const path = lockPath();
  putUpLock(fs, path, { ...self, ...at, ...owner });
  await expect(acquire(path, 0)).rejects.toMatchObject({ code: "store_locked" });
  age(path, 11_000);
  await (await acquire(path, 0)).release();
});

test("a lock folder without a record is respected until it is ten seconds old", async () => {
  const path = lockPath();
  fs.mkdirSync(path);
  await expect(acquire(path, 0)).rejects.toMatchObject({ code: "store_locked" });
  age(path, 9_500);
  await (await acquire(path, 5_000)).release();
  expect(fs.existsSync(path)).toBe(false);
});

test("a lock of a living process is respected however old it is, and the error names the process", async () => {
  const path = lockPath();
  putUpLock(fs, path, { ...self, ...at });
  age(path, 3_600_000);
  await expect(acquire(path, 50)).rejects.toMatchObject({
    code: "store_locked",
    message: `store.lock is held by process ${process.pid} on ${hostname()} (switch, since ${at.since}).`,
    hint: `Wait for it to end, then run the command again. What it is: ps -fp ${process.pid}`,
  });
});

test("a takeover that was killed does not stop the next one", async () => {
  const path = lockPath();
  putUpLock(fs, path, { ...dead, ...at });
  putUpLock(fs, `${path}.takeover`, { ...dead, ...at, token: "fedcba9876543210" });
  const began = performance.now();
  await (await acquire(path, 5_000)).release();
  expect(performance.now() - began).toBeLessThan(9_000);
  expect(fs.existsSync(`${path}.takeover`)).toBe(false);
});

test("the holder sweeps away what killed processes left, and nothing of the living", async () => {
  const path = lockPath();
  const [ended, living, torn] = ["1111111111111111", "2222222222222222", "3333333333333333"] as const;
  putUpLock(fs, `${path}.${ended}`, { ...dead, ...at, token: ended });
  putUpLock(fs, `${path}.${living}`, { ...self, ...at, token: living });
  fs.mkdirSync(`${path}.${torn}`);
  putUpLock(fs, `${path}.takeover`, { ...dead, ...at, token: ended });
  const lease = await acquire(path, 0);
  await lease.release();
  expect(fs.readdirSync(join(path, ".."))).toEqual([`store.lock.${living}`]);
});

test("a lock that was taken from us is noticed, and not removed", async () => {
  const path = lockPath();
  const lease = await acquire(path, 0);
  fs.rmSync(path, { recursive: true });
  putUpLock(fs, path, { ...self, ...at });
  expect(() => lease.assertOwned()).toThrow("The lock of the store was lost");
  await lease.release();
  expect(readOwner(fs, path)).toMatchObject({ token: at.token });
});

// `fix` on a disk that became read-only waited 15 s for itself, and advised to kill its own process.
test("a lock that the disk did not let go keeps its own process from nothing but what the disk refuses", async () => {
  const path = lockPath();
  let isFailing = false;
  const failing = new Proxy(fs, {
    get(target, name: keyof typeof fs) {
      const real = target[name];
      if (!["renameSync", "rmSync", "rmdirSync", "unlinkSync"].includes(name)) return real;
      return (...args: unknown[]) => {
        if (isFailing) throw Object.assign(new Error("EROFS"), { code: "EROFS", syscall: "rename", path });
        return (real as (...all: unknown[]) => unknown)(...args);
      };
    },
  });
  const leftBehind = new Set<string>();
  const request = { path, purpose: "fix", self, fs: failing, sleep, leftBehind };
  const lease = await acquireLock(request);
  isFailing = true;
  await lease.release();
  const began = performance.now();
  await expect(acquireLock(request)).rejects.toMatchObject({
    code: "permission_denied",
    message: expect.stringContaining("read-only"),
  });
  expect(performance.now() - began).toBeLessThan(9_000);
  isFailing = false;
  await (await acquireLock(request)).release();
});
