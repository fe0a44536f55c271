import { existsSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stateOf } from "../../support/store-changes.ts";
import {
  ended,
  type Ended,
  type Home,
  homeWith,
  run,
  seat,
  start,
  storeOf,
} from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const kills = process.env["CODEX_AUTH_SOAK"] ? 1000 : 200;
const lanes = 2;

interface Command {
  args: string[];
  /** The state that it leads to, as `stateOf` tells it. */
  after: string;
}

test(`kill -9 at ${kills} random moments: the next command finds everything`, async () => {
  const found: string[][] = await Promise.all(
    Array.from({ length: lanes }, () => killAgainAndAgain(kills / lanes)),
  );
  const count = new Map<string, number>();
  for (const moment of found.flat()) count.set(moment, (count.get(moment) ?? 0) + 1);
  expect((count.get("holding the lock") ?? 0) + (count.get("between the two files") ?? 0)).toBeGreaterThan(
    kills / 20,
  );
}, 600_000);

async function killAgainAndAgain(times: number): Promise<string[]> {
  const home = await homeWith(["a", "b", "c"]);
  writeFileSync(join(home.root, "d.json"), JSON.stringify(seat("d")));
  const moments: string[] = [];
  let lifeMs = await lifetimeMs(home);
  for (let kill = 0; kill < times; kill += 1) {
    const before = stateOf(home);
    const command = nextCommand(home, before);
    const began = performance.now();
    const child = await killed(home, command, { lifeMs, waitsForLock: kill % 3 !== 0 });
    if (child.signal === null) lifeMs = performance.now() - began;
    const where = `${command.args.join(" ")}, killed: ${child.signal}, ${child.stderr}`;
    if (child.signal === null) expect(child.code, where).toBe(0);
    moments.push(momentOf(home, child, { before, after: command.after }));
    await settleState(home, kill);
    expect(leftovers(home), where).toEqual([]);
    expect(child.signal === null ? [command.after] : [before, command.after], where).toContain(stateOf(home));
  }
  return moments;
}

async function lifetimeMs(home: Home): Promise<number> {
  const began = performance.now();
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  return performance.now() - began;
}

function nextCommand({ root }: Home, state: string): Command {
  const names = state.split("; ")[0] ?? "";
  if (Math.random() < 0.3) {
    return names.includes("d@example.com")
      ? { args: ["remove", "d@example.com"], after: state.replace(" d@example.com", "") }
      : { args: ["import", join(root, "d.json")], after: state.replace(";", " d@example.com;") };
  }
  const others = ["label-a", "label-b", "label-c"].filter((label) => !state.includes(`active ${label}`));
  const label = others[Math.floor(Math.random() * others.length)] ?? "label-a";
  return { args: ["switch", label], after: `${names}; active ${label}; live ${label}` };
}

interface Aim {
  lifeMs: number;
  /** Whether to wait until it holds the lock, and then some; else at any time of its life. */
  waitsForLock: boolean;
}

async function killed(home: Home, { args }: Command, { lifeMs, waitsForLock }: Aim): Promise<Ended> {
  const child = start(home, args);
  const end = ended(child);
  const kill = () => child.kill("SIGKILL");
  const watcher = waitsForLock ? watch(home.paths.locksDir) : null;
  watcher?.once("change", () => {
    watcher.close();
    setTimeout(kill, Math.random() * 30);
  });
  if (!waitsForLock) setTimeout(kill, Math.random() * lifeMs);
  const result = await end;
  watcher?.close();
  return result;
}

function momentOf(
  home: Home,
  { signal }: Ended,
  { before, after }: { before: string; after: string },
): string {
  if (signal === null) return "after its end";
  const state = stateOf(home);
  if (state !== before && state !== after) return "between the two files";
  if (existsSync(home.paths.storeLock)) return "holding the lock";
  return state === before ? "before the lock" : "after the lock";
}

/** The next command: now and then another process, mostly one inside this process, which is the same and cheaper. */
async function settleState(home: Home, kill: number): Promise<void> {
  if (kill % 20 !== 0) return storeOf(home).transaction("next", () => undefined);
  const { code, stdout } = await run(home, ["import", home.paths.authFile, "--json"]);
  expect(code, stdout).toBe(0);
}
