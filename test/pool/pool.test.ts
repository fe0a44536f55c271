import * as fs from "node:fs";
import { expect, test } from "vitest";
import { isOlderVersion, migrate, parsePool, poolText, poolVersion } from "../../src/pool/pool.ts";
import { homeWith, run } from "../support/store-home.ts";

const steps = [
  (document: Record<string, unknown>) => ({ ...document, version: 2, renamed: document["old"] }),
  (document: Record<string, unknown>) => ({ ...document, version: 3, list: [document["renamed"]] }),
];

test.each([
  { version: 1, expected: { version: 3, old: "x", renamed: "x", list: ["x"] } },
  { version: 2, expected: { version: 3, old: "x", list: [undefined] } },
  { version: 3, expected: { version: 3, old: "x" } },
])("a pool of version $version goes through the steps that it lacks", ({ version, expected }) => {
  expect(migrate({ version, old: "x" }, "pool.json", steps)).toEqual(expected);
});

test.each([0, -1, 1.5, "1", null, undefined])("version %s is no version", (version) => {
  expect(() => migrate({ version }, "pool.json", steps)).toThrow("its version is not a number");
});

test("a version beyond the steps is a newer program's", () => {
  expect(() => migrate({ version: 4 }, "pool.json", steps)).toThrow(
    "pool.json was written by a newer codex-auth (format 4, this one knows 3).",
  );
});

test("only the text of an older version asks for a backup before it is written", () => {
  expect(isOlderVersion(`{"version":${poolVersion - 1},"revision":1}`)).toBe(true);
  expect(isOlderVersion(`{ "version": ${poolVersion} }`)).toBe(false);
});

test("keys of a later version survive a write, at the top and in an account", async () => {
  const home = await homeWith(["a", "b"]);
  const text = fs.readFileSync(home.paths.poolFile, "utf8");
  const odd = '"future":{"__proto__":{"x":1},"list":[1]}';
  const edited = text
    .replace('"revision":1', `"revision":1,${odd}`)
    .replace('"label":"label-a"', `"label":"label-a",${odd}`);
  fs.writeFileSync(home.paths.poolFile, edited);
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  expect(fs.readFileSync(home.paths.poolFile, "utf8").split(odd)).toHaveLength(3);
});

test("writing what was read changes nothing", async () => {
  const home = await homeWith(["a", "b", "c"]);
  const text = fs.readFileSync(home.paths.poolFile, "utf8");
  expect(poolText(parsePool(text, "pool.json"))).toBe(text);
});
