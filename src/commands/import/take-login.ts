import { type AuthDocument, keptLogin, type Login } from "../../codex/auth-json.ts";
import { isFromFuture } from "../../codex/login-documents.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { completedLogin, type StoredLogin } from "../../interchange/stored-login.ts";
import { type Account, plainName, fingerprint } from "../../pool/account.ts";
import { adopt, type Adoption, adoptNewLogin, findAccount } from "../../pool/adopt.ts";
import { type Flag, isFlag } from "../../pool/marks.ts";
import { checkedLabel, refuseTakenLabel } from "../../pool/select.ts";
import { flagText, remedyOf, stateWords } from "../../pool/state.ts";
import { displacedFile } from "../../store/files/aside.ts";
import type { Transaction } from "../../store/store.ts";
import { shellWord } from "../../text/shell-words.ts";

/** What became of one login; `reason` is for a person. */
export interface Taken {
  outcome: "added" | "updated" | "unchanged" | "skipped";
  reason: string | null;
  account: Account;
  /** The login that gave way, and may still be good. */
  replaced?: AuthDocument | null;
}

/** One import: what it has added is still as its source says, everything older is the person's. */
export interface ImportRun {
  nowMs: number;
  addedIds: Set<string>;
  /** A person asked for these logins, whatever the pool has. */
  mayReplace: boolean;
}

/** Takes a login of a store into the pool. A known account keeps its label, its pause and every newer token. */
export function importLogin(transaction: Transaction, stored: StoredLogin, run: ImportRun): Taken {
  const taken = takenLogin(transaction, stored, run);
  const isTaken = taken.outcome === "added" || taken.outcome === "updated";
  if (!isTaken || stored.note === null) return taken;
  return { ...taken, reason: taken.reason === null ? stored.note : `${taken.reason}; ${stored.note}` };
}

function takenLogin(transaction: Transaction, stored: StoredLogin, run: ImportRun): Taken {
  const known = findAccount(transaction.pool, stored.login);
  if (!known) return addLogin(transaction, stored, run);
  // Switchers keep old copies of a login without its name.
  if (run.addedIds.has(known.id) && known.label === null) labelProblem(transaction, known, stored.label);
  if (stored.flag) return keepFlagged(transaction, stored, known, run);
  if (stored.isPartial && hasTokensOf(known, stored))
    return { outcome: "unchanged", reason: null, account: known };
  return updateLogin(transaction, stored, known, run);
}

function addLogin(transaction: Transaction, stored: StoredLogin, { nowMs, addedIds }: ImportRun): Taken {
  const { account } = adopt(transaction.pool, stored.login, { nowMs, tie: "pool" });
  const { pausedAt } = stored;
  addedIds.add(account.id);
  account.pausedAt = pausedAt === "now" ? new Date(nowMs).toISOString() : pausedAt;
  account.flag ??= flagOf(stored, nowMs);
  const reasons = [
    account.flag && asideText(account, account.flag),
    account.pausedAt ? "paused" : null,
    labelProblem(transaction, account, stored.label),
  ].filter((reason) => reason !== null);
  return { outcome: "added", reason: reasons.length > 0 ? reasons.join("; ") : null, account };
}

function asideText(account: Account, { reason }: Flag): string {
  if (reason !== "spent")
    return `${stateWords.flagged}, until a test shows that it works: ${remedyOf("reported", account)}`;
  return `${flagText(reason)}; a backup may have the newer one: codex auth backup list`;
}

function updateLogin(transaction: Transaction, stored: StoredLogin, known: Account, run: ImportRun): Taken {
  const login = completedLogin(stored, known.auth);
  const { outcome, displaced } = adoptAsAsked(transaction, login, { known, run });
  if (displaced) transaction.keepDisplaced(displaced);
  if (outcome === "kept") return { outcome: "skipped", reason: whyKept(known, login, run), account: known };
  if (outcome !== "updated") return takenFromLive(transaction, known);
  if (run.mayReplace) transaction.renewLive(known);
  const reason =
    transaction.active === known && !run.mayReplace
      ? `auth.json still has the older token; to use this one: codex auth switch ${known.id}`
      : null;
  return {
    outcome: "updated",
    reason,
    account: known,
    replaced: run.addedIds.has(known.id) ? null : displaced,
  };
}

/** The login of auth.json is in the pool before any command looks at it. */
function takenFromLive({ adoption }: Transaction, known: Account): Taken {
  const isTaken = adoption?.outcome === "updated" && adoption.account === known;
  return isTaken
    ? { outcome: "updated", reason: null, account: known, replaced: adoption.displaced }
    : { outcome: "unchanged", reason: null, account: known };
}

function adoptAsAsked(
  { pool }: Transaction,
  login: Login,
  { known, run: { nowMs, mayReplace } }: { known: Account; run: ImportRun },
): Adoption {
  if (mayReplace && !isSpent(known, login)) return adoptNewLogin(pool, login, nowMs);
  return adopt(pool, login, { nowMs, tie: "pool" });
}

function whyKept(known: Account, login: Login, { nowMs }: ImportRun): string {
  if (isSpent(known, login)) return "its refresh token is used up";
  if (!isFromFuture(login, nowMs)) return "the token in the pool is as new or newer";
  const date = new Date((login.issuedAtSec ?? 0) * 1000).toISOString();
  return `it says that it was issued at ${date}, which is still to come and proves nothing; the login in the pool stays. To take it all the same: import --replace`;
}

function isSpent({ spent }: Account, { refreshToken }: Login): boolean {
  return refreshToken !== "" && spent.includes(fingerprint(refreshToken));
}

/** A login that failed elsewhere never replaces one of ours; it may still be good, so it is not thrown away either. */
function keepFlagged(
  transaction: Transaction,
  stored: StoredLogin,
  known: Account,
  { nowMs, addedIds }: ImportRun,
): Taken {
  if (hasTokensOf(known, stored) || isSameRefreshToken(known, stored)) {
    if (addedIds.has(known.id)) known.flag ??= flagOf(stored, nowMs);
    return { outcome: "unchanged", reason: null, account: known };
  }
  const { refreshToken, document } = stored.login;
  if (refreshToken !== "" && !isSpent(known, stored.login)) transaction.keepDisplaced(document);
  return {
    outcome: "skipped",
    reason: "it needed a new sign-in there, and the pool has another login",
    account: known,
  };
}

function hasTokensOf({ login }: Account, stored: StoredLogin): boolean {
  const { accessToken, refreshToken } = stored.login;
  return login.refreshToken === refreshToken && login.accessToken === accessToken;
}

/** What was refused is the refresh token, whatever access token stands beside it. */
function isSameRefreshToken({ login }: Account, { login: { refreshToken } }: StoredLogin): boolean {
  return refreshToken !== "" && refreshToken === login.refreshToken;
}

function flagOf({ flag: told }: StoredLogin, nowMs: number): Flag | null {
  if (!told) return null;
  const { reason, evidence } = told;
  const since = told.since ?? new Date(nowMs).toISOString();
  const flag = { reason, since, evidence };
  return isFlag(flag) ? flag : { reason: "reported", since, evidence };
}

/** Sets the label where it can be one; the login comes in all the same. */
function labelProblem({ pool }: Transaction, account: Account, wanted: string | null): string | null {
  if (wanted === null) return null;
  try {
    const label = checkedLabel(wanted);
    refuseTakenLabel(pool.accounts, account, label);
    account.label = label;
    return null;
  } catch (error) {
    if (error instanceof CodexAuthError) return `without its label: ${error.message}`;
    throw error;
  }
}

/** How the report names the account of a login that was taken. */
export function takenReport({ outcome, reason, account }: Taken) {
  return { outcome, reason, accountId: account.id, name: plainName(account) };
}

/** What was replaced, and the command that brings it back from where it was put aside. */
export function replacedReport({ fs, store }: Pick<Context, "fs" | "store">, replaced: AuthDocument) {
  const login = keptLogin(replaced);
  const issuedAt = login.issuedAtSec === null ? null : new Date(login.issuedAtSec * 1000).toISOString();
  const path = displacedFile(fs, store.paths.displacedDir, login);
  return { issuedAt, undo: path && `codex auth import --replace ${shellWord(path)}` };
}
