import type { z } from "zod";
import { dollars } from "../../budget/prices.ts";
import type { Database } from "../../database/database.ts";

type Zod = typeof z;

export const spans = ["hour", "day"] as const;
export const groups = ["key", "account", "model", "outcome"] as const;

export const spanSchema = (zod: Zod) =>
  zod.object({
    from: zod.iso.datetime().describe("when the hour or the day began, UTC"),
    group: zod
      .string()
      .describe(
        "id of the key or account, model or outcome (denied: refused by a limit or list of the key); empty: none",
      ),
    requests: zod.int(),
    inputTokens: zod.int(),
    cachedTokens: zod.int(),
    outputTokens: zod.int(),
    reasoningTokens: zod.int().describe("of the output"),
    costUsd: zod.number().describe("what it would cost on OpenAI's API"),
    meanMs: zod.int().describe("how long a request took"),
  });

export type SpanDocument = z.infer<ReturnType<typeof spanSchema>>;

export interface SpanWish {
  readonly span: (typeof spans)[number];
  readonly group: (typeof groups)[number];
  readonly fromMs: number;
  readonly toMs: number;
}

const columns = { key: "key_id", account: "account_id", model: "model", outcome: "outcome" };

/** What was used, by hour or by day, from the sums that the log keeps: never from the log itself. */
export async function usageSpans(database: Database, wish: SpanWish): Promise<SpanDocument[]> {
  const column = columns[wish.group];
  const rows = await database.query(
    `select from_ms, ${column} as name, sum(requests) as requests, sum(input_tokens) as input,
     sum(cached_tokens) as cached, sum(output_tokens) as output, sum(reasoning_tokens) as reasoning,
     sum(cost_micros) as cost, sum(latency_ms) as latency
     from usage_spans where span = $1 and from_ms >= $2 and from_ms < $3
     group by from_ms, ${column} order by from_ms, ${column}`,
    [wish.span, wish.fromMs, wish.toMs],
  );
  return rows.map((row) => {
    const count = (name: string) => Number(row[name]);
    return {
      from: new Date(count("from_ms")).toISOString(),
      group: String(row["name"]),
      requests: count("requests"),
      inputTokens: count("input"),
      cachedTokens: count("cached"),
      outputTokens: count("output"),
      reasoningTokens: count("reasoning"),
      costUsd: dollars(count("cost")),
      meanMs: Math.round(count("latency") / Math.max(1, count("requests"))),
    };
  });
}
