import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findDuplicates, mergeDuplicates } from "../../../src/codex/config/duplicates.ts";
import { correctTypos } from "../../../src/codex/config/mistakes.ts";
import { readConfig } from "../../../src/codex/config/toml.ts";

describe("slips of the pen", () => {
  test.each([
    ["model = “gpt”", 'model = "gpt"'],
    ["model = ‘gpt’ # “x”", "model = 'gpt' # \"x\""],
    ['model\u00A0= "gpt"', 'model = "gpt"'],
    ['a = 1\rb = "x"', 'a = 1\nb = "x"'],
    ['a = 1\r[t]\rb = "x"\r', 'a = 1\n[t]\nb = "x"\n'],
    ['model = "gpt', 'model = "gpt"'],
    ['model = "gpt\r\nb = 1\r\n', 'model = "gpt"\r\nb = 1\r\n'],
    ["sandbox_mode = read-only # safe", 'sandbox_mode = "read-only" # safe'],
    ["a = True", "a = true"],
    ["a = FALSE # no", "a = false # no"],
    [String.raw`log_dir = "C:\Users\me"`, String.raw`log_dir = 'C:\Users\me'`],
    [
      String.raw`args = ["-NoLogo", "-File", "F:\work\deepseek-mcp\start-deepseek.ps1"]`,
      String.raw`args = ["-NoLogo", "-File", 'F:\work\deepseek-mcp\start-deepseek.ps1']`,
    ],
    [String.raw`args = ["C:\new\x", "F:\work"]`, String.raw`args = ['C:\new\x', 'F:\work']`],
    [
      String.raw`x = { cwd = "C:\Users\me", y = "a\tb" }`,
      String.raw`x = { cwd = 'C:\Users\me', y = "a\tb" }`,
    ],
    [String.raw`[projects."C:\Users\me"]`, String.raw`[projects.'C:\Users\me']`],
    [String.raw`a = ["C:\work\", "x"] # why`, String.raw`a = ['C:\work\', "x"] # why`],
    [String.raw`a = "\\server\share"`, String.raw`a = '\\server\share'`],
    [String.raw`a = "C:\it's\work"`, String.raw`a = "C:\\it's\\work"`],
    [String.raw`a = ["x", "C:\work"` + "\r\n]", String.raw`a = ["x", 'C:\work'` + "\r\n]"],
    ["[features\nx = true", "[features]\nx = true"],
    ['a = "x\nb = "y\nc = “z”\n', 'a = "x"\nb = "y"\nc = "z"\n'],
  ])("%j is corrected", (text, expected) => {
    expect(correctTypos(text)?.text).toBe(expected);
  });

  test.each([
    ["model = yes"],
    ["model = on"],
    ['model = "a # b'],
    ["notify = [1,\nmodel = 2"],
    ["<<<<<<< HEAD"],
    ["model: gpt"],
    ["model"],
    ["my key = 1"],
    ["a = 1\na = 2"],
    ["a = 1"],
    [""],
  ])("%j is left as it is", (text) => {
    expect(correctTypos(text)).toBeNull();
  });

  test("lines are named with what they were", () => {
    expect(correctTypos('ok = 1\nmodel = "gpt\n')?.lines).toEqual([
      { line: 2, before: 'model = "gpt', after: 'model = "gpt"' },
    ]);
  });

  test("whatever the text, the result parses or stops at a key that stands twice, and other lines stay", () => {
    const piece = fc.constantFrom(
      "a",
      "= ",
      '"',
      "'",
      "[",
      "]",
      "\n",
      "#",
      "“",
      "b.c",
      "true",
      "5",
      "\r",
      "\\",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        const corrected = correctTypos(text);
        if (!corrected) return;
        const reading = readConfig(corrected.text);
        expect(reading.kind === "tree" || reading.message.includes("redefine")).toBe(true);
        expect(corrected.lines.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("keys and tables that stand twice", () => {
  test.each([
    ["a = 1\na = 1\n", "a = 1\n"],
    ["[f]\nx = 1\n[t]\n[f]\ny = 2\n", "[f]\nx = 1\ny = 2\n[t]\n"],
    ["[f]\nx = 1\n[f]\nx = 1\ny = 2\n", "[f]\nx = 1\ny = 2\n"],
    ["[f]\nx = 1\n\n# g\n[g]\n[f]\ny = 2", "[f]\nx = 1\ny = 2\n\n# g\n[g]\n"],
    ["[f]\n[f]\n[f]\nz = 1\n", "[f]\nz = 1\n"],
    ["[f]\r\nx = 1\r\n[g]\r\nq = 1\r\n[f]\r\ny = 2\r\n", "[f]\r\nx = 1\r\ny = 2\r\n[g]\r\nq = 1\r\n"],
    ["a = \"x\"\na = 'x'\n", 'a = "x"\n'],
  ])("%j are joined", (text, expected) => {
    expect(mergeDuplicates(text)).toBe(expected);
  });

  test.each([["a = 1\na = 2\n"], ["[f]\nx = 1\n[f]\nx = 2\n"], ["a.b = 1\n[a]\nc = 1\n"], ["a = 1\n[a]\n"]])(
    "%j are not",
    (text) => {
      expect(mergeDuplicates(text)).toBeNull();
    },
  );

  test("lists of tables repeat rightly", () => {
    expect(findDuplicates("[[a]]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 2\n")).toEqual([]);
  });

  test("both lines are told", () => {
    expect(findDuplicates('ok = 1\n"a b" = 1\n[t]\nx = 1\n[t]\n')).toEqual([
      { name: "[t]", isTable: true, firstLine: 3, secondLine: 5 },
    ]);
    expect(findDuplicates("\"a b\" = 1\n'a b' = 2\n")).toMatchObject([{ name: '"a b"', secondLine: 2 }]);
  });

  test("a text that is broken elsewhere has none to tell", () => {
    expect(findDuplicates("a = 1\na = 1\n[f\n")).toEqual([]);
    expect(mergeDuplicates("a = 1\na = 1\n[f\n")).toBeNull();
  });

  test("splitting any tables in two and joining them gives the same settings", () => {
    const key = fc.constantFrom("a", "b", "c", "d", "e");
    const table = fc.dictionary(key, fc.integer({ min: 0, max: 9 }), { maxKeys: 5 });
    const tables = fc.dictionary(fc.constantFrom("t", "u", "v"), table, { maxKeys: 3, minKeys: 1 });
    fc.assert(
      fc.property(tables, fc.integer({ min: 0, max: 5 }), (document, cut) => {
        const parts = Object.entries(document).map(([name, pairs]) => {
          const lines = Object.entries(pairs).map(([key, value]) => `${key} = ${value}\n`);
          const write = (some: string[]) => `[${name}]\n${some.join("")}`;
          return { first: write(lines.slice(0, cut)), second: write(lines.slice(cut)), whole: write(lines) };
        });
        const split =
          parts.map(({ first }) => first).join("") + parts.map(({ second }) => second).join("# c\n");
        const whole = readConfig(parts.map(({ whole }) => whole).join(""));
        expect(readConfig(mergeDuplicates(split) ?? "broken")).toEqual(whole);
      }),
    );
  });
});
