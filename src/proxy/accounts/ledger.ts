import type { Account } from "../../pool/account.ts";
import {
  type Availability,
  type Failure,
  type FailureMoment,
  type PoolAvailability,
  recordFailure,
  recordLogin,
  recordReport,
  recordSuccess,
} from "../../quota/availability.ts";
import { type AccountNews, currentPlan } from "../../quota/block.ts";
import { type HistoryStep, historySteps } from "../../quota/history.ts";
import { type Limit, mergeLimits } from "../../quota/limit.ts";
import type { UsageByAccount } from "../../store/library-store.ts";
import type { PoolStore } from "../../store/pool-store.ts";

export interface LedgerOptions {
  readonly store: PoolStore;
  readonly now: () => number;
  readonly writeEveryMs: number;
  /** Accounts in the pool now: of others nothing is written. */
  readonly isKnown: (accountId: string) => boolean;
}

/**
 * What upstream's answers say about each account. Kept in memory and written beside the requests, at most once in
 * `writeEveryMs`, into what is on disk then.
 */
export class Ledger {
  /** Why the last write failed; what was to be written is tried again. */
  problem: unknown = null;
  readonly #options: LedgerOptions;
  readonly #limits = new Map<string, readonly Limit[]>();
  readonly #news = new Map<string, AccountNews>();
  #availability: PoolAvailability = new Map();
  /** When a new login ended what was written about the old one. */
  readonly #clearedAtMs = new Map<string, number>();
  readonly #unwritten = new Set<string>();
  readonly #sessionIds = new Set<string>();
  readonly #writtenSessionIds = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  limitsOf(accountId: string): readonly Limit[] {
    return this.#limits.get(accountId) ?? [];
  }

  /** A question about usage may have taught a newer one than the token has. */
  planOf({ id, login }: Pick<Account, "id" | "login">): string | null {
    return currentPlan(login, this.#news.get(id));
  }

  availabilityOf(accountId: string): Availability | null {
    return this.#availability.get(accountId) ?? null;
  }

  /** Takes in what other processes have written. */
  readStored(): void {
    const { store, now } = this.#options;
    const merged = new Map(this.#availability);
    const usage = store.usage();
    for (const [id, { limits, availability, news }] of usage) {
      if (news) this.#news.set(id, news);
      this.#limits.set(id, mergeLimits(this.limitsOf(id), limits));
      const newer = newerOf(merged.get(id) ?? null, this.#withoutCleared(id, availability));
      if (newer) merged.set(id, newer);
    }
    this.#availability = merged;
    for (const id of usage.keys())
      this.#availability = recordReport(this.#availability, id, this.limitsOf(id), now());
  }

  noteLimits(accountId: string, limits: readonly Limit[]): void {
    if (limits.length === 0) return;
    this.#limits.set(accountId, mergeLimits(this.limitsOf(accountId), limits));
    this.#availability = recordReport(this.#availability, accountId, limits, this.#options.now());
    this.#note(accountId);
  }

  noteFailure(
    accountId: string,
    failure: Failure,
    about: Pick<FailureMoment, "poolSize" | "isServing">,
  ): void {
    const moment = { accountId, nowMs: this.#options.now(), ...about };
    this.#availability = recordFailure(this.#availability, failure, moment);
    this.#note(accountId);
  }

  noteSuccess(accountId: string): void {
    const before = this.#availability;
    this.#availability = recordSuccess(before, accountId);
    if (before !== this.#availability) this.#note(accountId);
  }

  noteLogin(accountId: string): void {
    const before = this.#availability;
    this.#availability = recordLogin(before, accountId);
    this.#clearedAtMs.set(accountId, this.#options.now());
    if (before !== this.#availability) this.#note(accountId);
  }

  noteSessions(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#writtenSessionIds.has(id) || this.#sessionIds.has(id)) continue;
      this.#sessionIds.add(id);
      this.#schedule();
    }
  }

  /** Writes what is not written yet, and waits for it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#writing;
    await this.#write();
  }

  #withoutCleared(accountId: string, stored: Availability | null): Availability | null {
    const isCleared =
      stored?.block?.kind === "auth" && stored.block.sinceMs <= (this.#clearedAtMs.get(accountId) ?? 0);
    return isCleared ? { ...stored, block: null, authFailures: 0 } : stored;
  }

  #note(accountId: string): void {
    this.#unwritten.add(accountId);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#writing = this.#writing.then(() => this.#write());
    }, this.#options.writeEveryMs);
  }

  async #write(): Promise<void> {
    const ids = [...this.#unwritten].filter((id) => this.#options.isKnown(id));
    const sessionIds = [...this.#sessionIds];
    this.#unwritten.clear();
    this.#sessionIds.clear();
    if (ids.length === 0 && sessionIds.length === 0) return;
    const steps: HistoryStep[] = [];
    const change = (usage: UsageByAccount) => void steps.push(...this.#mergeInto(usage, ids));
    try {
      await this.#options.store.updateUsage(change, { history: () => steps, sessionIds });
      for (const id of sessionIds) this.#writtenSessionIds.add(id);
      this.problem = null;
    } catch (error) {
      this.problem = error;
      for (const id of ids) this.#unwritten.add(id);
      for (const id of sessionIds) this.#sessionIds.add(id);
      this.#schedule();
    }
  }

  #mergeInto(usage: UsageByAccount, ids: readonly string[]): HistoryStep[] {
    return ids.flatMap((id) => {
      const stored = usage.get(id) ?? { limits: [], availability: null };
      const limits = this.limitsOf(id);
      usage.set(id, {
        ...stored,
        limits: mergeLimits(stored.limits, limits),
        availability: newerOf(this.#withoutCleared(id, stored.availability), this.availabilityOf(id)),
      });
      return historySteps(id, stored.limits, limits);
    });
  }
}

/** Of two views of an account the one whose block began later; ours, the second, when none did. */
function newerOf(stored: Availability | null, ours: Availability | null): Availability | null {
  if (stored === null || ours === null) return ours ?? stored;
  return (stored.block?.sinceMs ?? 0) > (ours.block?.sinceMs ?? 0) ? stored : ours;
}
