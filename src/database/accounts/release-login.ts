import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { randomHex } from "../../machine/hash.ts";
import { type Account, plainName, fingerprint, userKeyOf } from "../../pool/account.ts";
import { arrive, hasArrived, movingOf } from "../../pool/moving.ts";
import { nextTryMs, renewalTrouble } from "../../pool/renewal-trouble.ts";
import { textField } from "../../text/json.ts";
import { readDocument, removeDocument, replaceDocument } from "../database.ts";
import { type MoveContext, releasedKind } from "./adopt-login.ts";
import { changeTogether, loadAccounts, Overtaken, type StoredAccount, writeAccount } from "./documents.ts";
import { adoptedField, adoptedMsOf } from "./seen-tokens.ts";
import type { SharedPool } from "./shared-pool.ts";

export interface ReleaseContext extends MoveContext {
  readonly shared: SharedPool;
  /** Of this machine's folder. */
  readonly placeId: string;
  readonly host: string;
}

const leavingField = "leaving";
const mostTokens = 60;

/**
 * Moves a login from the database into the pool of this machine. In the database it is put out of use first, then the
 * pool gets it, then the copy in the database goes. Killed at any point, the next run on this machine ends it.
 */
export async function releaseLogin(
  ctx: ReleaseContext,
  select: (snapshot: { pool: Awaited<ReturnType<SharedPool["read"]>>["pool"] }) => Account,
): Promise<Account> {
  const ended = await endReleases(ctx);
  const snapshot = await ctx.shared.read();
  // The one that was on its way is the one that was meant.
  const asked = selected(() => select(snapshot));
  const arrived =
    ended.length === 0 ? null : selected(() => select({ pool: { ...snapshot.pool, accounts: ended } }));
  if (asked instanceof CodexAuthError) {
    if (arrived && !(arrived instanceof CodexAuthError)) return arrived;
    throw asked;
  }
  const chosen = asked;
  await refuseKnown(ctx, chosen);
  const lease = await ctx.shared.refreshLock(userKeyOf(chosen));
  try {
    // What a killed renewal has left on this disk comes first.
    await ctx.shared.transaction("release", () => undefined);
    const found = (await loadAccounts(ctx.database, ctx.vault)).stored.find(
      ({ account }) => account.id === chosen.id,
    );
    if (!found) throw goneError();
    const { account, version } = found;
    refuseUnclear(ctx, account);
    const nowMs = ctx.database.now();
    const { placeId, host } = ctx;
    account.extra[leavingField] = { moveId: randomHex(8), placeId, host };
    const isOut = await changeTogether(ctx.database, async (statements) => {
      await lease.hold(statements);
      const removed = await statements.change(
        `delete from documents where kind = 'account' and id = $1 and version = $2`,
        [account.id, version],
      );
      if (removed !== 1) throw new Overtaken();
      if (!(await writeAccount(statements, ctx.vault, { account, version: 0, nowMs, kind: "leaving" })))
        throw new Overtaken();
    });
    if (!isOut) throw goneError();
  } finally {
    await lease.release();
  }
  await endReleases(ctx);
  return chosen;
}

function selected(work: () => Account): Account | CodexAuthError {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodexAuthError) return error;
    throw error;
  }
}

/** Ends what was begun for this machine. Returns the accounts that are in its pool now. */
export async function endReleases(ctx: ReleaseContext): Promise<Account[]> {
  const { stored } = await loadAccounts(ctx.database, ctx.vault, "leaving");
  const own = stored.filter(
    ({ account }) => textField(account.extra[leavingField], "placeId") === ctx.placeId,
  );
  for (const each of own) await endRelease(ctx, each);
  return own.map(({ account }) => account);
}

/** Where an account that is leaving goes, for people. */
export function goalOf({ extra }: Account): string {
  return textField(extra[leavingField], "host") ?? "another machine";
}

async function endRelease(ctx: ReleaseContext, { account, version }: StoredAccount): Promise<void> {
  const { id, extra } = account;
  const moveId = textField(extra[leavingField], "moveId") ?? "";
  const adoptedMs = adoptedMsOf(account);
  Reflect.deleteProperty(extra, leavingField);
  Reflect.deleteProperty(extra, adoptedField);
  const tokens = [...account.spent, fingerprint(account.login.refreshToken)].slice(-mostTokens);
  await ctx.store.transaction("release", ({ pool }) => {
    if (hasArrived(pool, moveId)) return;
    if (pool.accounts.some((each) => each.id === id)) throw knownHere(account);
    arrive(pool, account, { moveId, nowMs: ctx.now() });
  });
  // By now the pool may have renewed it: what is left here is of no use to anybody.
  await changeTogether(ctx.database, async (statements) => {
    const removed = await statements.change(
      `delete from documents where kind = 'leaving' and id = $1 and version = $2`,
      [id, version],
    );
    if (removed !== 1) throw new Overtaken();
    const before = await readDocument(statements, releasedKind, id);
    if (before) await removeDocument(statements, releasedKind, id);
    const body = JSON.stringify({ adoptedMs, tokens });
    await replaceDocument(statements, {
      kind: releasedKind,
      id,
      version: 0,
      body,
      changedMs: ctx.database.now(),
    });
  });
}

/** Before anything is put out of use: two logins of one account would be one too many. */
async function refuseKnown({ store }: ReleaseContext, account: Account): Promise<void> {
  const { pool } = await store.read();
  const isMoving = movingOf(pool).some((each) => each.account.id === account.id);
  if (isMoving || pool.accounts.some(({ id }) => id === account.id)) throw knownHere(account);
}

function knownHere(account: Account): CodexAuthError {
  return new CodexAuthError(
    "move_refused",
    `The pool of this machine has a login of ${plainName(account)} already.`,
    {
      hint: `Remove that one first, if it is not wanted: codex auth remove ${account.id}. Nothing was lost.`,
    },
  );
}

function refuseUnclear(ctx: ReleaseContext, account: Account): void {
  const { refresh } = account;
  const trouble = renewalTrouble(account);
  if (refresh?.kind !== "intent" && trouble?.kind !== "uncertain") return;
  const untilMs = trouble && nextTryMs(trouble, ctx.now());
  const until =
    untilMs === null
      ? ""
      : ` Not before ${new Date(untilMs).toISOString()}, unless that gateway says so earlier.`;
  throw new CodexAuthError(
    "move_refused",
    `A gateway began to renew ${plainName(account)}, and nobody knows how that ended.`,
    {
      hint: `Start that gateway again: it writes what it has.${until} Nothing was moved.`,
    },
  );
}

function goneError(): CodexAuthError {
  return new CodexAuthError("store_changed", "The account was changed by somebody else just now.", {
    hint: "Nothing was moved. Run the command again.",
  });
}
