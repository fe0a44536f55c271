import type { Cost, TokenCounts } from "../budget/prices.ts";
import { dayStart, hourStart } from "../budget/usage-state.ts";
import type { Database, Statements } from "../database/database.ts";
import type { Replica } from "./replica.ts";

/** One request as the log keeps it: who, what, how long, what it took. Never a prompt, never an answer. */
export interface LoggedRequest {
  readonly atMs: number;
  readonly keyId: string;
  readonly accountId: string | null;
  readonly model: string | null;
  readonly route: string;
  readonly status: number;
  readonly code: string | null;
  readonly tokens: TokenCounts;
  readonly cost: Cost;
  readonly firstMs: number | null;
  readonly totalMs: number;
  readonly attempts: number;
}

export interface LogLine {
  readonly id: string;
  readonly request: LoggedRequest;
}

const everyMs = 250;
const deniedEveryMs = 1_000;
const againMs = 2_000;
/** Any text may stand in a body, and PostgreSQL takes no row whose names are longer than a third of a page. */
const longestModel = 128;
/** A log that cannot be written anywhere is not kept forever. */
const mostWaiting = 20_000;

interface LogOptions {
  readonly metrics: { note: (request: LoggedRequest) => void };
  /** Puts what the database did not take where it outlives this process; throws where it cannot. */
  readonly keep: (lines: readonly LogLine[]) => void;
}

/**
 * Writes what has been asked, some at a time, so that no request waits for it. What the database does not take is kept
 * elsewhere. A crash may lose the last moment.
 */
export class RequestLog {
  readonly #database: Database;
  readonly #replica: Pick<Replica, "id" | "name">;
  readonly #metrics: LogOptions["metrics"];
  readonly #keep: (lines: readonly LogLine[]) => void;
  readonly #deniedMs = new Map<string, number>();
  #waiting: LogLine[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  /** Why the last write failed; null while all is well. */
  problem: string | null = null;

  constructor(database: Database, replica: Pick<Replica, "id" | "name">, { metrics, keep }: LogOptions) {
    this.#database = database;
    this.#replica = replica;
    this.#metrics = metrics;
    this.#keep = keep;
  }

  /** How many are not written yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** What a key was refused here. Of a client that asks again and again one line a second is kept. */
  noteDenied(request: LoggedRequest): void {
    const lastMs = this.#deniedMs.get(request.keyId) ?? -Infinity;
    if (Math.abs(request.atMs - lastMs) < deniedEveryMs) return this.#metrics.note(request);
    this.#deniedMs.set(request.keyId, request.atMs);
    this.note(request);
  }

  note(request: LoggedRequest): void {
    this.#metrics.note(request);
    const line = { ...request, model: request.model?.slice(0, longestModel) ?? null };
    if (this.#waiting.length < mostWaiting)
      this.#waiting.push({ id: this.#replica.name("req_"), request: line });
    this.#flushIn(everyMs);
  }

  #flushIn(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, ms).unref();
  }

  /** Resolves when everything that was noted before is written, kept, or could not be. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#flush());
    return this.#writing;
  }

  async #flush(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    if (await this.write(lines)) return;
    try {
      this.#keep(lines);
    } catch {
      this.#waiting = [...lines, ...this.#waiting].slice(0, mostWaiting);
      // Nobody may ask anything more.
      this.#flushIn(againMs);
    }
  }

  /** False when the database did not take them; what it has taken already is not written twice. */
  async write(lines: readonly LogLine[]): Promise<boolean> {
    if (lines.length === 0) return true;
    try {
      await this.#database.transact(async (statements) => {
        const added: LoggedRequest[] = [];
        for (const line of lines)
          if (await insert(statements, line, this.#replica.id)) added.push(line.request);
        for (const span of spansOf(added)) await addSpan(statements, span);
      });
      this.problem = null;
      return true;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      return false;
    }
  }
}

/** False for a line that an earlier try, of which nobody learnt the end, has written. */
async function insert(statements: Statements, { id, request }: LogLine, replica: string): Promise<boolean> {
  const { tokens, cost } = request;
  const added = await statements.change(
    `insert into requests (id, at_ms, key_id, account_id, model, route, status, code, input_tokens, cached_tokens,
     output_tokens, cost_micros, price, first_ms, total_ms, attempts, replica)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) on conflict (id) do nothing`,
    [
      id,
      request.atMs,
      request.keyId,
      request.accountId,
      request.model,
      request.route,
      request.status,
      request.code,
      tokens.input,
      tokens.cached,
      tokens.output,
      cost.micros,
      cost.price,
      request.firstMs,
      request.totalMs,
      request.attempts,
      replica,
    ],
  );
  return added === 1;
}

/** `denied`: refused here, so that it is no request of the key's. */
function outcomeOf({ status, attempts }: LoggedRequest): "served" | "denied" | "refused" | "failed" {
  if (status < 400) return "served";
  if (status >= 500) return "failed";
  return attempts === 0 && status !== 499 ? "denied" : "refused";
}

interface SpanRow {
  readonly names: readonly [
    span: string,
    fromMs: number,
    keyId: string,
    accountId: string,
    model: string,
    outcome: string,
  ];
  readonly sums: number[];
}

/** One row an hour and one a day for each key, account, model and outcome: what charts read instead of the log. */
function spansOf(requests: readonly LoggedRequest[]): Iterable<SpanRow> {
  const rows = new Map<string, SpanRow>();
  for (const request of requests) {
    const { atMs, keyId, accountId, model, tokens, cost, totalMs } = request;
    const outcome = outcomeOf(request);
    const taken = [1, tokens.input, tokens.cached, tokens.output, tokens.reasoning, cost.micros, totalMs];
    for (const [span, fromMs] of [
      ["hour", hourStart(atMs)],
      ["day", dayStart(atMs)],
    ] as const) {
      const names = [span, fromMs, keyId, accountId ?? "", model ?? "", outcome] as const;
      const name = names.join("\n");
      const row = rows.get(name) ?? { names, sums: taken.map(() => 0) };
      for (const [at, count] of taken.entries()) row.sums[at] = (row.sums[at] ?? 0) + count;
      rows.set(name, row);
    }
  }
  return rows.values();
}

async function addSpan(statements: Statements, { names, sums }: SpanRow): Promise<void> {
  await statements.change(
    `insert into usage_spans (span, from_ms, key_id, account_id, model, outcome, requests, input_tokens, cached_tokens,
     output_tokens, reasoning_tokens, cost_micros, latency_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (span, from_ms, key_id, account_id, model, outcome) do update set
     requests = usage_spans.requests + excluded.requests,
     input_tokens = usage_spans.input_tokens + excluded.input_tokens,
     cached_tokens = usage_spans.cached_tokens + excluded.cached_tokens,
     output_tokens = usage_spans.output_tokens + excluded.output_tokens,
     reasoning_tokens = usage_spans.reasoning_tokens + excluded.reasoning_tokens,
     cost_micros = usage_spans.cost_micros + excluded.cost_micros,
     latency_ms = usage_spans.latency_ms + excluded.latency_ms`,
    [...names, ...sums],
  );
}
