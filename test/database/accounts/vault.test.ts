import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { AccountVault } from "../../../src/database/accounts/vault.ts";

// Rows in each other's place are found out by their ids, too, so no other test needs the seal for it.
test("what is sealed opens in its own store, kind and row, with its own key, and nowhere else", () => {
  const key = randomBytes(32);
  const vault = new AccountVault("store-1", key);
  const sealed = vault.seal("account", "a", "rt_secret");
  const opened = [
    vault.open("account", "a", sealed),
    vault.open("account", "b", sealed),
    vault.open("lease", "a", sealed),
    new AccountVault("store-2", key).open("account", "a", sealed),
    new AccountVault("store-1", randomBytes(32)).open("account", "a", sealed),
    vault.open("account", "a", `${sealed.slice(0, -8)}AAAAAAA=`),
    vault.open("account", "a", ""),
  ];
  expect(opened).toEqual(["rt_secret", null, null, null, null, null, null]);
  expect(Buffer.from(sealed, "base64").toString("latin1")).not.toContain("rt_secret");
  expect(vault.seal("account", "a", "rt_secret")).not.toBe(sealed);
});
