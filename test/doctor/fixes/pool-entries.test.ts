import * as fs from "node:fs";
import { expect, test } from "vitest";
import { duplicates, mergeDuplicates } from "../../../src/doctor/fixes/pool-entries.ts";
import { type Home, homeWith, poolOf, seat, storeOf, writeAuth } from "../../support/store-home.ts";

const now = Math.floor(Date.now() / 1000);

interface Entry {
  id: string;
  auth: object;
  [key: string]: unknown;
}

/** A home with a and b, where b stands in the pool a second time. */
async function homeWithCopy(
  change: (copy: Entry, original: Entry) => void,
  more: object = {},
): Promise<Home> {
  const home = await homeWith(["a", "b"]);
  const pool = JSON.parse(fs.readFileSync(home.paths.poolFile, "utf8")) as { accounts: Entry[] };
  const original = pool.accounts[1] as Entry;
  const copy: Entry = { ...original, id: "cccccccccccc", label: "copy" };
  change(copy, original);
  fs.writeFileSync(
    home.paths.poolFile,
    JSON.stringify({ ...pool, ...more, accounts: [...pool.accounts, copy] }),
  );
  return home;
}

function merge(home: Home): Promise<void> {
  return storeOf(home).transaction("test", (transaction) => {
    for (const [kept] of duplicates(transaction.pool))
      mergeDuplicates(transaction, kept?.id ?? "", Date.now());
  });
}

function parked({ paths }: Home): string {
  const names = fs.existsSync(paths.displacedDir) ? fs.readdirSync(paths.displacedDir) : [];
  return names.map((name) => fs.readFileSync(`${paths.displacedDir}/${name}`, "utf8")).join("");
}

test.each([
  ["newer", now + 60, "rt_copy", "rt_user-b_acct-b"],
  ["older", now - 6000, "rt_user-b_acct-b", "rt_copy"],
])(
  "where the copy is %s, the newest token stays and the other is parked",
  async (_, issuedAt, stays, goes) => {
    const home = await homeWithCopy((copy) => {
      copy.auth = seat("b", { issuedAt, refreshToken: "rt_copy" });
    });
    await merge(home);
    const { accounts } = poolOf(home);
    expect(accounts.map(({ label }) => label)).toEqual(["label-a", "label-b"]);
    expect(accounts[1]?.login.refreshToken).toContain(stays);
    expect(parked(home)).toContain(goes);
  },
);

test("a token that one of them knows to be spent loses, however new it looks", async () => {
  const { fingerprint } = await import("../../../src/pool/account.ts");
  const home = await homeWithCopy((copy, original) => {
    copy.auth = seat("b", { issuedAt: now + 60, refreshToken: "rt_copy" });
    original["spent"] = [fingerprint("rt_copy")];
  });
  await merge(home);
  expect(poolOf(home).accounts[1]?.login.refreshToken).toContain("rt_user-b");
});

test("when the copy is the live one, the account that stays is live, in both files", async () => {
  const home = await homeWithCopy(() => undefined, { activeId: "cccccccccccc" });
  writeAuth(home, seat("b"));
  await merge(home);
  const { accounts, activeId } = poolOf(home);
  expect(accounts.find(({ id }) => id === activeId)?.label).toBe("label-b");
  expect(fs.readFileSync(home.paths.authFile, "utf8")).toContain("rt_user-b");
});

test("while one of them is being renewed, both stay as they are", async () => {
  const mark = { kind: "uncertain", fingerprint: "0", since: "2026-11-20T12:00:00Z", attempts: 1 };
  const home = await homeWithCopy((copy) => void (copy["refresh"] = mark));
  await merge(home);
  expect(poolOf(home).accounts).toHaveLength(3);
});
