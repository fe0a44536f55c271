import type { Database } from "../../database/database.ts";
import { InFlight } from "../in-flight.ts";

/** What runs for which key, so that a key can be taken back in the middle of an answer. */
export class RunningKeys {
  readonly #endings = new Map<string, InFlight<() => void>>();

  /** `end` is called when the key is ended while this runs; returns what calls that off. */
  add(keyId: string, end: () => void): () => void {
    const endings = this.#endings.get(keyId) ?? new InFlight();
    this.#endings.set(keyId, endings);
    const callOff = endings.add(end);
    return () => {
      callOff();
      if (endings.size === 0) this.#endings.delete(keyId);
    };
  }

  /** Ends what runs for keys that somebody has ended. Throws what the database throws. */
  async endRevoked(database: Database): Promise<void> {
    if (this.#endings.size === 0) return;
    const rows = await database.query(`select id from documents where kind = $1`, [endedKind]);
    for (const { id } of rows) for (const end of this.#endings.get(String(id))?.all() ?? []) end();
  }
}

/** A document of this kind says: whatever runs for the key of this id is to end. */
export const endedKind = "ended";
