/**
 * A gateway's bookkeeping in a process that is to be killed: it admits and settles without end, several at once, and
 * writes into a log of its own, which the database knows nothing of, what it was told and what it is about to say.
 * `money-worker <database> <log> <replica> <writes>`: with writes above 0 it kills itself right after so many of them.
 */
import { appendFileSync } from "node:fs";
import type { KeyPolicy } from "../../src/budget/policy.ts";
import type { Amounts } from "../../src/budget/usage-state.ts";
import type { Database } from "../../src/database/database.ts";
import { UsageBooks } from "../../src/gateway/limits/usage-books.ts";
import { openTestDatabase } from "./databases.ts";

const [address = "", log = "", replica = "", writes = "0"] = process.argv.slice(2);
const atOnce = 6;
const plenty = 1_000_000_000;
const policy: KeyPolicy = {
  limits: [
    { kind: "requests", window: "5h", max: plenty },
    { kind: "tokens", window: "5h", max: plenty },
  ],
};

/** What each ticket holds and takes follows from its number, so that the parent can do the sum again. */
function amountsOf(number: number, factor: number): Amounts {
  const tokens = (number % 97) * factor + factor;
  return { requests: 1, input: tokens, output: 0, tokens, cost: 0 };
}

/** One short line, written at once or not at all. */
function say(word: string, id: string): void {
  appendFileSync(log, `${word} ${id}\n`);
}

async function work(books: UsageBooks, lane: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const number = round * atOnce + lane;
    const id = `${replica}-${number}`;
    say("asks", id);
    const wish = { ticketId: id, replica, model: "m", estimate: amountsOf(number, 3) };
    const { kind } = await books.admit("key", policy, wish);
    if (kind !== "admitted") throw new Error("refused");
    say("has", id);
    const isReleased = number % 5 === 0;
    say(isReleased ? "returns" : "pays", id);
    const settlement = isReleased
      ? ({ kind: "released" } as const)
      : ({ kind: "charged", amounts: amountsOf(number, 2) } as const);
    await books.settle("key", id, settlement);
    say("done", id);
    // Whoever is not sure whether it arrived says it again.
    if (number % 4 === 0) await books.settle("key", id, settlement);
  }
}

/** The write is in the database, and nobody has learnt it. */
function dyingAfter(database: Database, count: number): Database {
  if (count === 0) return database;
  let left = count;
  return {
    ...database,
    change: async (...words) => {
      const changed = await database.change(...words);
      left -= 1;
      if (left === 0) process.kill(process.pid, "SIGKILL");
      return changed;
    },
  };
}

const database = await openTestDatabase(address);
const books = new UsageBooks(dyingAfter(database, Number(writes)));
await Promise.all(Array.from({ length: atOnce }, (_, lane) => work(books, lane)));
