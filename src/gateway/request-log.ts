import type { Cost, TokenCounts } from "../budget/cost.ts";
import { dayStart, hourStart } from "../budget/limit-window.ts";
import type { Database, Statements } from "../database/database.ts";
import { randomHex } from "../store/hash.ts";

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

interface Line {
  readonly id: string;
  readonly request: LoggedRequest;
}

const everyMs = 250;
/** A log that cannot be written is not kept for ever. */
const mostWaiting = 20_000;

/** Writes what has been asked, some at a time, so that no request waits for it. A crash may lose the last moment. */
export class RequestLog {
  readonly #database: Database;
  readonly #replica: string;
  #waiting: Line[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  /** Why the last write failed; null while all is well. */
  problem: string | null = null;

  constructor(database: Database, replica: string) {
    this.#database = database;
    this.#replica = replica;
  }

  note(request: LoggedRequest): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push({ id: `req_${randomHex(12)}`, request });
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, everyMs).unref();
  }

  /** Resolves when everything that was noted before is written, or could not be. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    try {
      await this.#database.transact(async (statements) => {
        const added: LoggedRequest[] = [];
        for (const line of lines) if (await insert(statements, line, this.#replica)) added.push(line.request);
        for (const span of spansOf(added)) await addSpan(statements, span);
      });
      this.problem = null;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      this.#waiting = [...lines, ...this.#waiting].slice(0, mostWaiting);
    }
  }
}

/** False for a line that an earlier try, of which nobody learnt the end, has written. */
async function insert(statements: Statements, { id, request }: Line, replica: string): Promise<boolean> {
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
  for (const { atMs, keyId, accountId, model, status, tokens, cost, totalMs } of requests) {
    const outcome = status < 400 ? "served" : status < 500 ? "refused" : "failed";
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
