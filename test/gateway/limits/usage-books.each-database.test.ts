import { describe, expect, test } from "vitest";
import type { KeyPolicy } from "../../../src/budget/policy.ts";
import type { Amounts } from "../../../src/budget/usage-state.ts";
import type { Database } from "../../../src/database/database.ts";
import { UsageBooks } from "../../../src/gateway/limits/usage-books.ts";
import { backEndOfRun, backEnds } from "../../support/database-backends.ts";
import { openTestDatabase } from "../../support/databases.ts";

const one: Amounts = { requests: 1, input: 10, output: 20, tokens: 30, cost: 5 };
/** In a window that begins with the first request: no midnight falls into a test. */
const atMost = (max: number): KeyPolicy => ({ limits: [{ kind: "requests", window: "5h", max }] });

/**
 * What it reads is old when it is used, as from a process beside this one: within one process SQLite reads and writes in
 * one breath, and no two gateways would ever start from the same document.
 */
function slowly(database: Database): Pick<Database, "query" | "change" | "now"> {
  return {
    now: () => database.now(),
    change: (...words) => database.change(...words),
    query: async (...words) => {
      const rows = await database.query(...words);
      await new Promise((resolve) => setImmediate(resolve));
      return rows;
    },
  };
}

describe.each(backEnds(backEndOfRun))("$name", (backEnd) => {
  async function withBooks(count: number, work: (books: UsageBooks[], database: Database) => Promise<void>) {
    const at = backEnd.address();
    const databases = await Promise.all(Array.from({ length: count }, () => openTestDatabase(at)));
    try {
      const [first] = databases;
      if (first)
        await work(
          databases.map((database) => new UsageBooks(slowly(database))),
          first,
        );
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  }

  function ask(books: UsageBooks | undefined, id: string, policy: KeyPolicy) {
    if (!books) throw new Error("no books");
    return books.admit("key", policy, { ticketId: id, replica: "r", model: "m", estimate: one });
  }

  test("of fifty requests at once, on three gateways, for the last one of a limit exactly one passes", async () => {
    await withBooks(3, async (books) => {
      const asked = Array.from({ length: 50 }, (_, at) => ask(books[at % 3], `t${at}`, atMost(1)));
      const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "admitted")).toHaveLength(1);
    });
  });

  test("the same where the limit has been used before, so that the document is there already", async () => {
    await withBooks(3, async (books) => {
      for (const id of ["a", "b"]) {
        await ask(books[0], id, atMost(3));
        await books[0]?.settle("key", id, { kind: "charged", amounts: one });
      }
      const asked = Array.from({ length: 50 }, (_, at) => ask(books[at % 3], `t${at}`, atMost(3)));
      const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "admitted")).toHaveLength(1);
    });
  });

  test("everything that is asked in one turn is one change of the document", async () => {
    await withBooks(1, async ([books], database) => {
      const asked = Array.from({ length: 40 }, (_, at) => ask(books, `t${at}`, atMost(100)));
      await Promise.all(asked);
      const [row] = await database.query(`select version from documents`);
      expect(row?.["version"]).toBe(1);
    });
  });

  test("a limit that another gateway has given back is not refused from memory", async () => {
    await withBooks(2, async ([here, there]) => {
      await ask(here, "a", atMost(1));
      expect((await ask(there, "b", atMost(1))).kind).toBe("refused");
      await here?.settle("key", "a", { kind: "released" });
      expect((await ask(there, "c", atMost(1))).kind).toBe("admitted");
    });
  });

  test("settling on two gateways at once counts once", async () => {
    await withBooks(2, async ([here, there]) => {
      await ask(here, "a", atMost(9));
      const charge = { kind: "charged", amounts: one } as const;
      await Promise.all([here, there, here, there].map(async (each) => each?.settle("key", "a", charge)));
      const state = await here?.read("key");
      expect(state).toMatchObject({ counters: { "requests/5h": { used: 1 } }, tickets: [] });
    });
  });

  test("what a gateway that is gone has left open is charged by whoever sweeps", async () => {
    await withBooks(2, async ([here, there]) => {
      await ask(here, "a", atMost(9));
      expect(await there?.sweep((replica) => replica === "r")).toBe(1);
      expect(await there?.sweep((replica) => replica === "r")).toBe(0);
      expect((await there?.read("key"))?.tickets).toEqual([]);
    });
  });

  test("a database that is away refuses who waits, and the next one may succeed", async () => {
    await withBooks(1, async ([books], database) => {
      await database.change(`alter table documents rename to elsewhere`);
      await expect(ask(books, "a", atMost(9))).rejects.toThrow(/documents/);
      await database.change(`alter table elsewhere rename to documents`);
      expect((await ask(books, "a", atMost(9))).kind).toBe("admitted");
    });
  });
});
