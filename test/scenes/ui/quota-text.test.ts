import { expect, test } from "vitest";
import { fillTemplate } from "../../../src/commands/statusline.ts";
import { htmlText } from "../../../src/text/safe-text.ts";
import { countText, lastsText, windowName } from "../../../src/text/times.ts";
import { percentText } from "../../../src/ui/forecast-lines.ts";
import { meter } from "../../../src/ui/ui.ts";

const same = (text: string) => text;
const look = { green: same, yellow: same, red: same, isUnicode: false };
const hour = 3_600_000;

test.each([
  [100, "##########"],
  [99.6, "##########"],
  [50, "#####-----"],
  [0.2, "#---------"],
  [0, "----------"],
  [140, "##########"],
  [-3, "----------"],
])("a meter of %s %%", (percent, expected) => {
  expect(meter(percent, 10, look)).toBe(expected);
});

test("a meter changes its colour under a quarter and under a tenth", () => {
  const colors = { green: () => "green", yellow: () => "yellow", red: () => "red", isUnicode: false };
  expect([25, 24, 10, 9].map((percent) => meter(percent, 0, colors))).toEqual([
    "green",
    "yellow",
    "yellow",
    "red",
  ]);
});

test.each([
  [[5, 5, 5], "until the reset"],
  [[2, 4, 5], "2 h or more"],
  [[2, 3, 4], "2 h to 4 h"],
  [[2, 2.01, 2.02], "about 2 h"],
  [[0, 0, 0.01], "about 5 min"],
])("%j hours of five last %s", ([p10 = 0, p50 = 0, p90 = 0], expected) => {
  expect(lastsText({ p10: p10 * hour, p50: p50 * hour, p90: p90 * hour }, 5 * hour, "the reset")).toBe(
    expected,
  );
});

test.each([
  [0, "0"],
  [0.3, "<1"],
  [41.5, "42"],
  [99.7, "99"],
  [100, "100"],
])("%s %% is shown as %s", (percent, expected) => {
  expect(percentText(percent)).toBe(expected);
});

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1.0 k"],
  [99_960, "100 k"],
  [999_499, "999 k"],
  [999_600, "1.0 M"],
  [2.5e12, "2500 G"],
])("%s tokens are %s", (count, expected) => {
  expect(countText(count)).toBe(expected);
});

test.each([
  [300, "5 h"],
  [10_080, "week"],
  [43_200, "30 d"],
])("%s minutes are called %s", (minutes, expected) => {
  expect(windowName(minutes)).toBe(expected);
});

test.each([
  ["{a}", "x"],
  ["[{a} left][ {b}]", "x left"],
  ["{nosuch}", "{nosuch}"],
  ["{{a}", "{a}"],
  ["[plain]", "[plain]"],
  ["{b}", ""],
  ["{constructor}", "{constructor}"],
])("the template %s gives %s", (template, expected) => {
  expect(fillTemplate(template, { a: "x", b: "" })).toBe(expected);
});

test("a field cannot bring control characters or further fields", () => {
  expect(fillTemplate("{a}", { a: "\u001b[31m{b}", b: "y" })).toBe("\\u001b[31m{b}");
});

test("markup in a text stays text", () => {
  expect(htmlText(`<a b="c" d='e'>&\u202e`)).toBe("&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;\\u202e");
});
