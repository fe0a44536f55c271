import { setTimeout as rest } from "node:timers/promises";

/** So much longer than a page took, nobody makes the next one: requests for models go on meanwhile. */
const restFactor = 30;
const [shortestRestMs, longestRestMs] = [50, 250];
const freshMs = 1_000;

/** Pages are made one after the other with rests between, so that one that is loaded without end slows no request down. */
export class PageTurns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #kept = new Map<string, { readonly text: string; readonly madeAt: number }>();

  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const from = performance.now();
      const made = await work();
      return { made, tookMs: performance.now() - from };
    });
    this.#last = turn
      .then(({ tookMs }) => {
        const restMs = Math.min(longestRestMs, Math.max(shortestRestMs, tookMs * restFactor));
        return rest(restMs, null, { ref: false });
      })
      .catch(() => undefined);
    return (await turn).made;
  }

  /** The same text for everybody, made once a second. */
  async kept(name: string, make: () => Promise<string>): Promise<string> {
    const known = this.#kept.get(name);
    if (known && performance.now() - known.madeAt < freshMs) return known.text;
    const text = await make();
    this.#kept.set(name, { text, madeAt: performance.now() });
    return text;
  }
}
