import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTestDatabase } from "../support/databases.ts";
import { fastFolder } from "../support/fast-folder.ts";

const folder = mkdtempSync(join(fastFolder, "codex-auth-db-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the file is for its owner only, with what SQLite puts beside it", async () => {
  const at = join(folder, "mode.db");
  const database = await openTestDatabase(at);
  await database.change(`insert into homes values ('c', 'a', 1)`);
  const modes = [at, `${at}-wal`, `${at}-shm`].map((path) => statSync(path).mode & 0o777);
  await database.close();
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

test("where no SQLite can be loaded, one error names both ways out", async () => {
  const none = { nodeSqlite: () => null, libsql: async () => null };
  await expect(openTestDatabase(join(folder, "none.db"), none)).rejects.toMatchObject({
    code: "database_driver_missing",
    hint: expect.stringMatching(/node@24.*libsql/),
  });
});

test("a file that was removed or replaced while it is open is used no more, and the new one is left alone", async () => {
  const at = join(folder, "moved.db");
  const database = await openTestDatabase(at);
  await database.change(`insert into homes values ('c', 'a', 1)`);
  renameSync(at, join(folder, "aside.db"));
  await expect.poll(() => database.isAway()).toBe(true);
  await expect(database.query(`select 1`)).rejects.toMatchObject({
    code: "database_unavailable",
    message: expect.stringContaining("removed or replaced"),
  });
  for (const each of ["-wal", "-shm"]) rmSync(at + each);
  const other = await openTestDatabase(at);
  await other.change(`insert into homes values ('d', 'a', 1)`);
  await database.close();
  expect(statSync(`${at}-wal`).size).toBeGreaterThan(0);
  await other.close();
  const again = await openTestDatabase(at);
  await expect(again.query(`select conversation from homes`)).resolves.toEqual([{ conversation: "d" }]);
  await again.close();
});

test.each(["a text", "SQLite format 3\0 and no more"])(
  "a file that is no database is one clear error",
  async (start) => {
    const at = join(folder, `${start.length}.db`);
    writeFileSync(at, start.padEnd(4_096, "."));
    await expect(openTestDatabase(at)).rejects.toMatchObject({
      code: "database_unavailable",
      message: expect.stringContaining(at),
      hint: expect.stringContaining("damaged"),
    });
  },
);

test("where nothing can be opened, that is one clear error", async () => {
  const at = join(folder, "a-folder.db");
  mkdirSync(at);
  await expect(openTestDatabase(at)).rejects.toMatchObject({ code: "database_unavailable" });
});

test("an address of another kind of server is no file name", async () => {
  await expect(openTestDatabase("mysql://me:secret@db/x")).rejects.toMatchObject({
    code: "usage",
    message: "A database cannot have an address that begins with mysql://",
    hint: expect.stringContaining("postgres://"),
  });
});

test("a server that is away is one clear error without its password", async () => {
  const opening = openTestDatabase("postgres://me:secret@127.0.0.1:1/gateway");
  await expect(opening).rejects.toMatchObject({
    code: "database_unavailable",
    message: expect.not.stringContaining("secret"),
  });
});
