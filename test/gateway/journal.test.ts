import { expect, test } from "vitest";
import { noTokens } from "../../src/budget/prices.ts";
import type { Database } from "../../src/database/database.ts";
import { Journal, type JournalFile } from "../../src/gateway/journal.ts";
import { UsageBooks } from "../../src/gateway/limits/usage-books.ts";
import { type LoggedRequest, type LogLine, RequestLog } from "../../src/gateway/request-log.ts";
import { openTestDatabase } from "../support/databases.ts";
import { TestHome } from "../support/home.ts";

const request: LoggedRequest = {
  atMs: Date.UTC(2026, 10, 30),
  keyId: "key_1",
  accountId: "acct",
  model: "gpt-6-sol",
  route: "responses",
  status: 200,
  code: null,
  tokens: { ...noTokens, input: 7 },
  cost: { micros: 14, price: "table" },
  firstMs: 1,
  totalMs: 2,
  attempts: 1,
};

function journalFile(): JournalFile & { text: string } {
  return {
    text: "",
    append(line) {
      this.text += line;
    },
    read() {
      return this.text;
    },
    replace(text) {
      this.text = text;
    },
  };
}

async function scene() {
  const database = await openTestDatabase(new TestHome().file("gateway.db"));
  const state = { isAway: true, onWrite: () => {} };
  const reached: Database = {
    ...database,
    transact: (work, options) => {
      if (state.isAway) return Promise.reject(new Error("away"));
      state.onWrite();
      return database.transact(work, options);
    },
  };
  const file = journalFile();
  const metrics = { note: () => undefined };
  const keep = (lines: readonly LogLine[]): void => journal.keepLines(lines);
  let names = 0;
  const replica = { id: "gw_1", name: (prefix: string) => `${prefix}${(names += 1)}` };
  const log = new RequestLog(reached, replica, { metrics, keep });
  const journal = new Journal(file, new UsageBooks(database), log);
  const written = async () => {
    const [row] = await database.query("select count(*) as lines, sum(input_tokens) as tokens from requests");
    return [Number(row?.["lines"]), Number(row?.["tokens"])];
  };
  return { state, file, log, journal, written };
}

test("what was asked while the database was away outlives the process, and is counted once", async () => {
  const { state, file, log, journal, written } = await scene();
  log.note(request);
  log.note(request);
  await log.flush();
  expect([file.text.split("\n").length - 1, log.waiting]).toEqual([2, 0]);
  expect(await journal.replay()).toBe(2);
  state.isAway = false;
  const before = file.text;
  await Promise.all([journal.replay(), journal.replay()]);
  expect([file.text, await written()]).toEqual(["", [2, 14]]);
  // A kill between the two writes leaves both.
  file.text = before;
  await journal.replay();
  expect([file.text, await written()]).toEqual(["", [2, 14]]);
});

test("what is kept while others are said again stays", async () => {
  const { state, file, log, journal, written } = await scene();
  log.note(request);
  await log.flush();
  state.isAway = false;
  state.onWrite = () => journal.keepLines([{ id: "req_later", request }]);
  await journal.replay();
  expect(file.text.match(/req_later/g)).toHaveLength(1);
  state.onWrite = () => {};
  await journal.replay();
  expect([file.text, await written()]).toEqual(["", [2, 14]]);
});

test("what a full disk does not take is kept until there is room, and nothing of it is torn", async () => {
  const { state, file, log, journal, written } = await scene();
  const append = file.append.bind(file);
  file.append = (line) => {
    append(line.slice(0, 9));
    throw new Error("ENOSPC");
  };
  for (const id of ["req_a", "req_b"]) journal.keepLines([{ id, request }]);
  log.note(request);
  await log.flush();
  expect(journal.kept()).toBeGreaterThanOrEqual(3);
  file.append = append;
  expect(await journal.replay()).toBe(3);
  state.isAway = false;
  expect([await journal.replay(), file.text, await written()]).toEqual([0, "", [3, 21]]);
});

test("what a full disk does not take is said again from memory when the database has room", async () => {
  const { state, file, journal, written } = await scene();
  file.append = () => {
    throw new Error("ENOSPC");
  };
  journal.keepLines([{ id: "req_1", request }]);
  state.isAway = false;
  expect([await journal.replay(), await written(), journal.kept()]).toEqual([0, [1, 7], 0]);
});
