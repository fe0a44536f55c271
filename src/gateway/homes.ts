import { setTimeout as rest } from "node:timers/promises";
import type { Database } from "../database/database.ts";
import { sha256 } from "../machine/hash.ts";
import type { Conversations } from "../proxy/accounts/conversations.ts";

const writeEveryMs = 1_000;
/** A home is worth a prompt cache, and no request waits longer for one. */
const patienceMs = 100;
const awayMs = 5_000;

/**
 * Which account serves a conversation, known to all gateways that share the accounts: the next request finds its prompt
 * cache whichever of them it comes to. The database learns no name of a conversation, only a digest.
 */
export class Homes {
  readonly #database: Database;
  readonly #conversations: Conversations;
  readonly #unwritten = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  #awayUntilMs = 0;

  constructor(database: Database, conversations: Conversations) {
    this.#database = database;
    this.#conversations = conversations;
  }

  /** Looks where a conversation is at home that this gateway does not know. Never throws. */
  async recall(conversation: string | null): Promise<void> {
    if (conversation === null || this.#conversations.knows(conversation)) return;
    if (performance.now() < this.#awayUntilMs) return;
    const late = new AbortController();
    try {
      const rows = await Promise.race([
        this.#database.query(`select account_id, seen_ms from homes where conversation = $1`, [
          nameOf(conversation),
        ]),
        rest(patienceMs, null, { signal: late.signal }),
      ]);
      if (rows === null) return void (this.#awayUntilMs = performance.now() + awayMs);
      const [row] = rows;
      if (row) this.#conversations.recall(conversation, String(row["account_id"]), Number(row["seen_ms"]));
    } catch {
      this.#awayUntilMs = performance.now() + awayMs;
    } finally {
      late.abort();
    }
  }

  /** An account has served it. */
  note(conversation: string | null, accountId: string | null): void {
    if (conversation === null || accountId === null) return;
    this.#unwritten.set(nameOf(conversation), accountId);
    this.#timer ??= setTimeout(() => void this.flush(), writeEveryMs).unref();
  }

  /** Writes what is not written yet. What the database cannot take is forgotten: it is worth no more. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const homes = [...this.#unwritten];
    this.#unwritten.clear();
    if (homes.length === 0) return;
    const nowMs = this.#database.now();
    await this.#database
      .transact(async (statements) => {
        // In one order everywhere, so that two gateways never wait for each other.
        for (const [name, accountId] of homes.sort(([a], [b]) => (a < b ? -1 : 1))) {
          await statements.change(
            `insert into homes (conversation, account_id, seen_ms) values ($1, $2, $3)
             on conflict (conversation) do update set account_id = excluded.account_id, seen_ms = excluded.seen_ms`,
            [name, accountId, nowMs],
          );
        }
      })
      .catch(() => undefined);
  }
}

function nameOf(conversation: string): string {
  return sha256(conversation).slice(0, 40);
}
