import { lstatSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { adopt } from "../../../src/pool/adopt.ts";
import { type Disk, recordingFileSystem, type Survival, writeDisk } from "../../support/power-loss.ts";
import { arrangeHomes, loginOf, stateOf, storeChanges } from "../../support/store-changes.ts";
import { type Home, makeHome, seat, storeOf } from "../../support/store-home.ts";

const survivals: Survival[] = ["none", "all", ...[3, 5, 7, 11, 13].map((prime) => subset(prime))];

// Found here: the folder of the pool was new and its own entry never synced, so that a power cut took the first
// import away with everything in it.
test("a power cut after the first import keeps it", async () => {
  const home = makeHome();
  const { fs, diskAfter, count } = recordingFileSystem(home.root);
  await storeOf(home, { fs }).transaction("import", ({ pool }) => {
    adopt(pool, loginOf(seat("a")), { nowMs: 0, tie: "pool" }).account.label = "label-a";
  });
  const after = afterPowerCut(diskAfter(count(), "none"));
  expect(stateOf(after)).toBe("label-a; active null; live null");
});

test.each(storeChanges)(
  "$name: a power cut at any moment leaves the old state or the new one",
  async (change) => {
    const nextHome = await arrangeHomes(change);
    const home = nextHome();
    const { fs, diskAfter, count } = recordingFileSystem(home.root);
    const expected = [change.before, change.after].map((state) =>
      state.replace(/active .*; live null/, "active null; live null"),
    );
    const before = lstatOrNull(home.paths.authFile);
    await change.act(storeOf(home, { fs }));
    for (const survival of survivals) {
      for (let steps = 0; steps <= count(); steps += 1) {
        const after = afterPowerCut(diskAfter(steps, survival));
        keepIdentity(after, before);
        await storeOf(after).transaction("next", () => undefined);
        expect(expected, `after step ${steps}`).toContain(
          stateOf(after).replace(/active .*; live null/, "active null; live null"),
        );
      }
      const acknowledged = afterPowerCut(diskAfter(count(), survival));
      expect(stateOf(acknowledged), "what was acknowledged is durable").toBe(change.after);
    }
  },
);

/** Keeps some of the entries that were not synced, always the same ones. */
function subset(prime: number): Survival {
  return (step) => (step * 7919) % prime < prime / 2;
}

function afterPowerCut(disk: Disk): Home {
  const after = makeHome();
  writeDisk(after.root, disk);
  return after;
}

type Identity = { ino: bigint; mtimeNs: bigint; ctimeNs: bigint } | null;

function lstatOrNull(path: string): Identity {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

/** On a real disk a file that nobody touched is still the same inode; the copy that stands for it is another. */
function keepIdentity({ paths }: Home, before: Identity): void {
  const now = lstatOrNull(paths.authFile);
  const pool = readFileSync(paths.poolFile, "utf8");
  if (!now || !before) return;
  const text = pool
    .replace(`"inode":"${before.ino}"`, `"inode":"${now.ino}"`)
    .replace(`"mtimeNs":"${before.mtimeNs}"`, `"mtimeNs":"${now.mtimeNs}"`)
    .replace(`"ctimeNs":"${before.ctimeNs}"`, `"ctimeNs":"${now.ctimeNs}"`);
  if (text === pool) return;
  unlinkSync(paths.poolFile);
  writeFileSync(paths.poolFile, text, { mode: 0o600 });
}
