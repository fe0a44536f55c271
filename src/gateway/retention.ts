import type { Database } from "../database/database.ts";
import { pruneSessions } from "./admin/sessions.ts";

const dayMs = 86_400_000;
/** So few at a time that no request waits for it. */
const atOnce = 500;
const everyMs = 60_000;
const restMs = 250;

/** What is kept how long; the rest goes. Days stay for a year's chart. */
const kept: readonly (readonly [select: string, days: number])[] = [
  ["requests where id in (select id from requests where at_ms < $1 order by at_ms limit $2)", 30],
  ["audit where id in (select id from audit where at_ms < $1 order by at_ms limit $2)", 400],
  ["homes where conversation in (select conversation from homes where seen_ms < $1 limit $2)", 1],
  [spansOlder("hour"), 62],
  [spansOlder("day"), 400],
];

function spansOlder(span: "hour" | "day"): string {
  const key = "span, from_ms, key_id, account_id, model, outcome";
  return `usage_spans where (${key}) in (select ${key} from usage_spans where span = '${span}' and from_ms < $1 limit $2)`;
}

/** Removes what is older than it is kept, a little at a time. */
export class Retention {
  readonly #database: Database;
  #timer: NodeJS.Timeout | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  start(): void {
    this.#wait(everyMs);
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** One round. True when there is more to do. */
  async prune(): Promise<boolean> {
    const nowMs = this.#database.now();
    let isMore = false;
    for (const [select, days] of kept) {
      const removed = await this.#database.change(`delete from ${select}`, [nowMs - days * dayMs, atOnce]);
      isMore ||= removed === atOnce;
    }
    await pruneSessions(this.#database);
    return isMore;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#round(), ms).unref();
  }

  async #round(): Promise<void> {
    const isMore = await this.prune().catch(() => false);
    // Stopped meanwhile.
    if (this.#timer !== null) this.#wait(isMore ? restMs : everyMs);
  }
}
