import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lentLogin } from "../../../src/codex/login-documents.ts";
import { currentProcess } from "../../../src/machine/processes.ts";
import { endedProcess, faultyFileSystem } from "../../support/faulty-fs.ts";
import { recordingFileSystem, type Survival, writeDisk } from "../../support/power-loss.ts";
import { type Home, homeWith, makeHome, poolOf, seat, storeOf } from "../../support/store-home.ts";
import { pathsBelow } from "../../support/tree.ts";

const survivals: Survival[] = [
  "none",
  "all",
  ...[3, 5, 7].map((prime) => (step: number) => (step * 7919) % prime < prime / 2),
];
const before = { ...currentProcess(), machine: "0123456789abcdef0123456789abcdef" };
/** The same machine, started again. */
const afterwards = { ...before, boot: "another", pid: before.pid + 1 };

/** What `exec` does to the store: a private home, a renewed lease, a session that was made inside, the end. */
async function useHome(home: Home, more: Parameters<typeof storeOf>[1]): Promise<void> {
  const store = storeOf(home, more);
  const account = (await store.read()).pool.accounts[0];
  if (!account) throw new Error("There is no account.");
  const opened = await store.openPrivateHome(account.id, lentLogin(account.auth));
  opened.occupy(endedProcess().pid);
  fs.writeFileSync(join(opened.path, "notes.md"), "made inside");
  await opened.lend(lentLogin(seat("a", { issuedAt: Math.floor(Date.now() / 1000) + 1 })));
  await opened.close();
}

/** Whatever of a private home is left that holds a login, or keeps its place. */
function leasesIn({ paths }: Home): string[] {
  if (!fs.existsSync(paths.homesDir)) return [];
  return pathsBelow(paths.homesDir).filter((path) =>
    /auth\.json|\.owner$|codex-auth-tmp$/.test(basename(path)),
  );
}

/** A minute later: whatever was being written then is no longer. */
function age(folder: string): void {
  for (const path of ["", ...pathsBelow(folder)])
    fs.lutimesSync(join(folder, path), 1, Date.now() / 1000 - 120);
}

// In 89 of 265 trials a lease stayed for ever: the record of the home was not synced, so that it came back empty or
// not at all, and a home without a record is nobody's.
test("a power cut at any moment of exec leaves no lease that the next command does not sweep", async () => {
  const home = await homeWith(["a"]);
  const { fs: recorded, diskAfter, count } = recordingFileSystem(home.root);
  await useHome(home, { fs: recorded, self: () => before });
  const kept: string[] = [];
  let trials = 0;
  for (const survival of survivals) {
    for (let steps = 0; steps <= count(); steps += 1) {
      const after = makeHome();
      writeDisk(after.root, diskAfter(steps, survival));
      age(after.root);
      await storeOf(after, { self: () => afterwards }).transaction("next", () => undefined);
      trials += 1;
      const left = leasesIn(after);
      if (left.length > 0) kept.push(`${steps}: ${left.join(" ")}`);
      expect(poolOf(after).accounts).toHaveLength(1);
    }
  }
  expect(kept, `${kept.length} of ${trials}`).toEqual([]);
});

test("a kill at any moment of exec leaves no lease that the next command does not sweep", async () => {
  for (const fault of ["dies before", "dies within a write", "dies after"] as const) {
    for (let at = 1; ; at += 1) {
      const home = await homeWith(["a"]);
      const faulty = faultyFileSystem(at, fault);
      const ended = endedProcess();
      await useHome(home, { fs: faulty.fs, self: () => ended }).catch(() => undefined);
      if (!faulty.isDead() && faulty.hit() === null) break;
      age(home.root);
      await storeOf(home).transaction("next", () => undefined);
      expect(leasesIn(home), `${fault} ${faulty.hit()}`).toEqual([]);
    }
  }
}, 300_000);

const hourSec = 3600;

test.each([
  ["whose login ended long ago is swept", -30 * hourSec, false],
  ["whose login still holds is left alone", hourSec, true],
])("a home of a machine that does not tell which it is, %s", async (_, endsInSec, stays) => {
  const home = await homeWith(["a"]);
  const earlier = { ...before, machine: null, boot: "another", pid: before.pid + 1 };
  const store = storeOf(home, { self: () => earlier });
  const nowSec = Math.floor(Date.now() / 1000);
  const lease = lentLogin(
    seat("a", { issuedAt: nowSec - 240 * hourSec, expiresInSec: 240 * hourSec + endsInSec }),
  );
  const { path } = await store.openPrivateHome("0123456789ab", lease);
  age(home.paths.homesDir);
  await storeOf(home).transaction("next", () => undefined);
  expect(fs.existsSync(path)).toBe(stays);
});

test("a home without a record is swept only when it is one of ours, and not while something runs in it", async () => {
  const home = await homeWith(["a"]);
  const ours = join(home.paths.homesDir, "0123456789ab-1");
  const others = ["notes", "0123456789ab-2"].map((name) => join(home.paths.homesDir, name));
  for (const path of [ours, ...others]) fs.mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const path of [ours, others[0] ?? ""])
    fs.writeFileSync(join(path, "auth.json"), JSON.stringify(lentLogin(seat("a"))));
  fs.symlinkSync(join(home.dir, "sessions"), join(others[1] ?? "", "sessions"));
  await storeOf(home).transaction("young", () => undefined);
  expect(fs.existsSync(ours)).toBe(true);
  age(home.paths.homesDir);
  const inside = spawn("sleep", ["60"], { env: { CODEX_HOME: ours, PATH: process.env["PATH"] } });
  onTestFinished(() => void inside.kill("SIGKILL"));
  await once(inside, "spawn");
  await storeOf(home).transaction("used", () => undefined);
  expect(fs.existsSync(ours)).toBe(true);
  inside.kill("SIGKILL");
  await once(inside, "exit");
  await storeOf(home).transaction("next", () => undefined);
  expect([ours, ...others].map((path) => fs.existsSync(path))).toEqual([false, true, true]);
});
