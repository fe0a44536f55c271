import type { z } from "zod";
import { dollars } from "../../budget/prices.ts";
import type { Database, Row } from "../../database/database.ts";
import { type Condition, type PageWish, readPage } from "./paging.ts";

type Zod = typeof z;

export const outcomes = ["served", "refused", "failed"] as const;
type Outcome = (typeof outcomes)[number];

export const requestSchema = (zod: Zod) =>
  zod.object({
    id: zod.string(),
    at: zod.iso.datetime(),
    keyId: zod.string(),
    accountId: zod.string().nullable().describe("null: no account was asked"),
    model: zod.string().nullable(),
    route: zod.string(),
    status: zod.int().describe("499: the client left before an answer"),
    outcome: zod.enum(outcomes).describe("served below 400, refused below 500, else failed"),
    code: zod.string().nullable().describe("of the error that the gateway answered with"),
    inputTokens: zod.int(),
    cachedTokens: zod.int(),
    outputTokens: zod.int(),
    costUsd: zod.number().describe("what it would cost on OpenAI's API"),
    isPriceAssumed: zod.boolean().describe("the price of the model is not known: the dearest counts"),
    totalMs: zod.int(),
    attempts: zod.int().describe("accounts that were asked"),
    replica: zod.string(),
  });

export type RequestDocument = z.infer<ReturnType<typeof requestSchema>>;

export interface RequestWish extends PageWish {
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  readonly account?: string | undefined;
  readonly outcome?: Outcome | undefined;
}

const statusRange: Record<Outcome, readonly Condition[]> = {
  served: [["status < $", 400]],
  refused: [
    ["status >= $", 400],
    ["status < $", 500],
  ],
  failed: [["status >= $", 500]],
};

/** The log, newest first. */
export async function listRequests(
  database: Database,
  wish: RequestWish,
): Promise<readonly RequestDocument[]> {
  const conditions: Condition[] = [];
  if (wish.key !== undefined) conditions.push(["key_id = $", wish.key]);
  if (wish.model !== undefined) conditions.push(["model = $", wish.model]);
  if (wish.account !== undefined) conditions.push(["account_id = $", wish.account]);
  if (wish.outcome !== undefined) conditions.push(...statusRange[wish.outcome]);
  return (await readPage(database, { table: "requests", wish, conditions })).map(requestOf);
}

function requestOf(row: Row): RequestDocument {
  const text = (name: string) => (row[name] === null || row[name] === undefined ? null : String(row[name]));
  const count = (name: string) => Number(row[name]);
  const status = count("status");
  return {
    id: String(row["id"]),
    at: new Date(count("at_ms")).toISOString(),
    keyId: String(row["key_id"]),
    accountId: text("account_id"),
    model: text("model"),
    route: String(row["route"]),
    status,
    outcome: status < 400 ? "served" : status < 500 ? "refused" : "failed",
    code: text("code"),
    inputTokens: count("input_tokens"),
    cachedTokens: count("cached_tokens"),
    outputTokens: count("output_tokens"),
    costUsd: dollars(count("cost_micros")),
    isPriceAssumed: row["price"] === "assumed",
    totalMs: count("total_ms"),
    attempts: count("attempts"),
    replica: String(row["replica"]),
  };
}

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

type SpanDocument = z.infer<ReturnType<typeof spanSchema>>;

interface SpanWish {
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
