import { expect, test } from "vitest";
import { wrapText } from "../../src/ui/wrap.ts";

const command = "codex-auth gateway key create ci --limit requests=3/day --limit cost=1usd/week";

test("a prompt stays with its command, which stays whole, also in colour", () => {
  expect(wrapText(`$ ${command}`, 40)).toBe(`$ ${command}`);
  const cyan = `\u001B[36m$ ${command}\u001B[39m`;
  expect(wrapText(cyan, 40)).toBe(cyan);
  const curl = `$ curl -s $OPENAI_BASE_URL/responses -H "Authorization: Bearer $OPENAI_API_KEY"`;
  expect(wrapText(curl, 40)).toBe(curl);
});

test("a sum of money is no prompt", () => {
  expect(wrapText("It costs about $ 5 a month, and as much again.", 30)).toBe(
    "It costs about $ 5 a month,\nand as much again.",
  );
});
