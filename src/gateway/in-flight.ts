/**
 * What runs now. A Set would do the same, and be dear: when V8 makes the table of a Set anew the old one goes on naming
 * what was in it and the new one, so that one old table that outlives a collection of young objects keeps every request
 * after it alive until the next full collection. Here a place is emptied when what stood in it has ended.
 */
export class InFlight<T extends object> {
  readonly #places: (T | null)[] = [];
  readonly #free: number[] = [];

  /** Returns what takes it out again; a second call of that does nothing. */
  add(running: T): () => void {
    const at = this.#free.pop() ?? this.#places.length;
    this.#places[at] = running;
    let runs = true;
    return () => {
      if (!runs) return;
      runs = false;
      this.#places[at] = null;
      this.#free.push(at);
    };
  }

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  all(): readonly T[] {
    return this.#places.filter((each) => each !== null);
  }
}
