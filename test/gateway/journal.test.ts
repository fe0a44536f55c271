import { expect, test } from "vitest";
import type { KeyPolicy } from "../../src/budget/policy.ts";
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
  const books = new UsageBooks(database);
  const journal = new Journal(file, books, log);
  const written = async () => {
    const [row] = await database.query("select count(*) as lines, sum(input_tokens) as tokens from requests");
    return [Number(row?.["lines"]), Number(row?.["tokens"])];
  };
  return { state, file, log, books, journal, written };
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

test("lines that a full disk does not take stay with the log until there is room, and none is torn", async () => {
  const { state, file, log, journal, written } = await scene();
  const append = file.append.bind(file);
  file.append = (line) => {
    append(line.slice(0, 9));
    throw new Error("ENOSPC");
  };
  for (let count = 0; count < 3; count += 1) {
    log.note(request);
    await log.flush();
  }
  expect(log.waiting).toBe(3);
  file.append = append;
  await log.flush();
  expect([log.waiting, journal.kept(), await journal.replay()]).toEqual([0, expect.any(Number), 3]);
  state.isAway = false;
  expect([await journal.replay(), file.text, await written()]).toEqual([0, "", [3, 21]]);
});

test("settlements that a full disk does not take are said again from memory", async () => {
  const { file, books, journal } = await scene();
  const policy: KeyPolicy = { limits: [{ kind: "tokens", window: "month", max: 1000 }] };
  const amounts = { requests: 1, input: 1, output: 1, tokens: 2, cost: 3 };
  for (const ticketId of ["a", "b"])
    await books.admit("key_1", policy, { ticketId, replica: "r", model: "m", estimate: amounts });
  file.append = (line) => {
    file.text += line.slice(0, 9);
    throw new Error("ENOSPC");
  };
  for (const ticketId of ["a", "b"])
    journal.keep({
      keyId: "key_1",
      ticketId,
      settlement: { kind: "charged", amounts: { ...amounts, tokens: 7 } },
    });
  expect(journal.kept()).toBeGreaterThanOrEqual(2);
  expect(await journal.replay()).toBe(0);
  const state = await books.read("key_1");
  expect([state.tickets, state.counters["tokens/month"]?.used, journal.kept()]).toEqual([[], 14, 0]);
});
