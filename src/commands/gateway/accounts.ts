import type { Context } from "../../context.ts";
import { adoptLogin } from "../../database/accounts/adopt-login.ts";
import { loadAccounts } from "../../database/accounts/documents.ts";
import { goalOf, releaseLogin } from "../../database/accounts/release-login.ts";
import { openSharedPool } from "../../database/accounts/shared-pool.ts";
import { makeVault, readVaultRow } from "../../database/accounts/vault.ts";
import type { Database } from "../../database/database.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { addAudit } from "../../gateway/admin/audit.ts";
import { type Account, plainName } from "../../pool/account.ts";
import { movingOf } from "../../pool/moving.ts";
import { selectAccount } from "../../pool/select.ts";
import { blank, noWords, type Report, usageError } from "./document.ts";
import { withDatabase } from "./running.ts";
import { contextOf, movesOf, openShared, secretOf } from "./shared.ts";

interface Options {
  readonly database?: string;
}

type Place = Report["accounts"][number];

/** Moves a login into the database; what several gateways share needs a server. */
export async function adopt(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  const wanted = oneAccount(words, "adopt");
  return await withDatabase(ctx, options.database, async (database) => {
    requireServer(database);
    const isFirst = (await readVaultRow(database)) === null;
    // A word that means nobody makes no key.
    if (isFirst) selectAccount(await ctx.store.read(), wanted);
    const vault = await makeVault(database, secretOf(ctx));
    const pool = await openSharedPool({ ...contextOf(ctx), database, vault });
    const moves = movesOf(ctx, database, { vault, pool });
    const account = await adoptLogin(moves, (transaction) => selectAccount(transaction, wanted));
    await note(database, "account.adopt", account);
    const restart = isFirst
      ? " Start the gateways of this database anew: from now on they serve from its accounts."
      : "";
    return {
      ...blank("adopt"),
      accounts: [place(account, "database", null)],
      message: `${plainName(account)} lives in the database ${database.place} now, and not in the pool any more.${restart}`,
    };
  });
}

/** Moves a login from the database into the pool of this machine. */
export async function release(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  const wanted = oneAccount(words, "release");
  return await withDatabase(ctx, options.database, async (database) => {
    const shared = await openShared(ctx, database);
    if (!shared) {
      throw new CodexAuthError("account_not_found", `The database ${database.place} has no accounts.`, {
        hint: "Name the one that has them: --database postgres://…",
      });
    }
    const account = await releaseLogin(movesOf(ctx, database, shared), (from) => selectAccount(from, wanted));
    await note(database, "account.release", account);
    return {
      ...blank("release"),
      accounts: [place(account, "pool", null)],
      message: `${plainName(account)} is in the pool of this machine now, and not in the database any more.`,
    };
  });
}

/** Where each login is. */
export async function accounts(ctx: Context, words: readonly string[], options: Options): Promise<Report> {
  noWords(words, "accounts");
  return await withDatabase(ctx, options.database, async (database) => {
    const { pool } = await ctx.store.read();
    const shared = await openShared(ctx, database);
    const [there, leaving] = shared
      ? [await shared.pool.read(), await loadAccounts(database, shared.vault, "leaving")]
      : [null, null];
    const found = [
      ...pool.accounts.map((account) => place(account, "pool", null)),
      ...movingOf(pool).map(({ account, place: to }) =>
        place(account, "moving", `to the database ${to}; end it: codex auth gateway adopt ${account.id}`),
      ),
      ...(there?.pool.accounts ?? []).map((account) => place(account, "database", null)),
      ...(leaving?.stored ?? []).map(({ account }) =>
        place(
          account,
          "moving",
          `to ${goalOf(account)}; end it there: codex auth gateway release ${account.id}`,
        ),
      ),
    ];
    const damaged = there?.damaged ?? [];
    const served = shared
      ? `Gateways on ${database.place} serve from the accounts in it.`
      : `Gateways on ${database.place} serve from the pool of their machine.`;
    const problems = damaged.map(
      (id) => `Account ${id} in the database cannot be opened: it was damaged, or stands in another's place.`,
    );
    return { ...blank("accounts"), accounts: found, message: served, problems };
  });
}

function oneAccount(words: readonly string[], action: "adopt" | "release"): string {
  const [word, ...rest] = words;
  if (word !== undefined && rest.length === 0) return word;
  throw usageError("One account is needed.", `codex auth gateway ${action} <account>`);
}

function requireServer({ server, place: file }: Database): void {
  if (server !== null) return;
  throw new CodexAuthError(
    "usage",
    `${file} is a file of this machine: its gateway serves from the pool already.`,
    {
      hint: "Name the PostgreSQL database that the gateways share: codex auth gateway adopt <account> --database postgres://…",
    },
  );
}

function place(account: Account, where: Place["place"], detail: string | null): Place {
  return { id: account.id, name: plainName(account), place: where, detail };
}

async function note(database: Database, action: string, account: Account): Promise<void> {
  const entry = { actor: "cli", action, target: account.id, detail: plainName(account) };
  await database.transact((statements) => addAudit(statements, entry, database.now()), { isDurable: true });
}
