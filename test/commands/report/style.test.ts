import { expect, test } from "vitest";
import { reportStyle } from "../../../src/commands/report/style.ts";

/** The colours of the page on a light and on a dark ground. */
function palettes(): [ground: string, colors: Map<string, string>][] {
  const dark = [...reportStyle.matchAll(/@media \(prefers-color-scheme:dark\)\{:root\{([^}]*)\}\}/g)];
  const light = reportStyle.replaceAll(/@media[^{]*\{:root\{[^}]*\}\}/g, "").matchAll(/:root\{([^}]*)\}/g);
  const read = (blocks: Iterable<RegExpMatchArray>) =>
    new Map(
      [...blocks].flatMap(([, text = ""]) =>
        [...text.matchAll(/--(\w+):(#[0-9a-f]{3,6})/g)].map(
          ([, name = "", value = ""]) => [name, value] as const,
        ),
      ),
    );
  return [
    ["light", read(light)],
    ["dark", read(dark)],
  ];
}

function luminance(color: string): number {
  const digits =
    color.length === 4
      ? (color.slice(1).match(/./g) ?? []).map((each) => each + each)
      : (color.slice(1).match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = digits.map((each) => {
    const share = Number.parseInt(each, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test.each(palettes())(
  "on a %s ground every mark stands out by 3 to 1 and every text by 4.5 to 1",
  (_, colors) => {
    const faint = (names: string, least: number) =>
      names
        .split(" ")
        .filter((name) =>
          ["back", "card"].some(
            (ground) => contrast(colors.get(name) ?? "#000", colors.get(ground) ?? "#000") < least,
          ),
        );
    expect(faint("text dim good low bad fan", 4.5)).toEqual([]);
    expect(faint("c0 c1 c2 c3 c4 c5 h1 h2 h3 h4", 3)).toEqual([]);
    const levels = ["h1", "h2", "h3", "h4"].map((name) =>
      contrast(colors.get(name) ?? "", colors.get("card") ?? ""),
    );
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
  },
);
