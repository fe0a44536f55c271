import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadAccounts } from "../../../src/database/accounts/documents.ts";
import { openSharedPool } from "../../../src/database/accounts/shared-pool.ts";
import { makeVault } from "../../../src/database/accounts/vault.ts";
import { currentProcess } from "../../../src/machine/processes.ts";
import { movingOf } from "../../../src/pool/moving.ts";
import { openTestDatabase } from "../../support/databases.ts";
import { TestHome } from "../../support/home.ts";
import { moveLogin, moveSecret } from "../../support/move-login.ts";
import { ended, fill, makeHome, poolOf, storeOf } from "../../support/store-home.ts";
import { workerScript } from "../../support/worker-script.ts";

const email = "b@example.com";
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
let worker = "";
beforeAll(() => {
  worker = workerScript("move-worker");
});

/** A machine with its database in one folder, so that both can be copied. */
async function opened(home: TestHome) {
  const database = await openTestDatabase(home.file("shared.db"));
  const vault = await makeVault(database, moveSecret);
  const store = storeOf(home, { self: currentProcess });
  const shared = await openSharedPool({
    database,
    vault,
    fs,
    paths: home.paths,
    self: currentProcess,
    sleep,
  });
  const parts = { store, database, vault, shared, fs };
  return { ...parts, move: (action: "adopt" | "release") => moveLogin(action, email, parts) };
}

async function whereItIs(home: TestHome) {
  const database = await openTestDatabase(home.file("shared.db"));
  const vault = await makeVault(database, moveSecret);
  const pool = poolOf(home);
  const has = (accounts: readonly { login: { email: string | null } }[]) =>
    accounts.some(({ login }) => login.email === email);
  const of = async (kind: "account" | "leaving") =>
    has((await loadAccounts(database, vault, kind)).stored.map(({ account }) => account));
  const found = {
    pool: has(pool.accounts),
    database: await of("account"),
    onItsWay: has(movingOf(pool).map(({ account }) => account)) || (await of("leaving")),
  };
  await database.close();
  return found;
}

async function prepared(action: "adopt" | "release"): Promise<TestHome> {
  const home = makeHome();
  await fill(home, ["a", "b"]);
  const { move, database } = await opened(home);
  if (action === "release") await move("adopt");
  await database.close();
  return home;
}

async function killedAt(home: TestHome, action: string, step: number) {
  const args = [worker, home.path, home.file("shared.db"), action, email, String(step)];
  return await ended(spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] }));
}

// Each line is one kill: what was there before is copied, so that all begin alike.
test.each([
  ["adopt", { pool: false, database: true, onItsWay: false }],
  ["release", { pool: true, database: false, onItsWay: false }],
] as const)(
  "%s that is killed before and after every write leaves the login in one place, and the next run ends it",
  async (action, goal) => {
    const home = await prepared(action);
    const token = poolOf(home);
    expect(token.accounts.length).toBe(action === "adopt" ? 2 : 1);
    const rest = makeHome();
    const seen = new Set<string>();
    let kills = 0;
    for (let step = 1; ; step += 1) {
      const root = join(rest.root, `${step}`);
      fs.cpSync(home.root, root, { recursive: true, verbatimSymlinks: true });
      const copy = TestHome.inside(root);
      const { signal, stderr } = await killedAt(copy, action, step);
      expect(stderr).toBe("");
      const found = await whereItIs(copy);
      seen.add(
        Object.entries(found)
          .flatMap(([name, is]) => (is ? [name] : []))
          .join("+"),
      );
      expect([step, found.pool && found.database]).toEqual([step, false]);
      expect([step, found.pool || found.database || found.onItsWay]).toEqual([step, true]);
      if (signal === null) {
        expect(found).toEqual(goal);
        break;
      }
      kills += 1;
      const next = await opened(copy);
      // It may have ended before it was killed.
      await next.move(action).catch((error: unknown) => {
        expect([step, error]).toMatchObject([step, { code: "account_not_found" }]);
      });
      await next.database.close();
      expect([step, await whereItIs(copy)]).toEqual([step, goal]);
      fs.rmSync(root, { recursive: true, force: true });
    }
    expect(kills).toBeGreaterThan(20);
    expect(seen).toContain("onItsWay");
  },
  600_000,
);
