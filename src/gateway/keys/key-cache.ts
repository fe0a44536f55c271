import type { Database } from "../../database/database.ts";
import { type ClientKey, keyOfSecret, keysByHash, keysRevision, whyClosed } from "./client-keys.ts";
import { hashOfSecret, isSecret } from "./key-secret.ts";

/** Whether there is a key that opens anything. */
export function hasOpenKey(keys: Iterable<ClientKey>, nowMs: number): boolean {
  return Array.from(keys).some((key) => whyClosed(key, nowMs) === null);
}

/** Who knocks: an open key, or why there is none. */
export type KeyReading =
  | { readonly kind: "open"; readonly key: ClientKey }
  | { readonly kind: "closed"; readonly why: "missing" | "unknown" | "expired" | "revoked" }
  /** The database is away, and this key is not known, or nothing was heard of it for too long. */
  | { readonly kind: "unsure" };

/** How long keys stay known while the database is away. */
const rememberedMs = 5 * 60_000;
const pollMs = 250;

/**
 * All keys, in memory from the start on, so that the database may go away before a key is used. A change by anybody, here
 * or on another machine, is seen within a quarter of a second; a key that nobody knows is looked up once more before it
 * is refused, so a new one works at once.
 */
export class KeyCache {
  readonly #database: Database;
  #known = new Map<string, ClientKey>();
  #revision = -1;
  #lastSeenAt = -Infinity;
  #isLooking = false;
  #looks = 0;
  #newest = 0;
  #timer: NodeJS.Timeout | null = null;

  /** Called when any key was changed. */
  #onChange: () => Promise<void> = async () => undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  start(onChange: () => Promise<void>): void {
    this.#onChange = onChange;
    // One look at a time: a database that does not answer is not asked over and over.
    this.#timer = setInterval(() => void (this.#isLooking || this.refresh()), pollMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** Looks whether a key was changed meanwhile. Never throws. */
  async refresh(): Promise<void> {
    this.#isLooking = true;
    const look = (this.#looks += 1);
    try {
      const revision = await keysRevision(this.#database);
      const isChanged = revision !== this.#revision;
      if (isChanged) {
        const known = await keysByHash(this.#database);
        // What a later look has read is newer.
        if (look > this.#newest) [this.#known, this.#revision, this.#newest] = [known, revision, look];
      }
      this.#lastSeenAt = performance.now();
      if (isChanged) await this.#onChange();
    } catch {
      // The database is away: the keys that are known go on for a while.
    } finally {
      this.#isLooking = false;
    }
  }

  /** Whether keys without limits are let in, also while the database is away. */
  get isInformed(): boolean {
    return performance.now() - this.#lastSeenAt < rememberedMs;
  }

  /** Whether any key is open. */
  get hasOpenKey(): boolean {
    return hasOpenKey(this.#known.values(), this.#database.now());
  }

  /** Whether it is in memory, so that nobody need look it up. */
  knows(secret: string): boolean {
    return this.#known.has(hashOfSecret(secret));
  }

  async find(secret: string | null): Promise<KeyReading> {
    if (secret === null || secret === "") return { kind: "closed", why: "missing" };
    const hash = hashOfSecret(secret);
    const known = this.#known.get(hash);
    if (this.isInformed && known) return this.#reading(known);
    if (!isSecret(secret)) return { kind: "closed", why: "unknown" };
    try {
      const newest = this.#newest;
      const key = await keyOfSecret(this.#database, secret);
      if (!key) return { kind: "closed", why: "unknown" };
      // Unless all keys were read meanwhile, which may be newer.
      if (newest === this.#newest) this.#known.set(hash, key);
      return this.#reading(key);
    } catch {
      return { kind: "unsure" };
    }
  }

  #reading(key: ClientKey): KeyReading {
    const why = whyClosed(key, this.#database.now());
    return why === null ? { kind: "open", key } : { kind: "closed", why };
  }
}
