import { expect, test } from "vitest";
import { accountNames } from "../../src/cli/account-names.ts";
import type { PoolState } from "../../src/cli/pool-state.ts";
import { rankPool, reportCandidates } from "../../src/cli/recommendation.ts";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import { newAccount } from "../../src/store/account-id.ts";
import type { Account } from "../../src/store/account.ts";
import { emptyPool } from "../../src/store/pool-file.ts";
import { growth } from "../support/growth.ts";
import { seat } from "../support/store-home.ts";

// With 5,000 accounts `why` took eight minutes: for each account it named all of them again, and each name compared
// one e-mail with all others.
test("the time of why grows with the number of accounts and not with its square", () => {
  expect(growth(poolState, 1600, (state) => reportCandidates(state, rankPool(state)))).toBeLessThan(3);
  expect(growth(accountsOf, 8000, accountNames)).toBeLessThan(3);
});

function poolState(size: number): PoolState {
  const accounts = accountsOf(size);
  const pool = { ...emptyPool(), accounts };
  const live = { target: "", state: "missing", login: null, problem: null, bytes: null } as const;
  const file = { ...live, version: null, isHardLinked: false, isMounted: false };
  const snapshot = { pool, live: file, active: null, adoption: null, foldedBack: [], interrupted: [] };
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
