import type { Context } from "../../context.ts";
import { endAdoptions } from "../../database/accounts/adopt-login.ts";
import { openAccounts, type OpenAccounts } from "../../database/accounts/open-accounts.ts";
import { endReleases, type ReleaseContext } from "../../database/accounts/release-login.ts";
import type { Database } from "../../database/database.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { listKeys } from "../../gateway/keys/client-keys.ts";
import { hasOpenKey } from "../../gateway/keys/key-cache.ts";
import { currentProcess } from "../../machine/processes.ts";
import { asInvoked } from "../../program/invocation.ts";
import { processesText } from "../../store/context.ts";
import { borrowerOf } from "../../store/homes/home-owner.ts";
import { fleetFiles } from "../../store/fleet-files.ts";
import type { PoolStore } from "../../store/pool-store.ts";
import { findSharedSecret, type SharedSecret } from "../../store/seal/shared-secret.ts";

/** The accounts that live in the database; null where it never had any. Throws without their key; nothing is written. */
export function openShared(ctx: Context, database: Database): Promise<OpenAccounts | null> {
  return openAccounts(contextOf(ctx), database, () => secretOf(ctx));
}

export function contextOf({ fs, store, sleep }: Pick<Context, "fs" | "store" | "sleep">) {
  return { fs, paths: store.paths, self: currentProcess, sleep: (ms: number) => sleep(ms) };
}

export function secretOf({ env, fs, store }: Pick<Context, "env" | "fs" | "store">): SharedSecret | null {
  return findSharedSecret({ env, fs, paths: store.paths });
}

/** Where a gateway on this database takes its accounts from. */
export async function servingStore(ctx: Context, database: Database): Promise<Pick<PoolStore, "read">> {
  return (await openShared(ctx, database))?.pool ?? ctx.store;
}

/** What a gateway on this database can serve, and for whom. */
export async function stockOf(ctx: Context, database: Database) {
  const { pool } = await (await servingStore(ctx, database)).read();
  return { accounts: pool.accounts.length, hasKeys: hasOpenKey(await listKeys(database), ctx.now()) };
}

/** How the gateway renews: in a process of its own, which is told where the accounts are. */
export function renewalFor(ctx: Context, address: string, shared: OpenAccounts | null): Context["renew"] {
  if (shared === null) return ctx.renew;
  const handed = { address, ...shared.vault.handover };
  return (accountId, need) => ctx.renew(accountId, need, handed);
}

export function movesOf(
  ctx: Context,
  database: Database,
  { vault, pool: shared }: OpenAccounts,
): ReleaseContext {
  const { store, fs, now } = ctx;
  const placeId = fleetFiles(fs, store.paths).placeId();
  const whoRuns = () => {
    const processes = ctx.processes() ?? [];
    return processes.length === 0 ? null : `a running Codex (${processesText(processes)})`;
  };
  const borrower = (accountId: string) => borrowerOf(fs, store.paths, accountId, currentProcess());
  return { store, database, vault, shared, placeId, host: currentProcess().host, now, whoRuns, borrower };
}

/** What a killed command began, and what a killed renewal left: before anything is served. */
export async function endStartedMoves(ctx: Context, database: Database, shared: OpenAccounts): Promise<void> {
  await shared.pool.transaction("start", () => undefined);
  const moves = movesOf(ctx, database, shared);
  for (const end of [() => endAdoptions(moves), () => endReleases(moves)]) {
    await end().catch((error: unknown) => {
      if (!(error instanceof CodexAuthError) || error.code !== "move_refused") throw error;
      ctx.stderr.write(`${error.message} ${asInvoked(ctx, error.hint ?? "")}\n`);
    });
  }
}
