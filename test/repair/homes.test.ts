import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FaultHome, faultNames } from "../support/fault-home.ts";

interface Document {
  findings: { id: string; canMend: boolean }[];
  changes: { problem: string | null }[];
}

/** Compares with a file beside the home; UPDATE_GOLDEN=1 writes it. */
function expectGolden(path: string, value: object): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(existsSync(path), `${path} is missing: UPDATE_GOLDEN=1`).toBe(true);
  expect(value).toEqual(JSON.parse(readFileSync(path, "utf8")));
}

test("there are homes to look at", () => {
  expect(faultNames()).toContain("healthy");
});

describe.each(faultNames())("home %s", (name) => {
  test("doctor finds what is expected, and changes nothing", async () => {
    const home = new FaultHome(name);
    const before = home.state();
    const { document, code } = await home.run("doctor");
    const { findings } = document as Document;
    expectGolden(join(home.folder, "findings.json"), findings);
    expect(home.state()).toEqual(before);
    expect(code).toBe(findings.some((each) => "severity" in each && each.severity === "error") ? 1 : 0);
  });

  test("a dry run of fix changes nothing", async () => {
    const home = new FaultHome(name);
    const before = home.state();
    await home.run("fix --dry-run");
    expect(home.state()).toEqual(before);
  });

  test("fix leaves the expected state, and a second one has nothing to do", async () => {
    const home = new FaultHome(name);
    const before = home.state();
    const first = (await home.run("fix")).document as Document;
    const after = home.state();
    expectGolden(join(home.folder, "after-fix.json"), {
      changes: first.changes.map(withoutBackupName),
      files: changed(before, after),
      left: first.findings.map(({ id }) => id),
    });
    expect(first.findings.filter(({ canMend }) => canMend)).toEqual([]);
    const second = (await home.run("fix")).document as Document;
    expect(second.changes).toEqual([]);
    expect(home.state()).toEqual(after);
  });
});

function withoutBackupName({ problem, ...change }: { problem: string | null; undo?: string | null }) {
  return { ...change, problem, undo: change.undo?.replace(/repair-\w+/, "repair-<time>") ?? null };
}

/** What is new, other, or gone (null). */
function changed(before: Record<string, string>, after: Record<string, string>) {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const other = paths.filter((path) => before[path] !== after[path]);
  return Object.fromEntries(other.map((path) => [path, describeChange(before[path], after[path])]));
}

function describeChange(before: string | undefined, after: string | undefined): string | null {
  const [mode, text] = partsOf(after);
  return text !== undefined && text === partsOf(before)[1] ? `${mode}, the same text` : (after ?? null);
}

/** "file 0600: text" -> its mode and its text. */
function partsOf(state = ""): [string | undefined, string | undefined] {
  const [, mode, text] = /^(file \d+): (.*)$/s.exec(state) ?? [];
  return [mode, text];
}
