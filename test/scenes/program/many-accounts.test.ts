import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAuthDocument } from "../../../src/codex/auth-json.ts";
import { flagged } from "../../../src/doctor/checks/login.ts";
import { type Account, accountNames, newAccount } from "../../../src/pool/account.ts";
import { emptyPool } from "../../../src/pool/pool.ts";
import type { PoolState } from "../../../src/reports/pool.ts";
import { rankPool, reportCandidates } from "../../../src/reports/recommendation.ts";
import { readLiveFile } from "../../../src/store/auth-file.ts";
import { growth } from "../../support/growth.ts";
import { seat } from "../../support/store-home.ts";

// With 5,000 accounts `why` took eight minutes: for each account it named all of them again, and each name compared
// one e-mail with all others.
test("the time of why grows with the number of accounts and not with its square", () => {
  expect(growth(poolState, 1600, (state) => reportCandidates(state, rankPool(state)))).toBeLessThan(3);
  expect(growth(accountsOf, 8000, accountNames)).toBeLessThan(3);
});

// Each finding named all accounts to name its own.
test("the time of findings about logins grows with the number of accounts and not with its square", () => {
  expect(growth(flaggedOf, 1600, (accounts) => flagged(accounts, accounts))).toBeLessThan(3);
});

function flaggedOf(size: number): Account[] {
  const accounts = accountsOf(size);
  for (const account of accounts)
    account.flag = { reason: "revoked", since: "2026-11-30T00:00:00.000Z", evidence: null };
  return accounts;
}

function poolState(size: number): PoolState {
  const accounts = accountsOf(size);
  const pool = { ...emptyPool(), accounts };
  const live = readLiveFile(fs, join(import.meta.dirname, "nobody", "auth.json"));
  const snapshot = { pool, live, active: null, adoption: null, returned: [], interrupted: [] };
  const candidates = accounts.map(({ id, login }) => ({
    id,
    plan: login.plan,
    limits: [],
    block: null,
    weight: 1,
  }));
  return { snapshot, candidates, usage: new Map(), nowMs: Date.now(), sessionFiles: 0, unattributed: 0 };
}

function accountsOf(size: number): Account[] {
  return Array.from({ length: size }, (_, index) => {
    const reading = readAuthDocument(seat(`person${index}`));
    if (reading.kind !== "login") throw new Error("A forged login is not read.");
    const account = newAccount(reading.login, 0);
    // Its tokens are decoded here and not while the time is taken.
    void account.login;
    return account;
  });
}
