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
  const doors = ["index", "errors", "proxy", "store"];
  const index = doors
    .map((each) => readFileSync(new URL(`../src/${each}.ts`, import.meta.url), "utf8"))
    .join("");
  const documented = new Set<string | undefined>();
  for (const [, from] of index.matchAll(/from "\.(\/[^"]+)"/g)) {
    const text = readFileSync(new URL(`../src${from}`, import.meta.url), "utf8");
    const found = text.matchAll(/\*\/\nexport (?:async )?(?:function|class|const) (\w+)/g);
    for (const [, name] of found) documented.add(name);
  }
  expect(Object.keys(library).filter((name) => !documented.has(name))).toEqual([]);
});
