import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { hourMs, minuteMs } from "../../src/quota/limit.ts";
import { attributeToCreator, readSessionLimits } from "../../src/sessions/limits.ts";
import { line, makeHome, memoryIndex, meta, startMs, tokenCount } from "../support/given-sessions.ts";

const accountA = { accountId: "acct-a", userId: "user-a" };

/** Account id to the percentages found. */
function percents(home: { path: string }, storage = memoryIndex()) {
  const { accounts } = readSessionLimits({ homes: [home.path], storage });
  return Object.fromEntries(
    accounts.map(({ account, limits }) => [account.accountId, limits.map(({ usedPercent }) => usedPercent)]),
  );
}

describe("a log written by Codex 0.169", () => {
  it("gives exactly the limits that upstream's headers told, for the account that was logged in", () => {
    using home = makeHome();
    home.copy("direct");
    const observedAtMs = Date.parse("2026-11-21T00:14:28.653Z");
    const limit = { limitId: "codex", observedAtMs, source: "session" };
    const { accounts } = readSessionLimits({ homes: [home.path], storage: memoryIndex() });
    expect(accounts).toEqual([
      {
        account: accountA,
        limits: [
          {
            ...limit,
            window: "primary",
            usedPercent: 42.5,
            windowMinutes: 300,
            resetsAtMs: 1_795_236_000_000,
          },
          {
            ...limit,
            window: "secondary",
            usedPercent: 12,
            windowMinutes: 10_080,
            resetsAtMs: 1_795_780_800_000,
          },
        ],
      },
    ]);
  });

  it("keeps another limit apart from the main one", () => {
    using home = makeHome();
    home.copy("another-limit-last");
    const { accounts } = readSessionLimits({ homes: [home.path], storage: memoryIndex() });
    expect(accounts[0]?.limits.map(({ limitId, usedPercent }) => [limitId, usedPercent])).toEqual([
      ["codex_other", 77],
    ]);
  });

  // 0.63 writes neither the creator nor the limit's id.
  it("of an old version is given to the account that the caller knows of, else to nobody", () => {
    using home = makeHome();
    home.copy("codex-0.63");
    const options = { homes: [home.path], storage: memoryIndex() };
    expect(readSessionLimits(options)).toMatchObject({ accounts: [], unattributed: 1 });
    const { accounts } = readSessionLimits({ ...options, attribute: () => accountA });
    expect(accounts[0]?.limits.map(({ limitId, usedPercent }) => [limitId, usedPercent])).toEqual([
      ["codex", 42.5],
      ["codex", 12],
    ]);
  });

  // Resuming a session under another login leaves its creator in the log; only the windows tell.
  it("that was resumed under another login gives its limits to nobody", () => {
    using home = makeHome();
    home.copy("resumed-under-another-login");
    expect(percents(home)).toEqual({});
  });
});

describe("the newest limits", () => {
  const older = tokenCount({ short: [10, 5], week: [20, 99] });
  const newer = tokenCount({ atMs: startMs + 1000, short: [11, 5], week: [21, 99] });
  const other = tokenCount({ limitId: "codex_other", short: [70, 1] });
  const long = line(startMs, "response_item", { output: "x".repeat(200_000) });
  const cases: [what: string, text: string, expected: Record<string, number[]>][] = [
    ["are those of the last line", meta("s") + older + newer, { "acct-a": [11, 21] }],
    ["are found before long output", meta("s") + newer + long + long, { "acct-a": [11, 21] }],
    [
      "survive a torn last line",
      meta("s") + newer + tokenCount({ short: [90, 5] }).slice(0, -20),
      { "acct-a": [11, 21] },
    ],
    [
      "survive foreign lines",
      `${meta("s") + older}no json "token_count"\n{"type":7,"payload":"token_count"}\n\n`,
      { "acct-a": [10, 20] },
    ],
    [
      "are not read from what a tool printed",
      meta("s") + older + line(startMs, "response_item", { output: newer }),
      { "acct-a": [10, 20] },
    ],
    ["are kept per limit", meta("s") + older + other, { "acct-a": [10, 20, 70] }],
    ["are unknown with an API key", meta("s") + tokenCount({ total: [5, 5] }).repeat(30), {}],
    ["are nobody's in a log of an old version", meta("s", { creator_account_id: undefined }) + newer, {}],
    ["are nobody's behind a foreign proxy", meta("s", { model_provider: "proxy" }) + newer, {}],
    ["are nobody's without a first line", newer, {}],
    [
      "follow a window that has passed",
      meta("s") +
        tokenCount({ short: [90, 1], week: [5, 9] }) +
        tokenCount({ atMs: startMs + 61 * minuteMs, short: [2, 6], week: [6, 9] }),
      { "acct-a": [2, 6] },
    ],
    [
      "follow a window that had not begun",
      meta("s") +
        tokenCount({ short: [0, 5], week: [5, 9] }) +
        tokenCount({ atMs: startMs + 61 * minuteMs, short: [2, 6], week: [6, 9] }),
      { "acct-a": [2, 6] },
    ],
    [
      "are nobody's when the windows jump",
      meta("s") +
        tokenCount({ short: [9, 5], week: [20, 99] }) +
        tokenCount({ atMs: startMs + 1000, short: [11, 4], week: [21, 77] }),
      {},
    ],
  ];
  test.each(cases)("%s", (_what, text, expected) => {
    using home = makeHome();
    home.write("one", text);
    expect(percents(home)).toEqual(expected);
  });

  it("of several sessions are the newest of each account, archived ones included", () => {
    using home = makeHome();
    home.write("one", meta("1") + newer);
    home.write("two", meta("2") + older, "archived_sessions");
    home.write("three", meta("3", { creator_account_id: "acct-b" }) + older, "archived_sessions");
    expect(percents(home)).toEqual({ "acct-a": [11, 21], "acct-b": [10, 20] });
  });

  it("are nobody's in a session that our proxy served, and whose the caller says", () => {
    using home = makeHome();
    home.write("one", meta("served") + newer);
    const options = { homes: [home.path], storage: memoryIndex() };
    const proxied = readSessionLimits({ ...options, attribute: attributeToCreator(new Set(["served"])) });
    expect([proxied.accounts, proxied.unattributed]).toEqual([[], 1]);
    const known = readSessionLimits({ ...options, attribute: () => ({ accountId: "acct-z", userId: null }) });
    expect(known.accounts[0]?.account.accountId).toBe("acct-z");
  });

  it("are not those of a clock that was ahead", () => {
    using home = makeHome();
    home.write("one", meta("1") + newer);
    home.write("two", meta("2") + tokenCount({ atMs: startMs + 9e9, short: [90, 5] }));
    const options = { homes: [home.path], storage: memoryIndex(), nowMs: startMs + hourMs };
    expect(readSessionLimits(options).accounts[0]?.limits[0]?.usedPercent).toBe(11);
  });

  it("of homes that share their logs are read once", () => {
    using home = makeHome();
    using other = makeHome();
    home.write("one", meta("1") + newer);
    symlinkSync(join(home.path, "sessions"), join(other.path, "sessions"));
    expect(readSessionLimits({ homes: [home.path, other.path], storage: memoryIndex() }).files).toBe(1);
  });

  it("of a home without logs are none", () => {
    using home = makeHome();
    const storage = memoryIndex();
    expect(readSessionLimits({ homes: [home.path, join(home.path, "gone")], storage })).toEqual({
      accounts: [],
      files: 0,
      readFiles: 0,
      unattributed: 0,
    });
    expect(storage.writes).toBe(0);
  });
});

describe("the next run", () => {
  const first = tokenCount({ short: [10, 5], week: [20, 99] });
  const second = tokenCount({ atMs: startMs + 1000, short: [30, 5], week: [40, 99] });

  function scanned() {
    const home = makeHome();
    const file = home.write("one", meta("1") + first);
    home.write("two", meta("2", { creator_account_id: "acct-b" }) + first);
    const storage = memoryIndex();
    const read = () => readSessionLimits({ homes: [home.path], storage }).readFiles;
    read();
    return { home, file, storage, read };
  }

  it("reads nothing and writes nothing when nothing changed", () => {
    using home = scanned().home;
    const storage = memoryIndex();
    percents(home, storage);
    expect(readSessionLimits({ homes: [home.path], storage }).readFiles).toBe(0);
    expect(storage.writes).toBe(1);
  });

  it("reads only the log that has grown", () => {
    const { home, file, storage, read } = scanned();
    using _ = home;
    appendFileSync(file, second);
    expect(read()).toBe(1);
    expect(percents(home, storage)).toEqual({ "acct-a": [30, 40], "acct-b": [10, 20] });
  });

  it("knows a log that was moved to the archive", () => {
    const { home, file, storage, read } = scanned();
    using _ = home;
    mkdirSync(join(home.path, "archived_sessions"));
    renameSync(file, join(home.path, "archived_sessions", "rollout-one.jsonl"));
    expect(read()).toBe(0);
    expect(percents(home, storage)).toEqual({ "acct-a": [10, 20], "acct-b": [10, 20] });
  });

  it("reads a log anew that was replaced, and forgets one that was deleted", () => {
    const { home, file, storage } = scanned();
    using _ = home;
    rmSync(file);
    expect(percents(home, storage)).toEqual({ "acct-b": [10, 20] });
    writeFileSync(file, meta("1", { creator_account_id: "acct-c" }) + second);
    expect(percents(home, storage)).toEqual({ "acct-c": [30, 40], "acct-b": [10, 20] });
  });

  const damaged = [
    "",
    "{",
    "[]",
    '{"version":2}',
    '{"version":2,"files":{"rollout-one.jsonl":{"ino":1}}}',
    '{"version":0,"files":{}}',
  ];
  test.each(damaged)("starts over with a damaged index: %s", (text) => {
    const { home } = scanned();
    using _ = home;
    expect(percents(home, memoryIndex(text))).toEqual({ "acct-a": [10, 20], "acct-b": [10, 20] });
  });
});
