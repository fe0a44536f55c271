import * as fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { editConfig } from "../../../src/codex/config/edit.ts";
import { tomlDocument, type TomlDocument } from "../../support/toml-documents.ts";

// Each document is edited at a place of its own choice; `pick` is that choice.
const documentAndPick = fc.tuple(tomlDocument, fc.nat());
const newValue = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
const runs = { numRuns: 300 };
const newKey = "a new key";

type Tree = Map<string, unknown>;

/** The tree as a flat map from a written path to a leaf: another way to compare than the product's. */
function leavesOf(text: string): Tree {
  const leaves: Tree = new Map();
  collect(parse(text, { integersAsBigInt: true }), "", leaves);
  return leaves;
}

function collect(value: unknown, path: string, leaves: Tree): void {
  const isBranch = typeof value === "object" && value !== null && !(value instanceof Date);
  leaves.set(path, isBranch ? Array.isArray(value) : value instanceof Date ? value.toISOString() : value);
  if (!isBranch) return;
  for (const [key, child] of Object.entries(value)) collect(child, `${path}/${JSON.stringify(key)}`, leaves);
}

function pathsThatDiffer(before: string, after: string): string[] {
  const [left, right] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...left.keys(), ...right.keys()])].filter(
    (path) => !Object.is(left.get(path), right.get(path)),
  );
}

function expectOnlyChangedAt(path: string[], before: string, after: string): void {
  const written = path.map((key) => `/${JSON.stringify(key)}`).join("");
  expect(pathsThatDiffer(before, after).filter((each) => !each.startsWith(written))).toEqual([]);
}

/** How much of two texts is equal, from the start and from the end. */
function commonLength(left: string, right: string): number {
  const limit = Math.min(left.length, right.length);
  let start = 0;
  while (start < limit && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < limit - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  return start + end;
}

function tableOf({ tables }: TomlDocument, pick: number): string[] {
  return tables[pick % tables.length] ?? [];
}

describe("in any document", () => {
  test("a new key only adds text, and taking it out gives the document back", () => {
    fc.assert(
      fc.property(documentAndPick, newValue, ([document, pick], value) => {
        const path = [...tableOf(document, pick), newKey];
        const edited = editConfig(document.text, [{ path, value }]);
        expect(commonLength(document.text, edited)).toBe(document.text.length);
        expectOnlyChangedAt(path, document.text, edited);
        expect(editConfig(edited, [{ path, value: undefined }])).toBe(document.text);
      }),
      runs,
    );
  });

  test("a key in a table that is not there yet only adds text", () => {
    fc.assert(
      fc.property(documentAndPick, newValue, ([document, pick], value) => {
        const path = [...tableOf(document, pick), "new table", newKey];
        const edited = editConfig(document.text, [{ path, value }]);
        expect(commonLength(document.text, edited)).toBe(document.text.length);
        expectOnlyChangedAt(path.slice(0, -1), document.text, edited);
      }),
      runs,
    );
  });

  test("a new value replaces the old one and not a letter more", () => {
    fc.assert(
      fc.property(documentAndPick, newValue, ([document, pick], value) => {
        const pair = document.pairs[pick % document.pairs.length];
        fc.pre(pair !== undefined && !/^(\{|\[ \{)/.test(pair.value));
        const edited = editConfig(document.text, [{ path: pair.path, value }]);
        const kept = document.text.length - pair.value.length;
        expect(commonLength(document.text, edited)).toBeGreaterThanOrEqual(kept);
        expectOnlyChangedAt(pair.path, document.text, edited);
      }),
      runs,
    );
  });

  test("a removed key takes its line along, and at most a blank one", () => {
    fc.assert(
      fc.property(documentAndPick, ([document, pick]) => {
        const pair = document.pairs[pick % document.pairs.length];
        fc.pre(pair !== undefined && !/^(\{|\[ \{)/.test(pair.value));
        const edited = editConfig(document.text, [{ path: pair.path, value: undefined }]);
        expect(commonLength(document.text, edited)).toBe(edited.length);
        expect(document.text.length - edited.length).toBeLessThanOrEqual(pair.line.length + 6);
        expect(edited.split("\n").length).toBeGreaterThanOrEqual(
          document.text.split("\n").length - pair.line.split("\n").length - 1,
        );
        expectOnlyChangedAt(pair.path, document.text, edited);
      }),
      runs,
    );
  });
});
