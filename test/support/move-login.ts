// One move, as the command makes it.
import { adoptLogin } from "../../src/database/accounts/adopt-login.ts";
import { releaseLogin } from "../../src/database/accounts/release-login.ts";
import type { SharedPool } from "../../src/database/accounts/shared-pool.ts";
import type { AccountVault } from "../../src/database/accounts/vault.ts";
import type { Database } from "../../src/database/database.ts";
import type { FileSystem } from "../../src/machine/file-system.ts";
import type { Account } from "../../src/pool/account.ts";
import { selectAccount } from "../../src/pool/select.ts";
import { fleetFiles } from "../../src/store/fleet-files.ts";
import type { Store } from "../../src/store/store.ts";

export const moveSecret = { bytes: Buffer.alloc(32, 7), from: "CODEX_AUTH_KEY" };

interface Parts {
  readonly store: Store;
  readonly database: Database;
  readonly vault: AccountVault;
  readonly shared: SharedPool;
  readonly fs: FileSystem;
}

/** What a killed run began may have ended it already: then the word means nobody any more. */
export async function moveLogin(action: "adopt" | "release", email: string, parts: Parts): Promise<Account> {
  const { store, fs } = parts;
  const placeId = fleetFiles(fs, store.paths).placeId();
  const ctx = { ...parts, placeId, host: "here", now: Date.now, whoRuns: () => null, borrower: () => null };
  const select = (from: Parameters<typeof selectAccount>[0]) => selectAccount(from, email);
  return action === "adopt" ? await adoptLogin(ctx, select) : await releaseLogin(ctx, select);
}
