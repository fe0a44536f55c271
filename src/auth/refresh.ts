import { keptLogin, readAuthDocument } from "../codex/auth-json.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fingerprint, userKeyOf } from "../store/account-id.ts";
import type { Account } from "../store/account.ts";
import type { RenewalTrouble } from "../store/refresh-mark.ts";
import { tryLockLikeCodex, untilUnlocked } from "../store/codex-locks.ts";
import type { CodexProcess } from "../store/codex-processes.ts";
import { awaitCodexRefresh, isQuiet } from "../store/codex-refresh.ts";
import type { FileSystem } from "../store/file-system.ts";
import { processesText } from "../store/obstacle.ts";
import type { ProcessIdentity } from "../store/process-identity.ts";
import { requireWritable } from "../store/requirements.ts";
import { keepRescue } from "../store/rescue.ts";
import type { Draft, Store } from "../store/store.ts";
import type { Fetch } from "../upstream/network-failure.ts";
import { bookFailure, settledOutcome } from "./refresh-outcome.ts";
import type { RefreshNeed, RefreshOutcome } from "./renewal-words.ts";
import { troubleBefore } from "./renewal-trouble.ts";
import { renewedDocument, requestRefresh, tokenUrl } from "./token-endpoint.ts";
import type { NewTokens } from "./token-endpoint.ts";

export interface RefreshEffects {
  fetch: Fetch;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  env: Readonly<Record<string, string | undefined>>;
  fs: FileSystem;
  store: Store;
  self: () => ProcessIdentity;
  processes: () => CodexProcess[] | null;
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
  fx: RefreshEffects,
  id: string,
  need: RefreshNeed,
): Promise<RefreshOutcome> {
  const { pool } = await fx.store.read();
  // S1: siblings of one user are never renewed at the same time.
  const lease = await fx.store.refreshLock(userKeyOf(accountOf(pool.accounts, id)));
  try {
    for (let round = 1; ; round += 1) {
      const outcome = await attempt(fx, id, need, round === rounds);
      if (outcome) return outcome;
    }
  } finally {
    await lease.release();
  }
}

/** Null: something changed under our hands, look again. */
async function attempt(
  fx: RefreshEffects,
  id: string,
  need: RefreshNeed,
  isLast: boolean,
): Promise<RefreshOutcome | null> {
  // S2: what somebody else has done meanwhile counts first.
  const settle = (draft: Draft) => settledOutcome(draft, id, need, fx.now());
  const settled = await fx.store.transaction("refresh", settle);
  if (settled) return settled;
  const isLive = (await fx.store.read()).active?.id === id;
  const codex = isLive ? await awaitCodexRefresh(fx) : "quiet";
  if (codex === "changed") {
    const adopted = await fx.store.transaction("refresh", settle);
    if (adopted) return adopted.kind === "ready" ? { kind: "ready", how: "adopted" } : adopted;
  }
  // A Codex that is at work may be spending this very token, however long its issuer takes.
  if (codex === "busy") return left(fx);
  // S3: the issuer may get the token, and everything that will have to be written can be written.
  const url = tokenUrl(fx.env);
  requireWritable(fx.fs, fx.store.paths, { isLive, accountId: id });
  const unlock = isLive ? await lockAuthFile(fx) : () => undefined;
  try {
    return await spend(fx, { id, need, url, isLive, isLast, unlock });
  } finally {
    unlock();
  }
}

function left({ processes }: RefreshEffects): RefreshOutcome {
  return { kind: "left", who: processesText(processes() ?? []) };
}

function lockAuthFile({ fs, sleep, store }: RefreshEffects): Promise<() => void> {
  return untilUnlocked(() => tryLockLikeCodex({ fs, sleep }, [store.paths.authLock]), sleep);
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

async function spend(fx: RefreshEffects, spending: Spending): Promise<RefreshOutcome | null> {
  const { id, need, url, isLive, isLast, unlock } = spending;
  // A Codex that starts now finds no refresh token in auth.json.
  const isLent = isLive && fx.processes() !== null;
  const begin = (draft: Draft) => beginning(fx, draft, { id, need, isLive, isLent });
  const begun = await fx.store.transaction("refresh", begin, { isAuthLocked: isLive });
  if (begun === "moved") return isLast ? left(fx) : null;
  if ("kind" in begun) return begun;
  // One that started before may have read it: it gets its file back as it left it, or it would throw new tokens away.
  const isRaced = isLent && !(await isQuiet(fx));
  // S4: the last moment to give up.
  if (isRaced || fx.isCancelled()) {
    await conclude(fx, spending, (account) => void (account.refresh = begun.before));
    if (!isRaced) return { kind: "cancelled" };
    return isLast ? left(fx) : null;
  }
  const reason = need.kind === "rejected" ? "unauthorized_recovery" : "proactive_expiry";
  const answer = await requestRefresh(fx, url, begun.login, reason);
  if (answer.kind === "tokens") return await save(fx, spending, begun.login, answer.tokens);
  const book = (account: Account) => bookFailure(account, { ...begun, answer, nowMs: fx.now() });
  if (answer.kind !== "refused" || !isLive) return await conclude(fx, spending, book, begun.login);
  // E1: a Codex that was faster, where nothing tells who runs, has the new token and waits for the lock to save it.
  await conclude(fx, spending, () => null);
  unlock();
  await awaitCodexRefresh(fx);
  return await conclude(fx, { ...spending, isLive: false }, book, begun.login);
}

/** The intent is on disk before the request is sent: whoever finds it with a dead process knows what happened. */
function beginning(
  fx: RefreshEffects,
  draft: Draft,
  { id, need, isLive, isLent }: Pick<Spending, "id" | "need" | "isLive"> & { isLent: boolean },
): Attempt | RefreshOutcome | "moved" {
  const settled = settledOutcome(draft, id, need, fx.now());
  if (settled) return settled;
  // Somebody has switched between our look and our lock.
  if (isLive !== (draft.active?.id === id)) return "moved";
  const account = accountOf(draft.pool.accounts, id);
  const { login } = account;
  const token = fingerprint(login.refreshToken);
  const before = troubleBefore(account.refresh, token);
  const startedAt = new Date(fx.now()).toISOString();
  const about = { startedAt, attempts: before?.attempts ?? 0, before, process: fx.self() };
  account.refresh = { kind: "intent", fingerprint: token, ...about };
  if (isLent) draft.lendLive(account);
  return { login, before };
}

/** After so long the new tokens are tried again where they could not be saved. */
const savePausesMs = [100, 300, 1000, 3000, 10_000];

/**
 * S6 to S8. The rescue file is what a killed refresh leaves; the transaction takes it in just as it would after a crash,
 * and where no place takes one, the tokens in hand.
 */
async function save(
  fx: RefreshEffects,
  { id, isLive }: Spending,
  login: Login,
  tokens: NewTokens,
): Promise<RefreshOutcome> {
  const { fs, store } = fx;
  const document = usableDocument(login, tokens, fx.now());
  const rescue = { accountId: id, spent: fingerprint(login.refreshToken), document };
  const inHand = { ...rescue, path: null, login: keptLogin(document) };
  let unsaved = keepRescue(fs, store.paths, rescue);
  for (const pauseMs of [...savePausesMs, null]) {
    try {
      await store.transaction("refresh", () => undefined, { isAuthLocked: isLive, inHand });
      break;
    } catch (error) {
      unsaved &&= keepRescue(fs, store.paths, rescue);
      if (pauseMs === null) throw unsavedError(error, unsaved);
      await fx.sleep(pauseMs);
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
  fx: RefreshEffects,
  { id, isLive }: Spending,
  book: (account: Account) => T,
  login?: Login,
): Promise<T | null> {
  const close = (draft: Draft): T | null => {
    const account = accountOf(draft.pool.accounts, id);
    draft.renewLive(account);
    return login && account.login.refreshToken !== login.refreshToken ? null : book(account);
  };
  return await fx.store.transaction("refresh", close, { isAuthLocked: isLive });
}

function accountOf(accounts: readonly Account[], id: string): Account {
  const account = accounts.find((each) => each.id === id);
  if (account) return account;
  throw new CodexAuthError("account_not_found", "The account was removed meanwhile.", {
    hint: "See: codex auth list",
  });
}
