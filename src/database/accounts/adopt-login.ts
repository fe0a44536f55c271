import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type Account, plainName, fingerprint, userKeyOf } from "../../pool/account.ts";
import { beginMove, endMove, type Moving, movingOf, putBack } from "../../pool/moving.ts";
import { renewalTrouble } from "../../pool/renewal-trouble.ts";
import type { Transaction, Store } from "../../store/store.ts";
import { field, parseJson, readList, readNumber } from "../../text/json.ts";
import { type Database, readDocument, type Statements } from "../database.ts";
import { changeTogether, loadAccounts, Overtaken, overtakenError, Stop, writeAccount } from "./documents.ts";
import { adoptedField } from "./seen-tokens.ts";
import type { AccountVault } from "./vault.ts";

export interface MoveContext {
  /** The pool of this machine. */
  readonly store: Store;
  readonly database: Database;
  readonly vault: AccountVault;
  readonly now: () => number;
  /** Half a sentence on who runs with a login that was active before; null when nobody does. */
  readonly whoRuns: () => string | null;
  /** The process of an `exec` that runs with the login of this account; null when there is none. */
  readonly borrower: (accountId: string) => number | null;
}

/** What is left in the database of an account that has left it. */
export const releasedKind = "released";
const attempts = 20;

/**
 * Moves a login from the pool of this machine into the database. In the pool it is put out of use first, then the
 * database gets it, then the copy in the pool goes: killed at any point, it can be used in one place at most, and the
 * next run ends the move. What was begun is only ever ended forwards, because a write may arrive late.
 */
export async function adoptLogin(
  ctx: MoveContext,
  select: (transaction: Pick<Transaction, "pool">) => Account,
): Promise<Account> {
  const ended = await endAdoptions(ctx);
  const { pool } = await ctx.store.read();
  const chosen = select({ pool: { ...pool, accounts: [...pool.accounts, ...ended] } });
  // The one that was on its way is the one that was meant.
  if (ended.includes(chosen)) return chosen;
  // No renewal of this user runs meanwhile, and none begins.
  const lock = await ctx.store.refreshLock(userKeyOf(chosen));
  try {
    await refuseOtherLogin(ctx, chosen);
    const { storeId } = ctx.vault;
    const to = { storeId, place: ctx.database.place };
    const moving = await ctx.store.transaction("adopt", (transaction) => {
      const account = movable(ctx, transaction, chosen.id);
      beginMove(transaction.pool, account, to);
      return movingOf(transaction.pool).find((each) => each.account.id === chosen.id);
    });
    if (moving) await endAdoption(ctx, moving);
    return chosen;
  } finally {
    await lock.release();
  }
}

/** Ends what a killed run has begun. Returns the accounts that are in the database now. */
export async function endAdoptions(ctx: MoveContext): Promise<Account[]> {
  const { pool } = await ctx.store.read();
  const ended: Account[] = [];
  for (const moving of movingOf(pool)) {
    if (moving.storeId !== ctx.vault.storeId) continue;
    await endAdoption(ctx, moving);
    ended.push(moving.account);
  }
  return ended;
}

async function endAdoption(ctx: MoveContext, { account }: Moving): Promise<void> {
  const outcome = await insert(ctx, account);
  await ctx.store.transaction("adopt", ({ pool }) => {
    if (!movingOf(pool).some((each) => each.account.id === account.id)) return;
    endMove(pool, account.id);
    if (outcome === "other" && !pool.accounts.some(({ id }) => id === account.id))
      putBack(pool, account, ctx.now());
  });
  if (outcome === "other") throw otherLogin(ctx, account);
}

/** `there`: the database has this login, perhaps renewed since. `other`: it has, or had, another one of the account. */
async function insert(ctx: MoveContext, account: Account): Promise<"there" | "other"> {
  const { database, vault } = ctx;
  const { id } = account;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const known = await knownLogin(database, vault, id);
    if (known) return isSameLogin(known, account) ? "there" : "other";
    const nowMs = await database.freshNow();
    const isIn = await changeTogether(database, async (statements) => {
      const left = await leftBefore(statements, id);
      // It was moved on since: this is a copy of an old pool.
      if (isUsedUp(left, account)) throw new OldCopy();
      account.extra[adoptedField] = Math.max(nowMs, left.adoptedMs + 1);
      if (!(await writeAccount(statements, vault, { account, version: 0, nowMs }))) throw new Overtaken();
    }).catch((error: unknown) => {
      if (error instanceof OldCopy) return "old" as const;
      throw error;
    });
    if (isIn === "old") return "other";
    if (isIn) return "there";
  }
  throw overtakenError("Run the command again: it goes on where it stopped.");
}

class OldCopy extends Stop {}

interface LeftBefore {
  readonly adoptedMs: number;
  /** Fingerprints, the one with which it left last. */
  readonly tokens: readonly unknown[];
}

async function leftBefore(statements: Statements, id: string): Promise<LeftBefore> {
  const value = parseJson((await readDocument(statements, releasedKind, id))?.body ?? "");
  return { adoptedMs: readNumber(field(value, "adoptedMs")) ?? 0, tokens: readList(field(value, "tokens")) };
}

function isUsedUp({ tokens }: LeftBefore, { login }: Account): boolean {
  const token = fingerprint(login.refreshToken);
  return tokens.includes(token) && tokens.at(-1) !== token;
}

async function knownLogin(database: Database, vault: AccountVault, id: string): Promise<Account | null> {
  const [{ stored }, leaving] = [
    await loadAccounts(database, vault),
    await loadAccounts(database, vault, "leaving"),
  ];
  const found = [...stored, ...leaving.stored].find(({ account }) => account.id === id);
  return found?.account ?? null;
}

function isSameLogin(known: Account, { login }: Account): boolean {
  const token = fingerprint(login.refreshToken);
  return fingerprint(known.login.refreshToken) === token || known.spent.includes(token);
}

async function refuseOtherLogin(ctx: MoveContext, account: Account): Promise<void> {
  const known = await knownLogin(ctx.database, ctx.vault, account.id);
  if (known && !isSameLogin(known, account)) throw otherLogin(ctx, account);
}

function otherLogin({ database }: MoveContext, account: Account): CodexAuthError {
  const name = plainName(account);
  return new CodexAuthError(
    "move_refused",
    `The database ${database.place} has another login of ${name}, or a newer one.`,
    {
      hint: `This one stays in the pool. Where it is not wanted: codex auth remove ${account.id}. To use this one there, release the other first: codex auth gateway release ${account.id}`,
    },
  );
}

/** The account, if nothing else may be using its refresh token. */
function movable(ctx: MoveContext, transaction: Transaction, id: string): Account {
  const account = transaction.pool.accounts.find((each) => each.id === id);
  if (!account)
    throw new CodexAuthError("account_not_found", "The account was removed meanwhile.", {
      hint: "See: codex auth list",
    });
  const name = plainName(account);
  const refused = (why: string, hint: string) =>
    new CodexAuthError("move_refused", `${name} ${why}.`, { hint: `${hint} Nothing was moved.` });
  if (transaction.active?.id === id || transaction.pool.activeId === id) {
    throw new CodexAuthError(
      "account_active",
      `${name} is the active account: Codex may renew its login by itself.`,
      {
        hint: "Make another one active first: codex auth switch <account>. Where it is the only one, add one for Codex: codex auth login. Nothing was moved.",
      },
    );
  }
  transaction.awaitRenewal(account);
  const runs = transaction.pool.previousId === id ? ctx.whoRuns() : null;
  if (runs !== null)
    throw refused(`was active until now, and ${runs} may still have its login`, "End that Codex first.");
  const borrower = ctx.borrower(id);
  if (borrower !== null)
    throw refused(
      `is in use by a command that codex auth exec started (process ${borrower})`,
      "Wait until that command ends, or end it: without its account its login could not be renewed.",
    );
  if (account.login.kind === "chatgpt" && account.login.refreshToken === "")
    throw refused(
      "has no refresh token, so nobody could renew it",
      `Sign in again: codex auth login --account ${id}.`,
    );
  if (account.flag)
    throw refused(
      "needs a new sign-in, because its login was refused",
      `Test it: codex auth verify-flagged ${id}.`,
    );
  if (account.refresh?.kind === "intent" || renewalTrouble(account)?.kind === "uncertain")
    throw refused(
      "was being renewed, and nobody knows how that ended",
      `Settle it first: codex auth check ${id}.`,
    );
  return account;
}
