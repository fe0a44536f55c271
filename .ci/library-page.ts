import { codexErrorGuide } from "../src/errors/codex-error-guide.ts";
import { table } from "./markdown-table.ts";

const head = ["name", "what it means", "next", "action"];

/** docs/library.md with the table of error names as the library has it. Written by `npm run docs`; a test compares. */
export function libraryPage(current: string): string {
  const pattern = /^\| name +\| what it means +\| next +\| action +\|\n(?:\|.*\n)*/m;
  if (!pattern.test(current)) throw new Error(`docs/library.md has no table of ${head.join(", ")}.`);
  const rows = Object.entries(codexErrorGuide).map(([name, { meaning, next, action }]) => [
    `\`${name}\``,
    meaning,
    `\`${next}\``,
    action,
  ]);
  return current.replace(pattern, () => `${table(head, rows)}\n`);
}
