import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { clientLines, usageLines } from "../../../src/commands/gateway/document.ts";
import { makeUi } from "../../../src/ui/ui.ts";
import { drivers } from "../../support/databases.ts";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import { homeWithThree } from "../../support/home.ts";

// A person had to look up ids of which no list tells the names.
test("a key says by their names which accounts serve it, and in JSON by their ids", async () => {
  const home = await homeWithThree();
  await runFake(home, ["label", "2", "work"]);
  const key = async (...words: string[]) =>
    (await runFake(home, ["gateway", "key", ...words], { databaseDrivers: drivers })).stdout;
  const made = await key("create", "ci", "--account", "work", "--account", "1");
  expect(made).toContain("  accounts: work, ada@personal.example (plus, row 1)\n");
  expect(await key("show", "ci")).toContain("  accounts: work, ada@personal.example (plus, row 1)\n");
  const { accounts } = JSON.parse((await runFake(home, ["list", "--json"])).stdout);
  const document = JSON.parse(await key("show", "ci", "--json"));
  expect(document.key.accounts).toEqual([accounts[1].id, accounts[0].id]);

  await runFake(home, ["remove", "work"]);
  expect(await key("show", "ci")).toContain(
    `  accounts: ${accounts[1].id} (no longer in the pool), ada@personal.example (plus, row 1)\n`,
  );
  // Without the pool a key is shown all the same.
  home.write("codex-auth/pool.json", "{");
  expect(await key("show", "ci")).toContain(`  accounts: ${accounts[1].id}, ${accounts[0].id}\n`);
  expect(await key("edit", "ci", "--account", "all")).toContain("The key ci was changed.");
  expect(await key("show", "ci")).not.toContain("accounts:");
});

test("an empty value, as of a variable that is not set, takes no restriction away; a word does", async () => {
  const home = await homeWithThree();
  const key = (...words: string[]) =>
    runFake(home, ["gateway", "key", ...words], { databaseDrivers: drivers });
  const restrictions = ["--limit", "requests=5/day", "--model", "gpt-6-sol", "--account", "1"];
  restrictions.push("--parallel", "2", "--expires", "30d");
  await key("create", "ci", ...restrictions);
  for (const option of ["--limit", "--model", "--account"]) {
    const free = option === "--limit" ? "none" : "all";
    for (const words of [
      ["create", "new"],
      ["edit", "ci"],
    ]) {
      const { code, stderr } = await key(...words, option, "");
      expect([code, stderr]).toEqual([1, expect.stringContaining(`: ${option} ${free}`)]);
    }
  }
  expect((await key("list")).stdout).toMatch(/^ci\t.*\trequests=5\/day\n$/);
  const free = "--limit none --model all --account all --parallel none --expires never".split(" ");
  const { stdout } = await key("edit", "ci", ...free, "--json");
  const none = { models: null, accounts: null, limits: [], parallel: null, expiresAt: null };
  expect(JSON.parse(stdout).key).toMatchObject(none);
});

test("the list says which keys open nothing, and why; a revoked one keeps its name", async () => {
  const home = await homeWithThree();
  const key = (words: string, now?: () => number) =>
    runFake(home, ["gateway", "key", ...words.split(" ")], {
      databaseDrivers: drivers,
      ...(now ? { now } : {}),
    });
  await key("create old --expires 1m", () => testNowMs - 120_000);
  await key("create gone");
  await key("revoke gone");
  const { stdout } = await key("list");
  expect(stdout.match(/\t(expired|revoked)\t/g)).toEqual(["\texpired\t", "\trevoked\t"]);
  expect((await key("create gone")).stderr).toContain("Choose another name: a revoked key keeps its own");
  expect((await key("rotate gone")).stderr).toContain("with another name");
});

test("what is used of a budget is said in dollars", async () => {
  const ui = await makeUi({ colorLevel: 0, columns: 80, isTerminal: true, isUnicode: true, nowMs: 0 });
  const cost = { kind: "cost", window: "week", model: null, resets_at: "2026-12-07T00:00:00.000Z" } as const;
  const limits = [{ ...cost, name: "cost/week", max: 5, used: 1.054712, remaining: 3.945288 }];
  const sums = { request_count: 0, total_tokens: 0, input_tokens: 0, output_tokens: 0 };
  const own = { ...sums, cached_input_tokens: 0, total_cost_usd: 0, limits };
  expect(usageLines({ days: [], key: own }, ui)[0]).toBe(
    "cost/week: $1.0547 of $5 used, until 2026-12-07T00:00:00.000Z",
  );
});

// A shell puts nothing in the place of a variable that is not set.
test.each(["limit", "model", "account"])("create refuses an empty --%s", async (name) => {
  const home = await homeWithThree();
  const key = (...words: string[]) =>
    runFake(home, ["gateway", "key", ...words, "--json"], { databaseDrivers: drivers });
  const refused = await key("create", "ci", `--${name}`, "");
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout).error).toMatchObject({ code: "usage", message: `--${name} is empty.` });
  expect(JSON.parse((await key("list")).stdout).keys).toEqual([]);
});

test("the table of what was used names the keys", async () => {
  const ui = await makeUi({ colorLevel: 0, columns: 80, isTerminal: true, isUnicode: true, nowMs: 0 });
  const day = { day: "2026-11-30", requests: 3, inputTokens: 36, outputTokens: 10, costUsd: 0.01 };
  const days = [
    { ...day, keyId: "key_e7784c258ec46811", keyName: "ci" },
    { ...day, keyId: "key_0000000000000000", keyName: null },
  ];
  const text = usageLines({ days, key: null }, ui).join("\n");
  expect(text).toMatch(/^2026-11-30 +ci +3 /m);
  expect(text).toMatch(/^2026-11-30 +key_0{16} +3 /m);
});

test("what a key command lacks, or has too much of, is said", async () => {
  const home = await homeWithThree();
  const said = async (...words: string[]) =>
    (await runFake(home, ["gateway", ...words], { databaseDrivers: drivers })).stderr.split("\n")[0];
  expect(await said("key")).toBe("Say what is to be done with keys.");
  expect(await said("key", "show")).toBe("The name of the key is missing.");
  expect(await said("key", "show", "two", "words")).toBe("Too many words.");
  expect(await said("key", "list", "all")).toBe("Too many words.");
  expect(await said("key", "edit", "ci")).toBe("Say what is to be changed.");
});

test("of a key that cannot ask models no models and no limits are told", async () => {
  const home = await homeWithThree();
  const words = ["gateway", "key", "create", "boss", "--role", "admin"];
  const { stdout } = await runFake(home, words, { databaseDrivers: drivers });
  expect(stdout).toContain("  manages the gateway and cannot ask models\n");
  expect(stdout).not.toMatch(/models: all|limits: none/);
});

// Pasted at the end of a file with tables, the first line would belong to the last of them.
test("the lines for Codex say where each belongs, and how a key for few models is used", () => {
  const lines = clientLines("codex", "http://127.0.0.1:1/v1");
  const at = (part: string) => lines.findIndex((line) => line.includes(part));
  expect(at("at its top")).toBeLessThan(at('model_provider = "pool"'));
  expect(at('# model = "<model>"')).toBeLessThan(at("at its end"));
  expect(at("at its end")).toBeLessThan(at("[model_providers.pool]"));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(() => clientLines(undefined, "")).toThrow("Say which client it is.");
});

test("an admin key takes no restriction of what it may ask, because it asks nothing", async () => {
  const home = await homeWithThree();
  const key = (...words: string[]) =>
    runFake(home, ["gateway", "key", ...words], { databaseDrivers: drivers });
  const restrictions = [
    ["--limit", "requests=1/day"],
    ["--model", "x"],
    ["--account", "1"],
    ["--parallel", "2"],
  ];
  await key("create", "boss", "--role", "admin", "--expires", "30d");
  for (const words of restrictions) {
    for (const line of [
      ["create", "other", "--role", "admin"],
      ["edit", "boss"],
    ]) {
      const { code, stderr } = await key(...line, ...words);
      expect([code, stderr.split("\n")[0]]).toEqual([
        1,
        "An admin key asks no models, so nothing limits it.",
      ]);
    }
  }
  expect((await key("list")).stdout).toMatch(/^boss\t.*\n$/);
  expect((await key("edit", "boss", "--limit", "none", "--expires", "never")).code).toBe(0);
});

test("an empty --database, as of a variable that is not set, is not the file of this pool", async () => {
  const home = await homeWithThree();
  for (const line of ["key list", "usage", "start", "database check"]) {
    const words = ["gateway", ...line.split(" "), "--database", ""];
    const { code, stderr } = await runFake(home, words, { databaseDrivers: drivers });
    expect([line, code, stderr.split("\n")[0]]).toEqual([line, 1, "--database names no database."]);
  }
  expect(existsSync(home.file("codex-auth/gateway.db"))).toBe(false);
});
