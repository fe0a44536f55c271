import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isDeep } from "../../src/text/json.ts";

const deep = "[".repeat(101);

test.each<[string, string, boolean]>([
  ["a hundred brackets", "[".repeat(100), false],
  ["one more", deep, true],
  ["brackets in a string", `{"a":"${deep}"}`, false],
  ["brackets behind an escaped quote", String.raw`{"a":"\"${deep}"}`, false],
  ["brackets behind an escaped backslash and the end of the string", String.raw`{"a":"\\"${deep}`, true],
  ["brackets behind three backslashes and a quote", String.raw`{"a":"\\\"${deep}"}`, false],
  ["a string without an end", `"${deep}`, false],
  ["closed brackets", "[]".repeat(200), false],
])("%s: %#", (_, text, expected) => {
  expect(isDeep(text)).toBe(expected);
});

/** Letter by letter, as it was done before it had to be quick. */
function isDeepSlowly(text: string, limit: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") at += 1;
    else if (char === '"') isText = !isText;
    else if (!isText && "[{".includes(char)) depth += 1;
    else if (!isText && "]}".includes(char)) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

test("a string of millions of escapes is no trouble", () => {
  expect(isDeep(`${deep}"${"\\n".repeat(5_000_000)}"`)).toBe(true);
  expect(isDeep(`${"[]".repeat(101)}"${'\\\\\\"'.repeat(1_000_000)}"`)).toBe(false);
  expect(isDeep(`${"[]".repeat(101)}"${"\\\\".repeat(2_500_000)}"${deep}`)).toBe(true);
});

test("any text is as deep as when it is read letter by letter", () => {
  const signs = fc.constantFrom("[", "{", "]", "}", '"', "\\", "a", "\n");
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (all, limit) => {
      expect(isDeep(all.join(""), limit)).toBe(isDeepSlowly(all.join(""), limit));
    }),
    { numRuns: 3000 },
  );
});
