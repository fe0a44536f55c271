import { isRecord, readList, textField } from "../text/json.ts";
import { type Account, fingerprint } from "./account.ts";
import { accountText, type Pool, readAccount, recallAccount, retireAccount } from "./pool.ts";

/** A login on its way from the pool into a database: out of use here, and perhaps there already. */
export interface Moving {
  readonly account: Account;
  /** Of the accounts in the database. */
  readonly storeId: string;
  /** Where that is, for people. */
  readonly place: string;
}

const movingField = "moving";
const arrivedField = "arrived";
const mostArrived = 20;

export function movingOf({ extra }: Pool): Moving[] {
  return readList(extra[movingField]).flatMap((entry) => {
    const [storeId, place] = [textField(entry, "storeId"), textField(entry, "place")];
    const account = isRecord(entry) ? readAccount(entry["account"]) : null;
    return account && storeId !== undefined && place !== undefined ? [{ account, storeId, place }] : [];
  });
}

/** Takes an account out of use; its token counts as used up for whatever brings it back from a copy. */
export function beginMove(pool: Pool, account: Account, to: Pick<Moving, "storeId" | "place">): void {
  const entry = { ...to, account: JSON.parse(accountText(account)) as unknown };
  pool.extra[movingField] = [...readList(pool.extra[movingField]), entry];
  account.spent = [...account.spent, fingerprint(account.login.refreshToken)];
  retireAccount(pool, account);
  if (pool.previousId === account.id) pool.previousId = null;
}

/** The database has it, so the copy here goes. */
export function endMove(pool: Pool, id: string): void {
  const left = readList(pool.extra[movingField]).filter((entry) => {
    return !(isRecord(entry) && isRecord(entry["account"]) && entry["account"]["id"] === id);
  });
  if (left.length > 0) pool.extra[movingField] = left;
  else Reflect.deleteProperty(pool.extra, movingField);
}

/** A login that comes back, or comes here, from a database. `moveId` names this move: done twice it is done once. */
export function arrive(
  pool: Pool,
  account: Account,
  { moveId, nowMs }: { moveId: string; nowMs: number },
): void {
  const arrived = readList(pool.extra[arrivedField]);
  pool.extra[arrivedField] = [...arrived, moveId].slice(-mostArrived);
  putBack(pool, account, nowMs);
}

export function hasArrived({ extra }: Pool, moveId: string): boolean {
  return readList(extra[arrivedField]).includes(moveId);
}

/** The token that it has now is in use again; those before it stay used up. */
export function putBack(pool: Pool, account: Account, nowMs: number): void {
  const token = fingerprint(account.login.refreshToken);
  const retired = pool.retired.get(account.id) ?? [];
  pool.retired.set(
    account.id,
    retired.filter((each) => each !== token),
  );
  pool.accounts.push(account);
  recallAccount(pool, account, nowMs);
}
