import { appendFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { dayMs, hourMs } from "../../src/quota/limit.ts";
import { readSessionLimits } from "../../src/sessions/limits.ts";
import { readSessionUsage } from "../../src/sessions/usage.ts";
import { makeHome, memoryIndex, meta, startMs, tokenCount, turn } from "../support/given-sessions.ts";

const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(5, 10);

/** Day, model, account, tokens in and out. */
function usage(home: { path: string }, storage = memoryIndex(), sinceMs = 0) {
  return readSessionUsage({ homes: [home.path], storage, dayOf, sinceMs }).map(
    ({ day, model, account, tokens }) => {
      return [day, model, account?.accountId ?? null, tokens.input, tokens.output];
    },
  );
}

test("tokens are told apart by the folder in which Codex worked", () => {
  using home = makeHome();
  const count = tokenCount({ total: [10, 1] });
  home.write("1", meta("1", { cwd: "/home/ada/one" }) + turn("gpt-a") + count);
  home.write("2", meta("2", { cwd: "/home/ada/two" }) + turn("gpt-a") + count);
  home.write("3", meta("3") + turn("gpt-a") + count);
  const used = readSessionUsage({ homes: [home.path], storage: memoryIndex(), dayOf });
  expect(
    used.map(({ folder, tokens }) => [folder, tokens.input]).sort((a, b) => (String(a) < String(b) ? -1 : 1)),
  ).toEqual([
    [null, 10],
    ["/home/ada/one", 10],
    ["/home/ada/two", 10],
  ]);
});

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
      folder: "/home/user/project",
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

describe("a forked session that repeats its parent", () => {
  const parent = meta("parent") + turn("gpt-a") + [1, 1, 2, 2, 3, 3].map((turns) => atTurn(turns)).join("");
  const forkMeta = (over: object = {}) => meta("fork", { forked_from_id: "parent", ...over });
  const name = (id: string) => `2026-11-20T10-00-00-${id}`;
  const laterMs = startMs + 2 * hourMs;

  function atTurn(turns: number, atMs = startMs): string {
    return tokenCount({ atMs, total: [turns * 1000, turns * 10], last: [1000, 10] });
  }

  /** Codex up to 0.160 wrote the lines of the parent again, with the time of the fork. */
  function replay(turns: readonly number[], own: string): string {
    return (
      forkMeta() + meta("parent") + turn("gpt-a") + turns.map((each) => atTurn(each, laterMs)).join("") + own
    );
  }

  test("counts what its parent used once", () => {
    using home = makeHome();
    const own = tokenCount({ atMs: laterMs + 60_000, total: [3500, 35], last: [500, 5] });
    home.write(name("parent"), parent);
    home.write(name("fork"), replay([1, 1, 2, 2, 3, 3], own));
    expect(usage(home)).toEqual([["11-20", "gpt-a", "acct-a", 3500, 35]]);
  });

  test("counts its own turns also when it left an earlier turn and its parent went on", () => {
    using home = makeHome();
    const own = tokenCount({ atMs: laterMs + 60_000, total: [2700, 27], last: [700, 7] });
    home.write(name("parent"), parent);
    const file = home.write(name("fork"), replay([1, 1, 2, 2], own));
    const storage = memoryIndex();
    expect(usage(home, storage)).toEqual([["11-20", "gpt-a", "acct-a", 3700, 37]]);
    appendFileSync(file, tokenCount({ atMs: laterMs + 90_000, total: [2900, 29], last: [200, 2] }));
    expect(usage(home, storage)).toEqual([["11-20", "gpt-a", "acct-a", 3900, 39]]);
  });

  test("counts all when its parent is gone, which is then counted nowhere else", () => {
    using home = makeHome();
    home.write(name("fork"), replay([1, 2, 3], ""));
    expect(usage(home)).toEqual([["11-20", "gpt-a", "acct-a", 3000, 30]]);
  });

  test("counts its own turns where it names its parent instead of repeating it, as Codex 0.171 does", () => {
    using home = makeHome();
    home.write(name("parent"), meta("parent") + turn("gpt-a") + atTurn(1) + atTurn(2));
    const base = { thread_id: "parent", end_ordinal_exclusive: 23, end_byte_offset: 23_782 };
    home.write(name("fork"), forkMeta({ history_base: base }) + turn("gpt-a") + atTurn(3, laterMs));
    expect(usage(home)).toEqual([["11-20", "gpt-a", "acct-a", 3000, 30]]);
  });
});
