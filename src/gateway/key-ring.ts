import type { Database } from "../database/database.ts";
import { keyOfSecret, keysRevision, whyClosed, type ClientKey } from "./client-keys.ts";
import { hashOfSecret, isSecret } from "./key-secret.ts";

/** Who knocks: an open key, or why there is none. */
export type KeyReading =
  | { readonly kind: "open"; readonly key: ClientKey }
  | { readonly kind: "closed"; readonly why: "missing" | "unknown" | "expired" | "revoked" }
  /** The database is away, and this key was not seen lately. */
  | { readonly kind: "unsure" };

/** How long keys stay known while the database is away. */
const rememberedMs = 5 * 60_000;
const pollMs = 250;

interface Known {
  readonly key: ClientKey;
  readonly readMs: number;
  /** Of all keys when it was read: after a change it is read again. */
  readonly revision: number;
}

/**
 * The keys that were used, in memory. A change by anybody, here or on another machine, is seen within a quarter of a
 * second; a key that nobody knows is looked up once more before it is refused, so a new one works at once.
 */
export class KeyRing {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  #revision = -1;
  #lastSeenMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  start(): void {
    this.#timer = setInterval(() => void this.refresh(), pollMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** Looks whether a key was changed meanwhile. Never throws. */
  async refresh(): Promise<void> {
    try {
      this.#revision = await keysRevision(this.#database);
      this.#lastSeenMs = this.#now();
    } catch {
      // The database is away: keys that were seen lately go on.
    }
  }

  async find(secret: string | null): Promise<KeyReading> {
    if (secret === null || secret === "") return { kind: "closed", why: "missing" };
    if (!isSecret(secret)) return { kind: "closed", why: "unknown" };
    const hash = hashOfSecret(secret);
    const known = this.#known.get(hash);
    const isInformed = this.#now() - this.#lastSeenMs < rememberedMs;
    if (isInformed && known?.revision === this.#revision) return this.#reading(known.key);
    try {
      const revision = this.#revision;
      const key = await keyOfSecret(this.#database, secret);
      if (!key) return { kind: "closed", why: "unknown" };
      this.#known.set(hash, { key, revision, readMs: this.#now() });
      return this.#reading(key);
    } catch {
      const isLate = known === undefined || this.#now() - known.readMs > rememberedMs;
      return isLate ? { kind: "unsure" } : this.#reading(known.key);
    }
  }

  #reading(key: ClientKey): KeyReading {
    const why = whyClosed(key, this.#database.now());
    return why === null ? { kind: "open", key } : { kind: "closed", why };
  }
}
