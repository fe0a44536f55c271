import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { openTestDatabase } from "../support/databases.ts";
import { postgresPrograms, startPostgres } from "../support/postgres.ts";

describe.skipIf(postgresPrograms() === null)("a database server that dies", () => {
  test("between two statements of a transaction fails that transaction, and does not end the process", async () => {
    const postgres = await startPostgres();
    const database = await openTestDatabase(postgres.freshDatabase());
    const work = database.transact(async (statements) => {
      await statements.query("select 1");
      await postgres.crash();
      await statements.query("select 1");
    });
    await expect(work).rejects.toMatchObject({ code: "database_unavailable" });
    await postgres.start();
    await expect.poll(() => database.query("select 1 as one")).toEqual([{ one: 1 }]);
    await database.close();
    postgres.stop();
  });

  // Windows, leases and signs of life went wrong by as much, for up to a minute.
  test("is the clock of everybody: one that is set on a gateway's machine moves nothing", async () => {
    const postgres = await startPostgres();
    let aheadMs = 0;
    const now = () => Date.now() + aheadMs;
    const database = await openTestDatabase(postgres.freshDatabase(), {}, now);
    const offMs = () => Math.abs(database.now() - Date.now());
    // Far less than what the clock is set by, and more than a busy machine takes for the question.
    const nearMs = 30_000;
    expect(offMs()).toBeLessThan(nearMs);
    aheadMs = 600_000;
    expect(offMs()).toBeLessThan(nearMs);
    await postgres.crash();
    aheadMs = -600_000;
    expect([offMs() < nearMs, offMs() < nearMs]).toEqual([true, true]);
    await database.close();
    postgres.stop();
  });

  // A connection that is cut without a word, as by a firewall or with the machine behind it, was waited for until TCP gave up.
  test("and says nothing of it is away after twelve seconds, and then everybody is told at once", async () => {
    const postgres = await startPostgres();
    const address = new URL(postgres.freshDatabase());
    const port = Number(address.port);
    let isCut = false;
    const between = createServer((client) => {
      const server = connect(port, "127.0.0.1");
      client.on("data", (bytes) => isCut || server.write(bytes)).on("error", () => server.destroy());
      server.on("data", (bytes) => isCut || client.write(bytes)).on("error", () => client.destroy());
    }).listen(0, "127.0.0.1");
    await once(between, "listening");
    address.port = String((between.address() as AddressInfo).port);
    const database = await openTestDatabase(address.href);
    await database.query("select 1");
    isCut = true;
    const from = performance.now();
    await expect(database.query("select 1")).rejects.toMatchObject({ code: "database_unavailable" });
    const firstMs = performance.now() - from;
    await expect(database.query("select 1")).rejects.toMatchObject({ code: "database_unavailable" });
    const secondMs = performance.now() - from - firstMs;
    // TCP gives up after a quarter of an hour; who waits again, waits as long again.
    expect([firstMs < 40_000, secondMs < firstMs / 2]).toEqual([true, true]);
    isCut = false;
    await expect.poll(() => database.isAway()).toBe(false);
    await database.close();
    between.close();
    postgres.stop();
  });
});
