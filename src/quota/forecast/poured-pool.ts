import { activeBlock } from "../block.ts";
import {
  type Candidate,
  fullness,
  paceOf,
  planSize,
  roomOf,
  shortWindowsPerWeek,
  weekLeftShare,
} from "../candidate.ts";
import { findWindows, mainLimitId, weekMs } from "../limit.ts";
import {
  copyFills,
  endAfter,
  type Fills,
  fillsOf,
  fullUntil,
  hasWindow,
  startAgain,
  use,
  usedAt,
} from "./fills.ts";

const negligible = 1e-6;

/** Null: no account comes back by itself. */
interface Return {
  readonly untilMs: number | null;
  readonly accountId: string | null;
}

/** What pouring changes. An account is its place in each of the lists. */
interface Levels {
  readonly short: Fills;
  readonly long: Fills;
  /** -Infinity: not at all. */
  readonly blockedUntilMs: Float64Array;
  /** Also of a block that holds for other limits only. */
  readonly returnMs: Float64Array;
}

/**
 * A pool in an imagined future: demand goes to the account that the ranking picks, until none can serve. All that is known
 * of the accounts stands in lists of plain figures: a forecast for a hundred asks a hundred thousand times who is best.
 */
export class PouredPool {
  readonly #count: number;
  readonly #ids: readonly string[];
  readonly #sizes: Float64Array;
  readonly #crowds: Float64Array;
  readonly #start: Levels;
  /** What changes only when an account serves, or a window of it ends: until when that holds, and the parts of its score. */
  readonly #knownUntilMs: Float64Array;
  readonly #fullness: Uint8Array;
  readonly #free: Float64Array;
  readonly #room: Float64Array;
  /** Of the accounts that can serve, at the moment that is looked at. */
  readonly #scores: Float64Array;
  /** Those that can serve, as a heap: nobody is before the one at half its index, and so the best stands first. */
  readonly #heap: Int32Array;
  #levels: Levels;

  constructor(accounts: readonly Candidate[]) {
    const usable = accounts.filter(({ unusable }) => unusable === undefined);
    const windows = usable.map(({ limits }) => findWindows(limits));
    this.#count = accounts.length;
    this.#ids = usable.map(({ id }) => id);
    this.#sizes = Float64Array.from(usable, ({ plan }) => planSize(plan));
    this.#crowds = Float64Array.from(
      usable,
      ({ otherConversations = 0 }, at) => 1 + otherConversations / (this.#sizes[at] ?? 1),
    );
    this.#start = {
      short: fillsOf(windows.map(({ short }) => short)),
      long: fillsOf(windows.map(({ long }) => long)),
      blockedUntilMs: Float64Array.from(
        usable,
        ({ block }) => activeBlock(block, -Infinity, mainLimitId)?.untilMs ?? -Infinity,
      ),
      returnMs: Float64Array.from(usable, ({ block }) => block?.untilMs ?? -Infinity),
    };
    this.#knownUntilMs = new Float64Array(usable.length);
    this.#fullness = new Uint8Array(usable.length);
    this.#free = new Float64Array(usable.length);
    this.#room = new Float64Array(usable.length);
    this.#scores = new Float64Array(usable.length);
    this.#heap = new Int32Array(usable.length);
    this.#levels = copyOf(this.#start);
  }

  /** Another future: every account has again what it has now. */
  begin(): void {
    this.#levels = copyOf(this.#start);
    this.#knownUntilMs.fill(0);
  }

  /** Places a demand, in percent of a Plus week. False when the pool cannot serve all of it. */
  pour(percent: number, atMs: number): boolean {
    const heap = this.#heap;
    let size = this.#rank(atMs);
    let left = percent;
    // Every round serves the rest or empties an account.
    for (let round = 0; round <= this.#count; round++) {
      if (size === 0) return false;
      const best = heap[0] ?? 0;
      left -= this.#serve(best, left, atMs);
      if (left <= negligible) return true;
      // Nobody's place changes but by time and by what it serves.
      if (!this.#place(best, atMs)) heap[0] = heap[--size] ?? 0;
      this.#sink(0, size);
    }
    return false;
  }

  canServe(atMs: number): boolean {
    return this.#levels.blockedUntilMs.some((untilMs) => untilMs <= atMs);
  }

  /** Of a pool that cannot serve. */
  firstReturn(atMs: number): Return {
    let first: Return = { untilMs: null, accountId: null };
    for (const [at, returnMs] of this.#levels.returnMs.entries()) {
      if (returnMs > atMs && returnMs < (first.untilMs ?? Infinity))
        first = { untilMs: returnMs, accountId: this.#ids[at] ?? null };
    }
    return first;
  }

  /** Gives every account its place, see `rankAccounts`, and returns how many can serve. */
  #rank(atMs: number): number {
    const heap = this.#heap;
    let size = 0;
    for (let account = 0; account < heap.length; account++)
      if (this.#place(account, atMs)) heap[size++] = account;
    for (let at = (size >> 1) - 1; at >= 0; at--) this.#sink(at, size);
    return size;
  }

  /** Lets the one at this index go down until nobody below is before it. */
  #sink(from: number, size: number): void {
    const heap = this.#heap;
    const account = heap[from] ?? 0;
    let at = from;
    for (let below = 2 * at + 1; below < size; below = 2 * at + 1) {
      if (below + 1 < size && this.#isBefore(heap[below + 1] ?? 0, heap[below] ?? 0)) below++;
      if (!this.#isBefore(heap[below] ?? 0, account)) break;
      heap[at] = heap[below] ?? 0;
      at = below;
    }
    heap[at] = account;
  }

  /** False when it cannot serve. */
  #place(account: number, atMs: number): boolean {
    const { long, blockedUntilMs } = this.#levels;
    if ((blockedUntilMs[account] ?? 0) > atMs) return false;
    if ((this.#knownUntilMs[account] ?? 0) <= atMs) this.#look(account, atMs);
    const leftMs = (long.endMs[account] ?? 0) - atMs;
    const weekLeft = leftMs <= 0 ? 1 : weekLeftShare(leftMs, long.lengthMs[account] ?? 0);
    const pace = (this.#free[account] ?? 0) / weekLeft;
    this.#scores[account] = (pace * (this.#room[account] ?? 0)) / (this.#crowds[account] ?? 1);
    return true;
  }

  #look(account: number, atMs: number): void {
    const { short, long } = this.#levels;
    const shortUsed = usedAt(short, account, atMs);
    const weekUsed = usedAt(long, account, atMs);
    const weekFree = 1 - weekUsed / 100;
    this.#fullness[account] = fullness(Math.max(shortUsed, weekUsed));
    this.#free[account] = paceOf(weekFree, 1);
    this.#room[account] = roomOf(1 - shortUsed / 100, weekFree);
    this.#knownUntilMs[account] = Math.min(endAfter(short, account, atMs), endAfter(long, account, atMs));
  }

  #isBefore(a: number, b: number): boolean {
    const fullA = this.#fullness[a] ?? 0;
    const fullB = this.#fullness[b] ?? 0;
    if (fullA !== fullB) return fullA < fullB;
    const scoreA = this.#scores[a] ?? 0;
    const scoreB = this.#scores[b] ?? 0;
    return scoreA > scoreB || (scoreA === scoreB && (this.#ids[a] ?? "") < (this.#ids[b] ?? ""));
  }

  /** Takes from an account what it has; a window starts with its first use. */
  #serve(account: number, wanted: number, atMs: number): number {
    const { short, long, blockedUntilMs, returnMs } = this.#levels;
    const size = this.#sizes[account] ?? 1;
    const hasShort = hasWindow(short, account);
    // An account of which nothing is known gets a week.
    if (!hasShort && !hasWindow(long, account)) long.lengthMs[account] = weekMs;
    const hasLong = hasWindow(long, account);
    const longLeft = hasLong ? (100 - usedAt(long, account, atMs)) * size : Infinity;
    const shortLeft = hasShort ? (100 - usedAt(short, account, atMs)) * size : Infinity;
    const served = Math.min(wanted, longLeft, shortLeft / shortWindowsPerWeek);
    startAgain(short, account, atMs);
    startAgain(long, account, atMs);
    if (hasShort) use(short, account, (served * shortWindowsPerWeek) / size);
    if (hasLong) use(long, account, served / size);
    this.#knownUntilMs[account] = 0;
    if (served < wanted - negligible)
      // As upstream would answer: nothing more until the fullest window resets.
      returnMs[account] = blockedUntilMs[account] = Math.max(
        atMs,
        fullUntil(short, account, atMs),
        fullUntil(long, account, atMs),
      );
    return served;
  }
}

function copyOf({ short, long, blockedUntilMs, returnMs }: Levels): Levels {
  return {
    short: copyFills(short),
    long: copyFills(long),
    blockedUntilMs: blockedUntilMs.slice(),
    returnMs: returnMs.slice(),
  };
}
