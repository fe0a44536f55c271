import { describe, expect, test } from "vitest";
import { Retention } from "../../src/gateway/retention.ts";
import { backEndOfRun, backEnds } from "../support/database-backends.ts";
import { openTestDatabase } from "../support/databases.ts";

const day = 86_400_000;

describe.each(backEnds(backEndOfRun))("$name", (backEnd) => {
  test("what is old goes, five hundred at a time, and what is kept stays", async () => {
    const database = await openTestDatabase(backEnd.address());
    try {
      const now = database.now();
      await database.transact(async (statements) => {
        for (let at = 0; at < 1200; at += 1) {
          const ageMs = at < 700 ? 31 * day : day;
          await statements.change(
            `insert into requests values ($1, $2, 'k', null, null, 'responses', 200, null, 0, 0, 0, 0, 'table', null, 1, 1, 'r')`,
            [`req_${at}`, now - ageMs],
          );
        }
        for (const [span, age] of [
          ["hour", 63],
          ["hour", 61],
          ["day", 399],
          ["day", 401],
        ] as const) {
          await statements.change(
            `insert into usage_spans values ($1, $2, 'k', '', '', 'served', 1, 0, 0, 0, 0, 0, 0)`,
            [span, now - age * day],
          );
        }
      });
      const retention = new Retention(database);
      const left = async () => Number((await database.query(`select count(*) as n from requests`))[0]?.["n"]);
      expect([await retention.prune(), await left()]).toEqual([true, 700]);
      expect([await retention.prune(), await left()]).toEqual([false, 500]);
      const spans = await database.query(`select span, from_ms from usage_spans order by span`);
      expect(spans.map((row) => [row["span"], Math.round((now - Number(row["from_ms"])) / day)])).toEqual([
        ["day", 399],
        ["hour", 61],
      ]);
    } finally {
      await database.close();
    }
  });
});
