import { expect, test } from "vitest";
import { Homes } from "../../src/gateway/homes.ts";
import { Busy } from "../../src/proxy/accounts/turns.ts";
import { Conversations } from "../../src/proxy/accounts/conversations.ts";
import { requestFacts } from "../../src/proxy/door/request-facts.ts";
import { openTestDatabase } from "../support/databases.ts";
import { makeHome } from "../support/store-home.ts";

function gatewayOn(database: Awaited<ReturnType<typeof openTestDatabase>>) {
  const conversations = new Conversations(new Busy());
  const facts = { ...requestFacts({}, {}), conversation: "key_1/secret-name" };
  return {
    homes: new Homes(database, conversations),
    conversations,
    home: () => conversations.homeOf(facts)?.accountId,
    facts,
  };
}

test("a conversation that one gateway served is at home on the same account at another", async () => {
  const database = await openTestDatabase(makeHome().file("homes.db"));
  const [one, two] = [gatewayOn(database), gatewayOn(database)];
  await two.homes.recall("key_1/secret-name");
  expect(two.home()).toBeUndefined();
  one.homes.note("key_1/secret-name", "acct");
  await one.homes.flush();
  await two.homes.recall("key_1/secret-name");
  expect(two.home()).toBe("acct");
  const rows = await database.query(`select conversation from homes`);
  expect(JSON.stringify(rows)).not.toContain("secret-name");
  // What it has seen itself counts more.
  two.conversations.note(two.facts, "other", 5);
  await two.homes.recall("key_1/secret-name");
  expect(two.home()).toBe("other");
  await database.close();
});

test("a database that does not answer delays nobody twice", async () => {
  const database = await openTestDatabase(makeHome().file("homes.db"));
  let asked = 0;
  const silent = { ...database, query: () => ((asked += 1), new Promise<never>(() => undefined)) };
  const { homes } = gatewayOn(silent);
  const from = performance.now();
  await homes.recall("a");
  await homes.recall("b");
  expect([asked, performance.now() - from < 10_000]).toEqual([1, true]);
  await database.close();
});
