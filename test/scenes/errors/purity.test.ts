import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const source = new URL("../../../src/", import.meta.url);

function filesOf(folder: string): [string, string][] {
  const url = new URL(`${folder}/`, source);
  if (!existsSync(url)) return [];
  const names = readdirSync(url, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".ts"));
  return names.map((name) => [`${folder}/${name}`, readFileSync(new URL(name, url), "utf8")]);
}

const pure = [...filesOf("errors"), ...filesOf("quota")];

test("the files of errors are read", () => {
  expect(filesOf("errors").length).toBeGreaterThan(10);
});

test.each(pure)("%s imports no Node module and no package", (_, text) => {
  const imports = [...text.matchAll(/^(?:import|export)[^;]*? from "([^"]+)";|\bimport\("([^"]+)"\)/gm)];
  for (const [, from, dynamic] of imports) expect(from ?? dynamic).toMatch(/^\.\.?\//);
  expect(text).not.toMatch(/\brequire\(|\bprocess\.|\bglobalThis\b/);
});

test.each(pure)("%s reads no clock and no random number", (_, text) => {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  expect(code).not.toMatch(
    /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\b|\bhrtime\b|\bMath\.random\b/,
  );
  expect(code).not.toMatch(/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b/);
});

test.each(filesOf("errors"))("%s imports nothing but errors and text", (_, text) => {
  expect([...text.matchAll(/ from "(\.\.\/(?!text\/)[^"]+)"/g)].map(([, from]) => from)).toEqual([]);
});

test.each(filesOf("compat"))("%s imports errors and text only, and a clock is only a default", (_, text) => {
  for (const [, from = ""] of text.matchAll(/ from "([^"]+)"/g)) {
    expect(from).toMatch(/^\.\/|^\.\.\/(?:errors|text)\//);
  }
  for (const [found] of text.matchAll(/.{0,20}\bDate\.now\b/g))
    expect(found).toMatch(/(?:= (?:\(\) => )?|\?\? )Date\.now$/);
});
