import type { Database } from "../../src/database/database.ts";

export interface LogWish {
  readonly keys: readonly string[];
  readonly accounts: readonly string[];
  readonly models: readonly string[];
  readonly requests: number;
}

const dayMs = 86_400_000;

/** A log of thirty days as a gateway would have written it, with its sums; every tenth request failed somehow. */
export async function fillGatewayLog(
  database: Database,
  { keys, accounts, models, requests }: LogWish,
): Promise<void> {
  const now = database.now();
  const pick = (list: readonly string[], at: number) => list[at % list.length] ?? "";
  const spans = new Map<string, number[]>();
  await database.transact(async (statements) => {
    for (let at = 0; at < requests; at += 1) {
      // Half of a small log is of the last hour.
      const agoMs =
        requests < 1000 && at % 2 === 0 ? (at / requests) * 3_600_000 : (at / requests) * 29 * dayMs;
      const atMs = Math.floor(now - agoMs);
      const status = at % 10 === 0 ? 503 : at % 10 === 1 ? 429 : 200;
      const [key, account, model] = [pick(keys, at * 7), pick(accounts, at * 3), pick(models, at)];
      const row = [
        `req_${String(at).padStart(8, "0")}`,
        atMs,
        key,
        account,
        model,
        status,
        status === 200 ? null : "upstream_error",
      ];
      await statements.change(
        `insert into requests values ($1, $2, $3, $4, $5, 'responses', $6, $7, 1000, 400, 500, 5000, 'table', null, 900, 1, 'gw_x')`,
        row,
      );
      const outcome = status === 200 ? "served" : status === 429 ? "refused" : "failed";
      for (const [span, ms] of [
        ["hour", 3_600_000],
        ["day", dayMs],
      ] as const) {
        const name = [span, Math.floor(atMs / ms) * ms, key, account, model, outcome].join("\n");
        const sums = spans.get(name) ?? [0, 0, 0, 0, 0, 0, 0];
        spans.set(
          name,
          sums.map((sum, index) => sum + ([1, 1000, 400, 500, 0, 5000, 900][index] ?? 0)),
        );
      }
    }
    for (const [name, sums] of spans) {
      const [span = "", from, ...names] = name.split("\n");
      await statements.change(
        `insert into usage_spans values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
        [span, Number(from), ...names, ...sums],
      );
    }
  });
}
