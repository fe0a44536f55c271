import { appendFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { dayMs, hourMs } from "../../src/accounts/limit.ts";
import { readSessionLimits } from "../../src/sessions/session-limits.ts";
import { readSessionUsage } from "../../src/sessions/session-usage.ts";
import { makeHome, memoryIndex, meta, startMs, tokenCount, turn } from "./given.ts";

const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(5, 10);

/** Day, model, account, tokens in and out. */
function usage(home: { path: string }, storage = memoryIndex(), sinceMs = 0) {
  return readSessionUsage({ homes: [home.path], storage, dayOf, sinceMs }).map(
    ({ day, model, account, tokens }) => {
      return [day, model, account?.accountId ?? null, tokens.input, tokens.output];
    },
  );
}

describe("the tokens of a log", () => {
  const begin = meta("1") + turn("gpt-a");
  const cases: [what: string, text: string, expected: unknown[]][] = [
    [
      "are the difference of the totals",
      begin + tokenCount({ total: [10, 1] }) + tokenCount({ total: [30, 3], last: [20, 2] }),
      [["11-20", "gpt-a", "acct-a", 30, 3]],
    ],
    [
      "are counted once when a line repeats",
      begin + tokenCount({ total: [10, 1] }).repeat(3),
      [["11-20", "gpt-a", "acct-a", 10, 1]],
    ],
    [
      "belong to the model of their turn",
      begin + tokenCount({ total: [10, 1] }) + turn("gpt-b") + tokenCount({ total: [15, 2], last: [5, 1] }),
      [
        ["11-20", "gpt-a", "acct-a", 10, 1],
        ["11-20", "gpt-b", "acct-a", 5, 1],
      ],
    ],
    [
      "belong to their day",
      begin +
        tokenCount({ total: [10, 1] }) +
        tokenCount({ atMs: startMs + dayMs, total: [15, 2], last: [5, 1] }),
      [
        ["11-20", "gpt-a", "acct-a", 10, 1],
        ["11-21", "gpt-a", "acct-a", 5, 1],
      ],
    ],
    [
      "of a fork are not its parent's",
      begin + tokenCount({ total: [900, 90], last: [7, 1] }),
      [["11-20", "gpt-a", "acct-a", 7, 1]],
    ],
    [
      "go on after the totals began anew",
      begin + tokenCount({ total: [50, 5] }) + tokenCount({ total: [8, 1] }),
      [["11-20", "gpt-a", "acct-a", 58, 6]],
    ],
    [
      "without a model or an account are still counted",
      meta("1", { model_provider: "proxy" }) + tokenCount({ total: [10, 1] }),
      [["11-20", null, null, 10, 1]],
    ],
    ["without token counts are none", begin + tokenCount({ short: [5, 5] }), []],
  ];
  test.each(cases)("%s", (_what, text, expected) => {
    using home = makeHome();
    home.write("one", text);
    expect(usage(home)).toEqual(expected);
  });

  it("of Codex 0.169 are those that upstream reported", () => {
    using home = makeHome();
    home.copy("direct");
    const [found] = readSessionUsage({ homes: [home.path], storage: memoryIndex(), dayOf });
    expect(found).toEqual({
      day: "11-21",
      model: "gpt-fake",
      account: { accountId: "acct-a", userId: "user-a" },
      tokens: { input: 11, cachedInput: 3, output: 5, reasoning: 1 },
    });
  });

  it("of an old version are counted, without an account", () => {
    using home = makeHome();
    home.copy("codex-0.63");
    expect(usage(home)).toEqual([["11-21", "gpt-5.1-codex", null, 11, 5]]);
  });

  it("of a session and its fork are counted once", () => {
    using home = makeHome();
    home.copy("direct");
    home.copy("fork-of-direct");
    expect(usage(home)).toEqual([["11-21", "gpt-fake", "acct-a", 22, 10]]);
  });

  it("can begin at a time", () => {
    using home = makeHome();
    home.write(
      "one",
      begin +
        tokenCount({ total: [10, 1] }) +
        tokenCount({ atMs: startMs + dayMs, total: [15, 2], last: [5, 1] }),
    );
    expect(usage(home, memoryIndex(), startMs + 2 * hourMs)).toEqual([["11-21", "gpt-a", "acct-a", 5, 1]]);
  });
});

it("counting goes on where it stopped, also after a torn line and after the limits were read", () => {
  using home = makeHome();
  const next = tokenCount({ total: [30, 3], last: [20, 2], short: [5, 5] });
  const file = home.write(
    "one",
    meta("1") + turn("gpt-a") + tokenCount({ total: [10, 1] }) + next.slice(0, 50),
  );
  const storage = memoryIndex();
  expect(usage(home, storage)).toEqual([["11-20", "gpt-a", "acct-a", 10, 1]]);
  appendFileSync(file, next.slice(50));
  readSessionLimits({ homes: [home.path], storage });
  expect(usage(home, storage)).toEqual([["11-20", "gpt-a", "acct-a", 30, 3]]);
  const writes = storage.writes;
  expect(usage(home, storage)).toEqual([["11-20", "gpt-a", "acct-a", 30, 3]]);
  expect(storage.writes).toBe(writes);
});
