import { expect, describe, test } from "vitest";
import { noTokens } from "../../src/budget/prices.ts";
import type { Database } from "../../src/database/database.ts";
import { type LoggedRequest, RequestLog } from "../../src/gateway/request-log.ts";
import { backEndOfRun, backEnds } from "../support/database-backends.ts";
import { openTestDatabase } from "../support/databases.ts";
import { randomHex } from "../../src/machine/hash.ts";

test("what neither the database nor the disk took is written when they can, though nobody asks anything more", async () => {
  let isFull = true;
  const written: string[] = [];
  const failing = () => Promise.reject(new Error("full"));
  const log = new RequestLog(
    { transact: () => (isFull ? failing() : Promise.resolve(written.push("all"))) } as unknown as Database,
    { id: "gw", name: (prefix) => `${prefix}1` },
    {
      metrics: { note: () => undefined },
      keep: () => {
        throw new Error("full");
      },
    },
  );
  log.note(requestOf("m"));
  await expect.poll(() => log.problem).toBe("full");
  await log.flush();
  isFull = false;
  await expect
    .poll(() => [written, log.waiting, log.problem], { timeout: 5_000 })
    .toEqual([["all"], 0, null]);
});

function requestOf(model: string): LoggedRequest {
  return {
    atMs: Date.now(),
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
  };
}

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
      for (const model of models) log.note(requestOf(model));
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
