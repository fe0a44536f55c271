import { type AuthDocument, keptLogin, type Login, readAuthDocument } from "../../codex/auth-json.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { livenessOf } from "../../machine/processes.ts";
import { type Account, fingerprint, userKeyOf } from "../../pool/account.ts";
import type { RenewalTrouble } from "../../pool/marks.ts";
import { processesText, type StoreContext } from "../../store/context.ts";
import { tryLockLikeCodex, untilUnlocked } from "../../store/locks/codex-locks.ts";
import type { PoolTransaction, RenewalStore } from "../../store/pool-store.ts";
import { awaitCodexRefresh, isQuiet } from "./await-codex.ts";
import type { RefreshNeed, RefreshOutcome } from "./need.ts";
import { bookFailure, settledOutcome } from "./outcome.ts";
import { type NewTokens, renewedDocument, requestRefresh, tokenUrl } from "./token-endpoint.ts";
import { troubleBefore } from "../../pool/renewal-trouble.ts";
import type { Context } from "../../context.ts";

export interface RefreshContext
  extends
    Pick<StoreContext, "fs" | "now" | "sleep" | "self" | "flock">,
    Pick<Context, "fetch" | "env" | "processes"> {
  store: RenewalStore;
  /** Whether this Codex certainly renews no token now. Default: what /proc says. */
  isIdle?: (pid: number) => boolean;
  /** Whether the command that wanted the token has gone. */
  isCancelled: () => boolean;
}

/** What was begun: the token that is about to be spent. */
interface Attempt {
  login: Login;
  /** What earlier attempts with this token came to. */
  before: RenewalTrouble | null;
}

const rounds = 3;

/**
 * Renews the access token of an account so that its single-use refresh token is never lost. Runs in a process that
 * outlives the command (renewal-process.ts): a kill between the answer and the disk would burn the token.
 * S1 … S8 and E1 … E3 are the steps of the protocol.
 */
export async function refreshAccount(
  ctx: RefreshContext,
  id: string,
  need: RefreshNeed,
): Promise<RefreshOutcome> {
  const { pool } = await ctx.store.read();
  // S1: siblings of one user are never renewed at the same time.
  const hold = await ctx.store.refreshLock(userKeyOf(accountOf(pool.accounts, id)));
  try {
    for (let round = 1; ; round += 1) {
      const outcome = await attempt(ctx, id, need, round === rounds);
      if (outcome) return outcome;
    }
  } finally {
    await hold.release();
  }
}

/** Null: something changed under our hands, look again. */
async function attempt(
  ctx: RefreshContext,
  id: string,
  need: RefreshNeed,
  isLast: boolean,
): Promise<RefreshOutcome | null> {
  // S2: what somebody else has done meanwhile counts first.
  const settle = (transaction: PoolTransaction) => settledOutcome(transaction, id, need, ctx.now());
  const settled = await ctx.store.transaction("refresh", settle);
  if (settled) return settled;
  const { active, pool, live } = await ctx.store.read();
  // Codex may hold the very token that would be spent, in a keyring that is locked now.
  if (live.refusal && pool.activeId === id) throw live.refusal;
  const isLive = active?.id === id;
  const codex = isLive ? await awaitCodexRefresh(ctx) : "quiet";
  if (codex === "changed") {
    const adopted = await ctx.store.transaction("refresh", settle);
    if (adopted) return adopted.kind === "ready" ? { kind: "ready", how: "adopted" } : adopted;
  }
  // A Codex that is at work may be spending this very token, however long its issuer takes.
  if (codex === "busy") return left(ctx);
  // S3: the issuer may get the token, and everything that will have to be written can be written.
  const url = tokenUrl(ctx.env);
  ctx.store.requireSavable(id, isLive);
  const unlock = isLive ? await lockAuthFile(ctx) : () => undefined;
  try {
    return await spend(ctx, { id, need, url, isLive, isLast, unlock });
  } finally {
    unlock();
  }
}

function left({ processes }: RefreshContext): RefreshOutcome {
  return { kind: "left", who: processesText(processes() ?? []) };
}

function lockAuthFile(ctx: RefreshContext): Promise<() => void> {
  return untilUnlocked(() => tryLockLikeCodex(ctx, [ctx.store.paths.authLock]), ctx.sleep);
}

interface Spending {
  id: string;
  need: RefreshNeed;
  /** Where the token goes. */
  url: string;
  /** The account is in auth.json, and we hold Codex's auth.lock. */
  isLive: boolean;
  isLast: boolean;
  unlock: () => void;
}

async function spend(ctx: RefreshContext, spending: Spending): Promise<RefreshOutcome | null> {
  const { id, need, url, isLive, isLast, unlock } = spending;
  // A Codex that starts now finds no refresh token in auth.json.
  const isLent = isLive && ctx.processes() !== null;
  const begin = (transaction: PoolTransaction) => beginning(ctx, transaction, { id, need, isLive, isLent });
  const begun = await ctx.store.transaction("refresh", begin, { isAuthLocked: isLive });
  if (begun === "moved") return isLast ? left(ctx) : null;
  if ("kind" in begun) return begun;
  // One that started before may have read it: it gets its file back as it left it, or it would throw new tokens away.
  const isRaced = isLent && !(await isQuiet(ctx));
  // S4: the last moment to give up.
  if (isRaced || ctx.isCancelled()) {
    await conclude(ctx, spending, (account) => void (account.refresh = begun.before));
    if (!isRaced) return { kind: "cancelled" };
    return isLast ? left(ctx) : null;
  }
  const reason = need.kind === "rejected" ? "unauthorized_recovery" : "proactive_expiry";
  const answer = await requestRefresh(ctx, url, begun.login, reason);
  if (answer.kind === "tokens") return await save(ctx, spending, begun.login, answer.tokens);
  const book = (account: Account) => bookFailure(account, { ...begun, answer, nowMs: ctx.now() });
  if (answer.kind !== "refused" || !isLive) return await conclude(ctx, spending, book, begun.login);
  // E1: a Codex that was faster, where nothing tells who runs, has the new token and waits for the lock to save it.
  await conclude(ctx, spending, () => null);
  unlock();
  await awaitCodexRefresh(ctx);
  return await conclude(ctx, { ...spending, isLive: false }, book, begun.login);
}

/** The intent is on disk before the request is sent: whoever finds it with a dead process knows what happened. */
function beginning(
  ctx: RefreshContext,
  transaction: PoolTransaction,
  { id, need, isLive, isLent }: Pick<Spending, "id" | "need" | "isLive"> & { isLent: boolean },
): Attempt | RefreshOutcome | "moved" {
  const settled = settledOutcome(transaction, id, need, ctx.now());
  if (settled) return settled;
  // Somebody has switched between our look and our lock.
  if (isLive !== (transaction.active?.id === id)) return "moved";
  const account = accountOf(transaction.pool.accounts, id);
  const { login } = account;
  const token = fingerprint(login.refreshToken);
  const before = troubleBefore(account.refresh, token);
  const startedAt = new Date(ctx.now()).toISOString();
  const about = { startedAt, attempts: before?.attempts ?? 0, before, process: ctx.self() };
  account.refresh = { kind: "intent", fingerprint: token, ...about };
  if (isLent) transaction.lendLive(account);
  return { login, before };
}

/** After so long the new tokens are tried again where they could not be saved. */
const savePausesMs = [100, 300, 1000, 3000, 10_000];

/**
 * S6 to S8. The file of unsaved tokens is what a killed refresh leaves; the transaction takes it in just as it would after a crash,
 * and where no place takes one, the tokens in hand.
 */
async function save(
  ctx: RefreshContext,
  { id, isLive }: Spending,
  login: Login,
  tokens: NewTokens,
): Promise<RefreshOutcome> {
  const { store } = ctx;
  const document = usableDocument(login, tokens, ctx.now());
  const kept = { accountId: id, spent: fingerprint(login.refreshToken), document };
  const inHand = { ...kept, path: null, login: keptLogin(document) };
  let unsaved = store.keepTokens(kept);
  for (const pauseMs of [...savePausesMs, null]) {
    try {
      await store.transaction("refresh", () => undefined, { isAuthLocked: isLive, inHand });
      break;
    } catch (error) {
      unsaved &&= store.keepTokens(kept);
      if (pauseMs === null) throw unsavedError(error, unsaved);
      await ctx.sleep(pauseMs);
    }
  }
  return { kind: "ready", how: "renewed" };
}

function unsavedError(cause: unknown, unsaved: CodexAuthError | null): unknown {
  if (!(cause instanceof CodexAuthError)) return cause;
  if (unsaved === null) {
    const message = `The login was renewed, but the pool does not have the new token yet. ${cause.message}`;
    const hint = "It is safe in a file of its own. End that trouble, then run the command again.";
    return new CodexAuthError(cause.code, message, { hint, cause });
  }
  const message = `The login was renewed, but its new token could be saved nowhere. ${unsaved.message} ${cause.message}`;
  const hint = "It is lost. End that trouble first, then log in again: codex auth login";
  return new CodexAuthError(cause.code, message, { hint, cause });
}

/** An id token that Codex could not read would make the whole login unreadable: then the old one stays. */
function usableDocument(login: Login, tokens: NewTokens, nowMs: number): AuthDocument {
  const document = renewedDocument(login.document, tokens, nowMs);
  if (readAuthDocument(document).kind === "login") return document;
  const { id_token: _, ...others } = tokens;
  return renewedDocument(login.document, others, nowMs);
}

/** Ends an attempt without new tokens. Null when the account has got another refresh token meanwhile: look again. */
async function conclude<T>(
  ctx: RefreshContext,
  { id, isLive }: Spending,
  book: (account: Account) => T,
  login?: Login,
): Promise<T | null> {
  const close = (transaction: PoolTransaction): T | null => {
    const account = accountOf(transaction.pool.accounts, id);
    transaction.renewLive(account);
    if (login && account.login.refreshToken !== login.refreshToken) return null;
    const { refresh, flag } = account;
    const isTheirs = isBegunByOthers(ctx, account);
    const result = book(account);
    // Somebody else has the lease by now and sends the token: what comes of that is theirs to write.
    if (isTheirs) Object.assign(account, { refresh, flag });
    return result;
  };
  return await ctx.store.transaction("refresh", close, { isAuthLocked: isLive });
}

function isBegunByOthers({ self }: RefreshContext, { refresh }: Account): boolean {
  return refresh?.kind === "intent" && livenessOf(refresh.process, self()) !== "self";
}

function accountOf(accounts: readonly Account[], id: string): Account {
  const account = accounts.find((each) => each.id === id);
  if (account) return account;
  throw new CodexAuthError("account_not_found", "The account was removed meanwhile.", {
    hint: "See: codex auth list",
  });
}
