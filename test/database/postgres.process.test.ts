import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as rest } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openTestDatabase } from "../support/databases.ts";
import { postgresPrograms, startPostgres } from "../support/postgres.ts";

describe.skipIf(postgresPrograms() === null)("a database server that dies", () => {
  test("between two statements of a transaction fails that transaction, and does not end the process", async () => {
    const postgres = await startPostgres();
    const database = await openTestDatabase(postgres.freshDatabase());
    const work = database.transact(async (statements) => {
      await statements.query("select 1");
      postgres.crash();
      await rest(300);
      await statements.query("select 1");
    });
    await expect(work).rejects.toMatchObject({ code: "database_unavailable" });
    await postgres.start();
    await expect.poll(() => database.query("select 1 as one"), { timeout: 10_000 }).toEqual([{ one: 1 }]);
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
    expect(offMs()).toBeLessThan(200);
    aheadMs = 600_000;
    expect(offMs()).toBeLessThan(200);
    postgres.crash();
    aheadMs = -600_000;
    expect([offMs() < 200, offMs() < 200]).toEqual([true, true]);
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
    expect([firstMs < 15_000, performance.now() - from - firstMs < 1_000]).toEqual([true, true]);
    isCut = false;
    await expect.poll(() => database.isAway(), { timeout: 20_000 }).toBe(false);
    await database.close();
    between.close();
    postgres.stop();
  }, 90_000);
});
