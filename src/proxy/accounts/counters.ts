import type { AccountStatus, DecisionRecord, NotServed, TokenCounts } from "../options.ts";
import type { Busy } from "./turns.ts";

type LastError = NonNullable<AccountStatus["lastError"]>;

interface Counts {
  served: number;
  failedOver: number;
  inFlight: number;
  lastError: LastError | null;
  tokens: TokenCounts;
}

const keptDecisions = 10;
const mostPaths = 20;

/** What `rotation status` counts. */
export class Counters {
  inFlight = 0;
  /** New turns that were refused while accounts were ready, because what is left is kept for others. */
  deferred = 0;
  /** The last fault of our own. */
  problem: unknown = null;
  readonly #accounts = new Map<string, Counts>();
  readonly #notServed = new Map<string, NotServed>();
  readonly #decisions: DecisionRecord[] = [];

  of(accountId: string): Counts {
    const known = this.#accounts.get(accountId);
    if (known) return known;
    const counts = { served: 0, failedOver: 0, inFlight: 0, lastError: null, tokens: noTokens };
    this.#accounts.set(accountId, counts);
    return counts;
  }

  serve(accountId: string): void {
    this.of(accountId).served += 1;
  }

  fail(accountId: string, error: LastError): void {
    this.of(accountId).lastError = error;
  }

  addTokens(accountId: string, { input, cachedInput, output }: TokenCounts): void {
    const counts = this.of(accountId);
    const { tokens } = counts;
    counts.tokens = {
      input: tokens.input + input,
      cachedInput: tokens.cachedInput + cachedInput,
      output: tokens.output + output,
    };
  }

  /** Somebody who is let in asked for what the proxy does not serve; so a new path of Codex is noticed. */
  refuse(method: string, path: string): void {
    const key = `${method} ${path}`;
    const known = this.#notServed.get(key);
    if (known) known.count += 1;
    else if (this.#notServed.size < mostPaths) this.#notServed.set(key, { method, path, count: 1 });
  }

  notServed(): NotServed[] {
    return structuredClone([...this.#notServed.values()]);
  }

  /** `pass`: that of a client of the gateway. The record may be told its outcome later. */
  decide(
    decision: Omit<DecisionRecord, "client" | "outcome">,
    pass: { readonly client: string } | null | undefined,
  ): DecisionRecord {
    const record = { ...decision, ...(pass ? { client: pass.client } : {}), outcome: null };
    this.#decisions.push(record);
    if (this.#decisions.length > keptDecisions) this.#decisions.shift();
    return record;
  }

  /** Newest first. */
  decisions(): DecisionRecord[] {
    return this.#decisions.map((each) => ({ ...each })).reverse();
  }
}

const noTokens: TokenCounts = { input: 0, cachedInput: 0, output: 0 };

/** So many failures in a row say more about an account than a stream that still runs. */
const mostInRow = 8;

/**
 * Whether an account serves others while one request of it fails. Of a hundred requests a few fail for reasons of
 * their own; to set the account aside for each of them would hold up all the others.
 */
export class Health {
  readonly #inRow = new Map<string, number>();
  readonly #busy: Busy;
  readonly #counters: Counters;

  constructor(busy: Busy, counters: Counters) {
    this.#busy = busy;
    this.#counters = counters;
  }

  noteSuccess(accountId: string): void {
    this.#inRow.delete(accountId);
  }

  /** Called while the request that failed is still on the account; `servedBefore` counts what was served until it was sent. */
  noteFailure(accountId: string, servedBefore: number): { isServing: boolean } {
    const inRow = (this.#inRow.get(accountId) ?? 0) + 1;
    this.#inRow.set(accountId, inRow);
    const isBusy = this.#busy.requests(accountId) > 1;
    const hasServed = this.#counters.of(accountId).served > servedBefore;
    return { isServing: inRow < mostInRow && (isBusy || hasServed) };
  }
}
