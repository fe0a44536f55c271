import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as library from "../src/index.ts";

const golden = readFileSync(new URL("../fixtures/api/index.d.ts.txt", import.meta.url), "utf8");

test("the public types are those of the golden file (npm run api)", () => {
  const script = new URL("../.ci/api-report.mjs", import.meta.url).pathname;
  expect(execFileSync(process.execPath, [script, "--print"], { encoding: "utf8" })).toBe(golden);
});

test.each(Object.keys(library))("%s is in the report", (name) => {
  expect(golden).toMatch(new RegExp(`^export declare (?:function|const|class) ${name}\\b`, "m"));
});

test("every exported function and class has a docstring", () => {
  for (const [, from] of readFileSync(new URL("../src/index.ts", import.meta.url), "utf8").matchAll(
    /from "\.(\/[^"]+)"/g,
  )) {
    const text = readFileSync(new URL(`../src${from}`, import.meta.url), "utf8");
    for (const [, before, name] of text.matchAll(
      /(.*)\n(?:@.*\n)*export (?:async )?(?:function|class) (\w+)/g,
    )) {
      const isPublic = name !== undefined && name in library;
      const isOverload = text.match(new RegExp(`export (?:async )?function ${name}\\b`, "g"))?.length !== 1;
      if (isPublic && !isOverload) expect([name, before]).toEqual([name, expect.stringMatching(/\*\/$/)]);
    }
  }
});
