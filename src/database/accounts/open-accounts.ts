import type { Env } from "../../codex/environment.ts";
import type { SharedSecret } from "../../store/seal/shared-secret.ts";
import type { Database } from "../database.ts";
import { type DatabaseDrivers, openDatabase } from "../open-database.ts";
import { openSharedPool, type SharedPool, type SharedPoolContext } from "./shared-pool.ts";
import { AccountVault, openVault, readVaultRow } from "./vault.ts";

/** What another process of ours needs to open the accounts of a database: a secret. */
export interface SharedAccounts {
  readonly address: string;
  readonly storeId: string;
  readonly key: string;
}

export interface OpenAccounts {
  readonly vault: AccountVault;
  readonly pool: SharedPool;
}

type AccountsContext = Omit<SharedPoolContext, "database" | "vault">;

/** The accounts of a database; null where it never had any. Throws where its key is missing or wrong, or it is a copy. */
export async function openAccounts(
  ctx: AccountsContext,
  database: Database,
  secret: () => SharedSecret | null,
): Promise<OpenAccounts | null> {
  const row = await readVaultRow(database);
  if (row === null) return null;
  const vault = await openVault(database, row, secret());
  return { vault, pool: await openSharedPool({ ...ctx, database, vault }) };
}

/** The same in a process that was handed the key. */
export async function reopenAccounts(
  ctx: AccountsContext & {
    readonly databaseDrivers: DatabaseDrivers;
    readonly env: Env;
    readonly now: () => number;
  },
  { address, storeId, key }: SharedAccounts,
): Promise<SharedPool> {
  const { databaseDrivers: drivers, env, now } = ctx;
  const files = { makeFile: () => undefined, fileId: () => null };
  const database = await openDatabase({ address, drivers, env, now, ...files });
  const vault = new AccountVault(storeId, Buffer.from(key, "base64"));
  return await openSharedPool({ ...ctx, database, vault });
}
