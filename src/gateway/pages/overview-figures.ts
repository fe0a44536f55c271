import { dollars } from "../../budget/prices.ts";
import { dayStart, emptyUsage, readUsage } from "../../budget/usage-state.ts";
import type { Database } from "../../database/database.ts";
import { type PoolAccount, poolAccounts } from "../admin/accounts.ts";
import { type ClientKey, listKeys, whyClosed } from "../keys/client-keys.ts";
import { type LimitStanding, standings } from "../limits/limit-headers.ts";
import type { GatewayParts } from "../parts.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
const shownMinutes = 60;
export const shownDays = 30;

/** A minute of the last hour. */
interface Minute {
  readonly atMs: number;
  readonly served: number;
  readonly refused: number;
  readonly failed: number;
}

/** What one key, account or model took. */
export interface Share {
  readonly id: string;
  readonly requests: number;
  readonly tokens: number;
  readonly costUsd: number;
}

interface DayCost {
  readonly fromMs: number;
  readonly byKey: ReadonlyMap<string, number>;
}

export interface KeyFigures {
  readonly key: ClientKey;
  readonly why: "revoked" | "expired" | null;
  readonly limits: readonly LimitStanding[];
  readonly running: number;
}

export interface Overview {
  readonly nowMs: number;
  readonly accounts: readonly PoolAccount[];
  readonly keys: readonly KeyFigures[];
  readonly minutes: readonly Minute[];
  readonly days: readonly DayCost[];
  readonly byKey: readonly Share[];
  readonly byModel: readonly Share[];
  readonly replicas: number;
}

/** Everything that the overview shows, in six questions to the database. */
export async function overviewFigures(parts: GatewayParts): Promise<Overview> {
  const { database, rotation } = parts;
  const nowMs = database.now();
  const since = dayStart(nowMs) - (shownDays - 1) * dayMs;
  const [keys, minutes, days, byModel, replicas] = await Promise.all([
    keyFigures(database),
    lastMinutes(database, nowMs),
    daySums(database, since),
    shares(database, "model", since),
    database.query(`select count(*) as n from replicas where seen_ms > $1`, [nowMs - 30_000]),
  ]);
  return {
    nowMs,
    accounts: poolAccounts(rotation, parts.now()),
    keys,
    minutes,
    days: daysOf(days, since),
    byKey: sharesOf(days),
    byModel,
    replicas: Number(replicas[0]?.["n"] ?? 0),
  };
}

/** Every key with what is left of its limits. */
export async function keyFigures(database: Database): Promise<readonly KeyFigures[]> {
  const nowMs = database.now();
  const rows = await database.query(`select id, body from documents where kind = 'usage'`);
  const states = new Map(rows.map((row) => [String(row["id"]), readUsage(String(row["body"]))]));
  return (await listKeys(database)).map((key) => {
    const state = states.get(key.id) ?? emptyUsage;
    return {
      key,
      why: whyClosed(key, nowMs),
      limits: standings(key.policy, state, nowMs),
      running: state.tickets.length,
    };
  });
}

async function lastMinutes(database: Database, nowMs: number): Promise<readonly Minute[]> {
  const last = Math.floor(nowMs / minuteMs);
  const first = last - shownMinutes + 1;
  const rows = await database.query(
    `select at_ms / 60000 as minute, sum(case when status < 400 then 1 else 0 end) as served,
     sum(case when status >= 400 and status < 500 then 1 else 0 end) as refused, count(*) as requests
     from requests where at_ms >= $1 group by at_ms / 60000`,
    [first * minuteMs],
  );
  const known = new Map(rows.map((row) => [Number(row["minute"]), row]));
  return Array.from({ length: shownMinutes }, (_, at) => {
    const row = known.get(first + at);
    const [served, refused, all] = ["served", "refused", "requests"].map((name) => Number(row?.[name] ?? 0));
    return {
      atMs: (first + at) * minuteMs,
      served: served ?? 0,
      refused: refused ?? 0,
      failed: (all ?? 0) - (served ?? 0) - (refused ?? 0),
    };
  });
}

interface DaySum extends Share {
  readonly fromMs: number;
}

async function daySums(database: Database, since: number): Promise<readonly DaySum[]> {
  const rows = await database.query(
    `select from_ms, key_id, sum(requests) as requests, sum(input_tokens + output_tokens) as tokens,
     sum(cost_micros) as cost from usage_spans where span = 'day' and from_ms >= $1 and outcome <> 'denied'
     group by from_ms, key_id`,
    [since],
  );
  return rows.map((row) => ({
    fromMs: Number(row["from_ms"]),
    id: String(row["key_id"]),
    requests: Number(row["requests"]),
    tokens: Number(row["tokens"]),
    costUsd: dollars(Number(row["cost"])),
  }));
}

function daysOf(sums: readonly DaySum[], since: number): readonly DayCost[] {
  return Array.from({ length: shownDays }, (_, at) => {
    const fromMs = since + at * dayMs;
    const own = sums.filter((each) => each.fromMs === fromMs);
    return { fromMs, byKey: new Map(own.map(({ id, costUsd }) => [id, costUsd])) };
  });
}

function sharesOf(sums: readonly DaySum[]): readonly Share[] {
  const shares = new Map<string, Share>();
  for (const { id, requests, tokens, costUsd } of sums) {
    const before = shares.get(id) ?? { id, requests: 0, tokens: 0, costUsd: 0 };
    shares.set(id, {
      id,
      requests: before.requests + requests,
      tokens: before.tokens + tokens,
      costUsd: before.costUsd + costUsd,
    });
  }
  return [...shares.values()].toSorted((one, other) => other.costUsd - one.costUsd);
}

const mostShares = 12;

/** What each model or account took since then, the dearest first. */
export async function shares(
  database: Database,
  group: "model" | "account",
  since: number,
): Promise<readonly Share[]> {
  const column = group === "model" ? "model" : "account_id";
  const rows = await database.query(
    `select ${column} as id, sum(requests) as requests, sum(input_tokens + output_tokens) as tokens,
     sum(cost_micros) as cost from usage_spans where span = 'day' and from_ms >= $1 and outcome <> 'denied'
     group by ${column} order by sum(cost_micros) desc, ${column} limit ${mostShares}`,
    [since],
  );
  return rows.map((row) => ({
    id: String(row["id"]),
    requests: Number(row["requests"]),
    tokens: Number(row["tokens"]),
    costUsd: dollars(Number(row["cost"])),
  }));
}
