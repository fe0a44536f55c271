import { readFileSync } from "node:fs";

/** A text that people met, and the ids that explain it. Written before the patterns were. */
export interface GradedText {
  readonly text: string;
  /** Any of these first is right; none at all means that nothing may match. */
  readonly right: readonly string[];
  /** True, but not what ends the trouble. */
  readonly weak?: readonly string[];
}

export type Grade = "right" | "weak" | "wrong" | "unknown";

/** The texts of fixtures/explain/<name>.json. */
export function gradedTexts(name: string): readonly GradedText[] {
  const file = new URL(`../../fixtures/explain/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as GradedText[];
}

/** Only the first answer counts: it is what a person reads first. */
export function gradeOf({ right, weak = [] }: GradedText, ids: readonly string[]): Grade {
  const [first] = ids;
  if (first === undefined) return right.length === 0 ? "right" : "unknown";
  if (right.includes(first)) return "right";
  return weak.includes(first) ? "weak" : "wrong";
}

/** How a terminal, a pager and a chat cut the same text. */
export const wraps: Readonly<Record<string, (text: string, width: number) => string>> = {
  words: (text, width) => wrapWords(text, width, ""),
  indented: (text, width) => wrapWords(text, width, "  "),
  hard: (text, width) => perLine(text, (line) => chunks(line, width).join("\n")),
  coloured: (text, width) => `\u001B[31m■ \u001B[39m${wrapWords(text, width, "")}\r\n`,
};

function wrapWords(text: string, width: number, indent: string): string {
  return perLine(text, (line) => {
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ").flatMap((each) => chunks(each, width - indent.length))) {
      const longer = current === "" ? word : `${current} ${word}`;
      if (longer.length > width && current !== "") {
        lines.push(current);
        current = indent + word;
      } else current = longer;
    }
    return [...lines, current].join("\n");
  });
}

function perLine(text: string, wrap: (line: string) => string): string {
  return text.split("\n").map(wrap).join("\n");
}

function chunks(text: string, width: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += width) parts.push(text.slice(at, at + width));
  return parts.length === 0 ? [""] : parts;
}
