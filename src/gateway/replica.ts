import type { Database } from "../database/database.ts";
import { randomHex } from "../machine/hash.ts";
import type { UsageBooks } from "./limits/usage-books.ts";

const idPrefix = "gw_";
const beatMs = 5_000;
/** Who was not heard of for this long is gone, and its open tickets are charged. */
const goneMs = 30_000;

/** This gateway among those that share the database: it says that it lives, and settles for those that do not. */
export class Replica {
  readonly id = `${idPrefix}${randomHex(6)}`;
  readonly #database: Database;
  readonly #books: UsageBooks;
  readonly #address: string;
  readonly #startedMs: number;
  #timer: NodeJS.Timeout | null = null;
  #named = 0;

  constructor(database: Database, books: UsageBooks, address: string) {
    this.#database = database;
    this.#books = books;
    this.#address = address;
    this.#startedMs = database.now();
  }

  /** A name that nobody else gives: this gateway's own with a number, because chance costs three calls of the system. */
  name(prefix: string): string {
    this.#named += 1;
    return `${prefix}${this.id.slice(idPrefix.length)}${this.#named.toString(36).padStart(8, "0")}`;
  }

  /** Throws what the database throws at the first sign of life. */
  async start(): Promise<void> {
    await this.#beat();
    await this.#sweep();
    this.#timer = setInterval(() => void this.#round(), beatMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#database.change(`delete from replicas where id = $1`, [this.id]).catch(() => 0);
  }

  async #round(): Promise<void> {
    try {
      await this.#beat();
      await this.#sweep();
    } catch {
      // The database is away; its absence is told where it matters.
    }
  }

  async #beat(): Promise<void> {
    await this.#database.change(
      `insert into replicas (id, address, started_ms, seen_ms, body) values ($1, $2, $3, $4, '')
       on conflict (id) do update set seen_ms = excluded.seen_ms`,
      [this.id, this.#address, this.#startedMs, this.#database.now()],
    );
  }

  async #sweep(): Promise<void> {
    const nowMs = this.#database.now();
    const rows = await this.#database.query(`select id, seen_ms from replicas`);
    const seen = new Map(rows.map((row) => [String(row["id"]), Number(row["seen_ms"])]));
    const isGone = (replica: string, openedMs: number) => {
      const seenMs = seen.get(replica);
      return seenMs === undefined ? nowMs - openedMs > goneMs : nowMs - seenMs > goneMs;
    };
    await this.#books.sweep(isGone);
    await this.#database.change(`delete from replicas where seen_ms < $1`, [nowMs - 10 * goneMs]);
  }
}
