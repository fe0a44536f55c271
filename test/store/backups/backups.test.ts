import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { restoreBackup } from "../../../src/store/backups/restore.ts";
import { accountOf } from "../../support/store-changes.ts";
import { type Home, homeWith, poolOf, run, seat, storeOf } from "../../support/store-home.ts";

const dayMs = 86_400_000;
const start = Date.parse("2026-11-01T08:00:00.000Z");

function backupNames({ paths }: Home): string[] {
  return fs.readdirSync(paths.backupsDir).sort();
}

function change(home: Home, nowMs: number, { asked = false } = {}): Promise<void> {
  return storeOf(home, { now: () => nowMs }).transaction("test", (transaction) => {
    if (asked) transaction.backUp();
    accountOf(transaction, "label-b").pausedAt = new Date(nowMs).toISOString();
  });
}

test("the first change of a day takes a backup, and no other one", async () => {
  const home = await homeWith(["a", "b"]);
  for (let hour = 0; hour < 40; hour += 6) await change(home, start + hour * 3_600_000);
  expect(backupNames(home)).toEqual(["pool-20261101T080000000Z-r1.json", "pool-20261102T020000000Z-r4.json"]);
});

test("ten backups are kept, and the newest of each of the last seven days", async () => {
  const home = await homeWith(["a", "b"]);
  for (let day = 0; day < 12; day += 1) {
    for (let hour = 0; hour < 3; hour += 1) {
      await change(home, start + day * dayMs + hour * 3_600_000, { asked: true });
    }
  }
  const days = backupNames(home).map((name) => name.slice(5, 16));
  const newest = ["20261112", "20261111", "20261110"].flatMap((day) => [
    `${day}T08`,
    `${day}T09`,
    `${day}T10`,
  ]);
  const daily = ["20261109", "20261108", "20261107", "20261106"].map((day) => `${day}T10`);
  expect(days).toEqual([...newest, ...daily].sort());
});

test("a backup is the file as it was, 0600, and a change of pool.json in place leaves it alone", async () => {
  const home = await homeWith(["a", "b"]);
  const before = fs.readFileSync(home.paths.poolFile);
  await change(home, start);
  const [name = ""] = backupNames(home);
  fs.appendFileSync(home.paths.poolFile, " ");
  expect(fs.readFileSync(join(home.paths.backupsDir, name))).toEqual(before);
  expect(fs.statSync(join(home.paths.backupsDir, name)).mode & 0o777).toBe(0o600);
});

test("restore brings back a removed account, and undoes nothing else", async () => {
  const home = await homeWith(["a", "b", "c"]);
  expect(await run(home, ["remove", "label-b"])).toMatchObject({ code: 0 });
  expect(await run(home, ["label", "label-c", "later"])).toMatchObject({ code: 0 });
  expect(await run(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0 });
  expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-c", "label-b"]);
});

interface Token {
  refreshToken: string;
  issuedAt?: number;
  /** Opaque tokens tell no time. */
  opaque?: boolean;
}

function documentOf({ opaque = false, ...login }: Token) {
  const { last_refresh: _, tokens, ...rest } = seat("b", login);
  return opaque
    ? { ...rest, tokens: { ...tokens, access_token: "opaque" } }
    : { ...rest, tokens, last_refresh: "2026-01-01T00:00:00Z" };
}

/** The token of b in the pool after the backup was restored over it. */
async function restored({ backup, pool }: { backup: Token; pool: Token }): Promise<string | undefined> {
  const home = await homeWith(["a", "b"]);
  const hold = (token: Token, asked: boolean) =>
    storeOf(home).transaction("test", (transaction) => {
      if (asked) transaction.backUp();
      const account = accountOf(transaction, "label-b");
      account.auth = documentOf(token);
    });
  await hold(backup, false);
  await hold(pool, true);
  const store = storeOf(home);
  const [latest] = store.backups();
  if (latest) await restoreBackup(store, latest, Date.now());
  return poolOf(home).accounts.find(({ label }) => label === "label-b")?.login.refreshToken;
}

const now = Math.floor(Date.now() / 1000);

test("restore never brings an older token over a newer one", async () => {
  const older = { refreshToken: "rt_old", issuedAt: now - 99 };
  const newer = { refreshToken: "rt_new", issuedAt: now };
  expect(await restored({ backup: older, pool: newer })).toBe("rt_new");
  expect(await restored({ backup: newer, pool: older })).toBe("rt_new");
});

// Found here: where the tokens tell no time, restore took the backup's, as if a backup were written later.
test("restore leaves the pool's token where nothing tells which one is newer", async () => {
  const backup = { refreshToken: "rt_old", opaque: true };
  const pool = { refreshToken: "rt_new", opaque: true };
  expect(await restored({ backup, pool })).toBe("rt_new");
});

test("restore from a corrupt pool keeps the corrupt file aside, byte for byte", async () => {
  const home = await homeWith(["a", "b"]);
  expect(await run(home, ["remove", "label-b"])).toMatchObject({ code: 0 });
  const corrupt = Buffer.concat([
    fs.readFileSync(home.paths.poolFile).subarray(0, 99),
    Buffer.from([0xff, 0x00, 0xc3]),
  ]);
  fs.writeFileSync(home.paths.poolFile, corrupt);
  expect(await run(home, ["list"])).toMatchObject({ code: 1 });
  expect(await run(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0, stderr: "" });
  expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-b"]);
  const aside = fs.readdirSync(home.paths.storeDir).find((name) => name.startsWith("pool.json.broken-"));
  expect(fs.readFileSync(join(home.paths.storeDir, aside ?? ""))).toEqual(corrupt);
});
