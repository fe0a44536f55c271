import { expect, describe, test } from "vitest";
import { noTokens } from "../../src/budget/prices.ts";
import { RequestLog } from "../../src/gateway/request-log.ts";
import { backEndOfRun, backEnds } from "../support/database-backends.ts";
import { openTestDatabase } from "../support/databases.ts";
import { randomHex } from "../../src/machine/hash.ts";

describe.each(backEnds(backEndOfRun))("$name", (backEnd) => {
  test("a request is logged whatever its client calls the model", async () => {
    const database = await openTestDatabase(backEnd.address());
    try {
      let count = 0;
      const replica = { id: "gw", name: (prefix: string) => `${prefix}${(count += 1)}` };
      const kept: unknown[] = [];
      const log = new RequestLog(database, replica, {
        metrics: { note: () => undefined },
        keep: (lines) => kept.push(...lines),
      });
      const models = ["gpt-6-sol\0", "\ud800", randomHex(30_000), "gpt-6-sol"];
      for (const model of models) {
        log.note({
          atMs: database.now(),
          keyId: "k",
          accountId: "a",
          model,
          route: "responses",
          status: 200,
          code: null,
          tokens: noTokens,
          cost: { micros: 0, price: "table" },
          firstMs: null,
          totalMs: 1,
          attempts: 1,
        });
      }
      await log.flush();
      expect([kept, log.problem]).toEqual([[], null]);
      const rows = await database.query(`select model from requests order by id`);
      // The driver of SQLite for Node 20 reads a text up to its first NUL.
      expect(rows.map(({ model }) => Math.max(10, String(model).length))).toEqual([10, 10, 128, 10]);
    } finally {
      await database.close();
    }
  });
});
