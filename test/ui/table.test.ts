import { expect, test } from "vitest";
import { table } from "../../src/ui/table.ts";

const columns = [
  { title: "NAME", least: 4 },
  { title: "PLAN", drop: 2 },
  { title: "LOGIN", drop: 1 },
];
const rows = [["ada@personal.example", "plus", "valid 9 d 8 h"]];
/** Joins whatever it is given, as chalk does. */
const dim = (...texts: string[]) => `<${texts.join(" ")}>`;

function drawn(width: number, given: readonly (readonly string[])[] = rows, isTerminal = true): string[] {
  return table(columns, given, { columns: width, isTerminal, isUnicode: true, dim }).split("\n");
}

test("a line below a table says which columns the terminal is too narrow for, and how to see them", () => {
  expect(drawn(80)).toHaveLength(2);
  expect(drawn(30)).toEqual([
    "<NAME>                  <PLAN>",
    "ada@personal.example  plus",
    "<Too narrow for: LOGIN. A wider>",
    "<terminal or --json shows them.>",
  ]);
  expect(drawn(22)[2]).toBe("<Too narrow for: PLAN,>");
});

test("columns in which nothing stands are not missed, and in a pipe nothing is left out", () => {
  expect(drawn(30, [["ada@personal.example", "plus", ""]])).toHaveLength(2);
  expect(drawn(30, rows, false)).toEqual(["ada@personal.example\tplus\tvalid 9 d 8 h"]);
});

test("what the shortest cells leave out is named too, once", () => {
  const windows = [
    { title: "5 H LEFT", loses: "resets", shorten: [1] },
    { title: "WEEK LEFT", loses: "resets", shorten: [1] },
  ];
  const cells = [
    [
      ["96 %, in 3 h", "96 %"],
      ["66 %, in 5 d", "66 %"],
    ],
  ];
  const lines = (columns: number) =>
    table(windows, cells, { columns, isTerminal: true, isUnicode: true, dim }).split("\n");
  expect(lines(80)).toHaveLength(2);
  expect(lines(22).slice(1).join(" ")).toBe(
    "96 %      66 % <Too narrow for:> <resets. A wider> <terminal or --json> <shows them.>",
  );
});
