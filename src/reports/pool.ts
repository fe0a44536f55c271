import { blockOf, whyUnusable } from "../pool/state.ts";
import type { Context } from "../context.ts";
import { readTextIfReadable } from "../machine/file-system.ts";
import type { Account } from "../pool/account.ts";
import { type Availability, exhaustedUntilMs, recordReport } from "../quota/availability.ts";
import { type Block, currentPlan, laterBlock } from "../quota/block.ts";
import type { Candidate } from "../quota/candidate.ts";
import { binMs, type UsageHistory } from "../quota/forecast/past.ts";
import { binHistory, type HistoryStep, parseHistory } from "../quota/history.ts";
import { type Limit, mainLimitId, mergeLimits } from "../quota/limit.ts";
import { readSessionHistory } from "../sessions/history.ts";
import {
  attributeToCreator,
  readSessionLimits,
  type SessionAccount,
  type SessionLimits,
} from "../sessions/limits.ts";
import { readUsageFile } from "../store/files/quota.ts";
import { sessionCache } from "../store/files/session-cache.ts";
import type { AccountUsage, UsageByAccount } from "../store/library-store.ts";
import type { Snapshot } from "../store/store.ts";

interface SessionFigures {
  /** By account id. */
  limits: ReadonlyMap<string, readonly Limit[]>;
  files: number;
  /** Logs with figures that could not be given to an account. */
  unattributed: number;
}

type Reader = Pick<Context, "fs" | "now" | "store" | "stderr">;

const newestName = "newest.json";

/** The newest limits of each account from the session logs of this CODEX_HOME, kept for the commands that read no log. */
function readSessionFigures(ctx: Reader, accounts: readonly Account[]): SessionFigures {
  const { fs, store, now } = ctx;
  const found = readSessionLimits({
    homes: [store.paths.codexHome],
    storage: sessionCache(fs, store.paths, "limits.json"),
    attribute: attributeToCreator(store.proxiedSessions()),
    nowMs: now(),
    onProgress: showProgress(ctx),
  });
  const limits = limitsById(found, seatFinder(accounts));
  keepNewest(ctx, limits);
  return { limits, files: found.files, unattributed: found.unattributed };
}

/** What the last command that read the logs found. */
export function cachedSessionFigures({ fs, store }: Pick<Context, "fs" | "store">) {
  return readUsageFile(fs, sessionCache(fs, store.paths, newestName).path);
}

/** Which account of the pool a log means. Logs do not always name the user; then the workspace must have one account. */
export function seatFinder(accounts: readonly Account[]): (seat: SessionAccount) => string | null {
  const byWorkspace = new Map<string, { id: string; userId: string }[]>();
  for (const { id, login } of accounts) {
    const { identity } = login;
    if (identity.kind !== "seat") continue;
    const seats = byWorkspace.get(identity.accountId) ?? [];
    byWorkspace.set(identity.accountId, [...seats, { id, userId: identity.userId }]);
  }
  return ({ accountId, userId }) => {
    const seats = byWorkspace.get(accountId) ?? [];
    if (userId !== null) return seats.find((seat) => seat.userId === userId)?.id ?? null;
    return seats.length === 1 ? (seats[0]?.id ?? null) : null;
  };
}

function limitsById({ accounts }: SessionLimits, idOf: (seat: SessionAccount) => string | null) {
  const byId = new Map<string, readonly Limit[]>();
  for (const { account, limits } of accounts) {
    const id = idOf(account);
    if (id !== null) byId.set(id, mergeLimits(byId.get(id) ?? [], limits));
  }
  return byId;
}

function keepNewest({ fs, store }: Reader, byId: ReadonlyMap<string, readonly Limit[]>): void {
  const cache = sessionCache(fs, store.paths, newestName);
  const entries = [...byId].map(([id, limits]) => [id, { limits, availability: null }]);
  const text = JSON.stringify({ version: 1, accounts: Object.fromEntries(entries) as unknown });
  if (byId.size > 0 && cache.read() !== text) cache.write(text);
}

/** A cold scan of many logs takes a moment. */
function showProgress({ stderr }: Reader): (read: number, files: number) => void {
  if (!stderr.isTerminal) return () => undefined;
  return (read, files) => {
    if (read % 100 === 0) stderr.write(`\rReading session logs: ${read} of ${files}\u001b[K`);
    if (read === files && files >= 100) stderr.write("\r\u001b[K");
  };
}

/** What upstream's answers and the session logs said, whichever is newer: what every command shows as left. */
export function readFigures(ctx: Reader, { pool }: Snapshot): UsageByAccount {
  const usage = ctx.store.usage();
  const { limits } = readSessionFigures(ctx, pool.accounts);
  const ids = new Set([...usage.keys(), ...limits.keys()]);
  return new Map(
    [...ids].map((id) => {
      const known = usage.get(id) ?? nothingKnown;
      return [id, { ...known, limits: mergeLimits(known.limits, limits.get(id) ?? []) }];
    }),
  );
}

/** All that is known without a request: the accounts as the ranking sees them, in the order of their rows. */
export interface PoolState {
  snapshot: Snapshot;
  candidates: readonly Candidate[];
  /** What upstream's answers said. */
  usage: UsageByAccount;
  nowMs: number;
  /** Session logs that were found, and those among them whose figures belong to nobody. */
  sessionFiles: number;
  unattributed: number;
}

/** The figures of a state that was read, as `readFigures` tells them. */
export function figuresOf({ candidates, usage }: PoolState): UsageByAccount {
  return new Map(
    candidates.map(({ id, limits }) => [id, { ...(usage.get(id) ?? nothingKnown), limits: [...limits] }]),
  );
}

const nothingKnown: AccountUsage = { limits: [], availability: null };

/**
 * Reads the pool, limits.json and Codex's session logs. What the logs said is kept in the store folder when there is
 * one, so that the next command reads only what is new; nothing else is written.
 */
export async function readPoolState(ctx: Context): Promise<PoolState> {
  const snapshot = await ctx.store.read();
  const { accounts } = snapshot.pool;
  const nowMs = ctx.now();
  const usage = ctx.store.usage();
  const { limits, files, unattributed } = readSessionFigures(ctx, accounts);
  const candidates = accounts.map((account) => {
    const known = usage.get(account.id);
    return candidateOf(account, known, limits.get(account.id) ?? [], nowMs);
  });
  return { snapshot, candidates, usage, nowMs, sessionFiles: files, unattributed };
}

function candidateOf(
  account: Account,
  known: AccountUsage | undefined,
  session: readonly Limit[],
  nowMs: number,
): Candidate {
  const limits = mergeLimits(known?.limits ?? [], session);
  const unusable = whyUnusable(account, nowMs);
  const stored = storedBlock(known?.availability ?? null, limits, nowMs);
  const block = blockOf(account, laterBlock(stored, reportedBlock(limits, nowMs)), nowMs);
  const { id, login } = account;
  const plan = currentPlan(login, known?.news);
  return { id, plan, limits, block, ...(unusable === null ? {} : { unusable }) };
}

/** What upstream's answers said, unless a newer report shows that the limit is gone. */
function storedBlock(
  availability: Availability | null,
  limits: readonly Limit[],
  nowMs: number,
): Block | null {
  if (availability === null) return null;
  return recordReport(new Map([["", availability]]), "", limits, nowMs).get("")?.block ?? null;
}

/**
 * For routing a reported 100 % is only advice. Here advice is asked for: to send a person to an account that reports
 * 100 % would be wrong more often than right, and the order of the other accounts is the same.
 */
function reportedBlock(limits: readonly Limit[], nowMs: number): Block | null {
  const untilMs = exhaustedUntilMs(limits, nowMs);
  return untilMs === null ? null : { kind: "exhausted", sinceMs: nowMs, untilMs };
}

export type HistoryOf = (accountId: string, windowMinutes: number) => UsageHistory;

/** How the windows of each account were used in the last six weeks, from live reports and from the session logs. */
export function readPoolHistory(ctx: Context, { snapshot, nowMs }: PoolState): HistoryOf {
  const { fs, store } = ctx;
  const live = parseHistory(readTextIfReadable(fs, store.paths.historyFile) ?? "");
  const logged = readSessionHistory({
    homes: [store.paths.codexHome],
    nowMs,
    idOf: seatFinder(snapshot.pool.accounts),
    attribute: attributeToCreator(store.proxiedSessions()),
    storage: sessionCache(fs, store.paths, "history.json"),
  });
  const [liveOf, loggedOf] = [byWindow(live), byWindow(logged)];
  const known = new Map<string, UsageHistory>();
  const offsetMinutes = utcOffsets();
  return (accountId, windowMinutes) => {
    const name = `${accountId} ${windowMinutes}`;
    const found = known.get(name);
    if (found) return found;
    const key = { accountId, limitId: mainLimitId, windowMinutes };
    const stepsIn = (windows: Windows) => windows.get(accountId)?.get(windowMinutes) ?? [];
    const history = binHistory(fuller(stepsIn(liveOf), stepsIn(loggedOf)), key, nowMs, offsetMinutes);
    known.set(name, history);
    return history;
  };
}

/** Steps by account and length of the window. */
type Windows = ReadonlyMap<string, ReadonlyMap<number, readonly HistoryStep[]>>;

/** Looked through once: a hundred accounts of six weeks make thousands of steps. */
function byWindow(steps: readonly HistoryStep[]): Windows {
  const windows = new Map<string, Map<number, HistoryStep[]>>();
  for (const step of steps) {
    const { accountId, windowMinutes } = step;
    let ofAccount = windows.get(accountId);
    if (!ofAccount) windows.set(accountId, (ofAccount = new Map<number, HistoryStep[]>()));
    const group = ofAccount.get(windowMinutes);
    if (group) group.push(step);
    else ofAccount.set(windowMinutes, [step]);
  }
  return windows;
}

/** Both tell of the same use, so they are not added up: whichever saw more of it counts. */
function fuller(live: readonly HistoryStep[], logged: readonly HistoryStep[]): readonly HistoryStep[] {
  const seen = (steps: readonly HistoryStep[]) => steps.reduce((sum, { percent }) => sum + percent, 0);
  return seen(live) > seen(logged) ? live : logged;
}

/** The offset changes at a quarter of an hour only, and to ask the system of every step takes longer than all else. */
function utcOffsets(): (atMs: number) => number {
  const known = new Map<number, number>();
  return (atMs) => {
    const quarter = Math.floor(atMs / binMs);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const minutes = -new Date(atMs).getTimezoneOffset();
    known.set(quarter, minutes);
    return minutes;
  };
}
