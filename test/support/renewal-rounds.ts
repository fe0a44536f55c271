// Several machines that renew the same logins at once and are killed while they do.
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import { loadAccounts } from "../../src/database/accounts/documents.ts";
import { openSharedPool } from "../../src/database/accounts/shared-pool.ts";
import { makeVault } from "../../src/database/accounts/vault.ts";
import { resolvePaths } from "../../src/machine/paths.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { adopt } from "../../src/pool/adopt.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import { openTestDatabase } from "./databases.ts";
import { moveLogin, moveSecret } from "./move-login.ts";
import { FakeOpenAI } from "./openai/server.ts";
import { quietParts } from "./quiet-machine.ts";
import { workerScript } from "./worker-script.ts";

export interface RenewalRounds {
  readonly address: string;
  readonly renewals: number;
  readonly machines: number;
  readonly accounts: number;
  /** Part of the renewals that are killed at one of their steps. */
  readonly killed: number;
  readonly longestMs: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function renewalRounds(wish: RenewalRounds) {
  const fake = await FakeOpenAI.start();
  const root = mkdtempSync(join(tmpdir(), "codex-auth-renewals-"));
  const homes = Array.from({ length: wish.machines }, (_, at) => join(root, String(at)));
  for (const home of homes) mkdirSync(home, { mode: 0o700 });
  const emails = Array.from({ length: wish.accounts }, (_, at) => `n${at}@example.com`);
  const database = await openTestDatabase(wish.address);
  const kills: Record<string, number> = {};
  const said: Record<string, number> = {};
  const children = new Map<string, ChildProcess>();
  let isOver = false;
  try {
    const vault = await makeVault(database, moveSecret);
    const open = (home: string) => {
      const paths = resolvePaths({ CODEX_HOME: home }, home, home);
      const self = currentProcess;
      const store = openFileStore(paths, { fs, now: Date.now, sleep, ...quietParts, self });
      return openSharedPool({ database, vault, fs, paths, self, sleep }).then((shared) => ({
        store,
        shared,
      }));
    };
    const { store, shared } = await open(homes[0] ?? "");
    await store.transaction("fill", ({ pool }) => {
      for (const email of emails) {
        const who = { email, userId: `user-${email}`, accountId: `acct-${email}`, expiresInSec: 3600 };
        const reading = readAuthDocument(fake.issuer.issue(who));
        if (reading.kind === "login") adopt(pool, reading.login, { nowMs: Date.now(), tie: "pool" });
      }
    });
    for (const email of emails) await moveLogin("adopt", email, { store, database, vault, shared, fs });
    const worker = workerScript("renewal-worker");
    const start = (home: string) => {
      const args = [worker, home, wish.address, fake.url, String(wish.killed)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      children.set(home, child);
      child.stdout.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().trim().split("\n")) {
          const books = line.startsWith("killed ") ? kills : said;
          books[line] = (books[line] ?? 0) + 1;
        }
      });
      child.once("close", () => {
        if (!isOver) start(home);
      });
    };
    for (const home of homes) start(home);
    const untilMs = Date.now() + wish.longestMs;
    const isEnough = () =>
      fake.issuer.refreshes >= wish.renewals && (wish.killed === 0 || Object.keys(kills).length > 0);
    while (!isEnough() && Date.now() < untilMs) await sleep(50);
    // Those at work end what they have begun: a kill between the answer and the disk loses what nobody can save.
    isOver = true;
    const ends = [...children.values()].filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    await Promise.all(
      ends.map((child) => {
        child.kill("SIGTERM");
        return new Promise((resolve) => child.once("close", resolve));
      }),
    );
    for (const home of homes) await (await open(home)).shared.transaction("start", () => undefined);
    const { stored } = await loadAccounts(database, vault);
    const held = new Set(stored.map(({ account }) => account.login.refreshToken));
    const lost = emails.filter((email) => !held.has(fake.issuer.newestToken(email) ?? ""));
    const { refreshes: renewals, reuses } = fake.issuer;
    return { renewals, reuses, lost: lost.length, kills, said };
  } finally {
    isOver = true;
    for (const child of children.values()) child.kill("SIGKILL");
    await database.close();
    await fake.close();
    rmSync(root, { recursive: true, force: true });
  }
}
