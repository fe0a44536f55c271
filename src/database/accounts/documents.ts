import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Account } from "../../pool/account.ts";
import { accountText, readAccount } from "../../pool/pool.ts";
import { parseJson } from "../../text/json.ts";
import { type Database, readDocuments, replaceDocument, type Statements } from "../database.ts";
import type { AccountVault } from "./vault.ts";

/** An account as the database has it. */
export interface StoredAccount {
  readonly account: Account;
  readonly version: number;
  /** As it was read. */
  readonly text: string;
}

/** Where the document of an account is: in use, or on its way to a pool, where no gateway uses it. */
export type AccountKind = "account" | "leaving";

/** All accounts in the order in which they came, and the ids of those that do not open. */
export async function loadAccounts(
  statements: Statements,
  vault: AccountVault,
  kind: AccountKind = "account",
): Promise<{ stored: StoredAccount[]; damaged: string[] }> {
  const damaged: string[] = [];
  const stored = (await readDocuments(statements, kind)).flatMap(({ id, version, body }) => {
    const text = vault.open(kind, id, body);
    const account = text === null ? null : readAccount(parseJson(text));
    if (account?.id === id && text !== null) return [{ account, version, text }];
    damaged.push(id);
    return [];
  });
  return { stored: stored.sort((a, b) => (inOrder(a.account) < inOrder(b.account) ? -1 : 1)), damaged };
}

function inOrder({ addedAt, id }: Account): string {
  return `${addedAt} ${id}`;
}

/** False when somebody else was first. `version`: what it replaces; 0: there must be none. */
export async function writeAccount(
  statements: Statements,
  vault: AccountVault,
  {
    account,
    version,
    nowMs,
    kind = "account",
  }: { account: Account; version: number; nowMs: number; kind?: AccountKind },
): Promise<boolean> {
  const { id } = account;
  const body = vault.seal(kind, id, accountText(account));
  return await replaceDocument(statements, { kind, id, version, body, changedMs: nowMs });
}

/** Ends a transaction without a change. */
export class Stop extends Error {}

/** Somebody else was first. */
export class Overtaken extends Stop {}

/** All or nothing; false when somebody else was first. */
export async function changeTogether(
  database: Database,
  work: (statements: Statements) => Promise<void>,
): Promise<boolean> {
  let stop: unknown = null;
  const whole = async (statements: Statements) => {
    await work(statements).catch((error: unknown) => {
      stop = error;
      throw error;
    });
    await database.server?.tell(statements);
  };
  try {
    await database.transact(whole, { isDurable: true });
    return true;
  } catch (error) {
    if (stop instanceof Overtaken) return false;
    // A back end takes what it does not know for a fault of its own.
    throw stop instanceof Stop ? stop : error;
  }
}

/** Others were first, again and again. */
export function overtakenError(hint: string): CodexAuthError {
  const message = "The accounts in the database were changed again and again meanwhile.";
  return new CodexAuthError("store_changed", message, { hint });
}
