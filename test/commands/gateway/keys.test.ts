import { expect, test } from "vitest";
import { usageLines } from "../../../src/commands/gateway/document.ts";
import { makeUi } from "../../../src/ui/ui.ts";
import { drivers } from "../../support/databases.ts";
import { runFake } from "../../support/fake-context.ts";
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
  expect(await key("edit", "ci", "--account", "")).not.toContain("accounts:");
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
