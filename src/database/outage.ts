import { setTimeout as rest } from "node:timers/promises";

const lookEveryMs = 100;

/**
 * Whether a server can be reached. From the first request that it did not take until a look finds it again nobody waits
 * for it: everybody is told at once what the first one was told.
 */
export class Outage {
  readonly #look: () => Promise<unknown>;
  #error: unknown = null;
  #isOver = false;

  constructor(look: () => Promise<unknown>) {
    this.#look = look;
  }

  get isAway(): boolean {
    return this.#error !== null;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#error !== null) throw this.#error;
    try {
      return await work();
    } catch (error) {
      if (isLost(error)) this.#begin(error);
      throw error;
    }
  }

  /** Looks no more. */
  end(): void {
    this.#isOver = true;
  }

  #begin(error: unknown): void {
    if (this.#error !== null || this.#isOver) return;
    this.#error = error;
    void this.#find();
  }

  async #find(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#look();
        break;
      } catch {
        await rest(lookEveryMs, undefined, { ref: false });
      }
    }
    this.#error = null;
  }
}

/** What the server itself says is about a statement, unless it says that it ends; and a wait for others is no outage. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("severity" in error) return "code" in error && /^(?:08|57P)/.test(String(error.code));
  return !/timeout exceeded when trying to connect|password must be a string/.test(error.message);
}
