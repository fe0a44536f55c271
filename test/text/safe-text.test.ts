import { expect, test } from "vitest";
import { safe, safeReport } from "../../src/text/safe-text.ts";

const clears = "\u001b[2J";

test("what is put into a line is escaped, and our own words and line breaks are not", () => {
  expect(safe`Using ${`ada${clears}\nActive: eve`} (${3}).\n`).toBe(
    "Using ada\\u001b[2J\\u000aActive: eve (3).\n",
  );
});

test("a report in which nothing acts on a terminal is handed on as it is", () => {
  const report = { name: "ada@personal.example", row: 1, limits: [{ label: null }] };
  expect(safeReport(report)).toBe(report);
});

test("every string of a report is escaped, at any depth, also a key", () => {
  const report = { accounts: [{ name: `a${clears}`, label: null }], fields: { [clears]: "x" } };
  expect(safeReport(report)).toEqual({
    accounts: [{ name: "a\\u001b[2J", label: null }],
    fields: { "\\u001b[2J": "x" },
  });
});

test("a line break is escaped in a name, and stays in a hint and in the output of a program", () => {
  expect(safeReport({ name: "a\nb", hint: "a\nb", steps: [{ output: `a\n${clears}` }] })).toEqual({
    name: "a\\u000ab",
    hint: "a\nb",
    steps: [{ output: "a\n\\u001b[2J" }],
  });
});
