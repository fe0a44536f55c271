import { describe, expect, test } from "vitest";
import { type Database, readDocument, removeDocument, replaceDocument } from "../../src/database/database.ts";
import { backEndOfRun, backEnds } from "../support/database-backends.ts";
import { openTestDatabase } from "../support/databases.ts";

describe.each(backEnds(backEndOfRun))("$name", (backEnd) => {
  async function opened(work: (database: Database, at: string) => Promise<void>): Promise<void> {
    const at = backEnd.address();
    const database = await openTestDatabase(at);
    try {
      await work(database, at);
    } finally {
      await database.close();
    }
  }

  test("text, numbers and nothing come back as they were written", async () => {
    await opened(async (database) => {
      const values = ["k", 'a "quoted" ☃ \\ $1', 1_790_000_000_123];
      const sql = `insert into documents (kind, id, version, body, changed_ms) values ($1, 'x', 1, $2, $3)`;
      expect(await database.change(sql, values)).toBe(1);
      const rows = await database.query(`select body, changed_ms, (select null) as none from documents`);
      expect(rows.map((row) => Object.values(row))).toEqual([[values[1], values[2], null]]);
    });
  });

  test("no text of a client is refused, whatever stands in it", async () => {
    await opened(async (database) => {
      const texts = ["a\0b", "\ud800", "\ufeff\u202e"];
      for (const text of texts) {
        const sql = `insert into documents (kind, id, version, body, changed_ms) values ('k', $1, 1, $1, 0)`;
        expect(await database.change(sql, [text])).toBe(1);
        expect(await database.query(`select body from documents where id = $1`, [text])).toHaveLength(1);
      }
    });
  });

  test("a document is replaced only from the version that was read", async () => {
    await opened(async (database) => {
      const document = { kind: "usage", id: "k", body: "one", changedMs: 1 };
      expect(await replaceDocument(database, { ...document, version: 0 })).toBe(true);
      expect(await replaceDocument(database, { ...document, version: 0, body: "late" })).toBe(false);
      expect(await replaceDocument(database, { ...document, version: 1, body: "two" })).toBe(true);
      expect(await replaceDocument(database, { ...document, version: 1, body: "late" })).toBe(false);
      expect(await readDocument(database, "usage", "k")).toEqual({ version: 2, body: "two" });
      await removeDocument(database, "usage", "k");
      expect(await readDocument(database, "usage", "k")).toBeNull();
    });
  });

  test("a transaction that throws has changed nothing", async () => {
    await opened(async (database) => {
      const failing = database.transact(async (statements) => {
        await statements.change(`insert into homes values ('c', 'a', 1)`);
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await database.query(`select * from homes`)).toEqual([]);
    });
  });

  test("what is asked beside a transaction does not become part of it", async () => {
    await opened(async (database) => {
      const failing = database.transact(async (statements) => {
        await statements.change(`insert into homes values ('inside', 'a', 1)`);
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error("no");
      });
      const beside = database.change(`insert into homes values ('beside', 'a', 1)`);
      await expect(failing).rejects.toThrow("no");
      await beside;
      const rows = await database.query(`select conversation from homes`);
      expect(rows.map((row) => row["conversation"])).toEqual(["beside"]);
    });
  });

  test("thirty transactions at once each see the one before", async () => {
    await opened(async (database) => {
      await replaceDocument(database, { kind: "n", id: "n", version: 0, body: "0", changedMs: 0 });
      const grow = () =>
        database.transact(async (statements) => {
          // The changed row is locked, so the next one waits for the end of this transaction.
          await statements.change(`update documents set changed_ms = changed_ms + 1 where kind = 'n'`);
          const [row] = await statements.query(`select changed_ms from documents where kind = 'n'`);
          return Number(row?.["changed_ms"]);
        });
      const seen = await Promise.all(Array.from({ length: 30 }, grow));
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
    });
  });

  test("rows are paged by time and id", async () => {
    await opened(async (database) => {
      for (const id of ["a", "b", "c", "d"]) {
        await database.change(`insert into audit values ($1, $2, 'me', 'made', 'key', '')`, [
          id,
          id < "c" ? 1 : 2,
        ]);
      }
      const page = `select id from audit where (at_ms, id) < ($1, $2) order by at_ms desc, id desc limit 2`;
      expect((await database.query(page, [2, "d"])).map((row) => row["id"])).toEqual(["c", "b"]);
      expect((await database.query(page, [1, "b"])).map((row) => row["id"])).toEqual(["a"]);
    });
  });

  test("a role that does not exist and a name that exists are refused, as the statement's own fault", async () => {
    await opened(async (database) => {
      const key = (id: string, role: string) =>
        database.change(
          `insert into api_keys (id, name, hash, prefix, role, policy, created_ms) values ($1, 'n', $1, 'p', $2, '{}', 1)`,
          [id, role],
        );
      await expect(key("1", "king")).rejects.not.toHaveProperty("code", "database_unavailable");
      expect(await key("2", "client")).toBe(1);
      await expect(key("3", "client")).rejects.not.toHaveProperty("code", "database_unavailable");
    });
  });

  test("a database of a newer codex-auth is refused and left as it is", async () => {
    await opened(async (database, at) => {
      await database.change(`update store_info set value = '99' where name = 'schema'`);
      await expect(openTestDatabase(at)).rejects.toMatchObject({ code: "database_too_new" });
      expect((await database.query(`select value from store_info`))[0]?.["value"]).toBe("99");
    });
  });

  test("its clock is near ours, and four that open it at once agree on the tables", async () => {
    const at = backEnd.address();
    const all = await Promise.all([1, 2, 3, 4].map(() => openTestDatabase(at)));
    expect(Math.abs((all[0]?.now() ?? 0) - Date.now())).toBeLessThan(5_000);
    await Promise.all(all.map((each) => each.close()));
  });
});
