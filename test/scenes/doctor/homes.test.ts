import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FaultHome, faultNames } from "../../support/fault-home.ts";

interface Document {
  findings: { id: string; canMend: boolean }[];
  changes: { id: string; message: string; problem: string | null }[];
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

/** What doctor, a dry run of fix, fix and a second one made of a home, one after the other. */
async function storyOf(name: string) {
  const home = new FaultHome(name);
  const run = async (line: string) => {
    const { document, code } = await home.run(line);
    return { ...(document as Document), code, state: home.state() };
  };
  const before = home.state();
  const found = await run("doctor");
  const planned = await run("fix --dry-run");
  const first = await run("fix");
  const second = await run("fix");
  return { folder: home.folder, before, found, planned, first, second };
}

describe.each(faultNames())("home %s", (name) => {
  // The first test that asks makes it.
  let made: ReturnType<typeof storyOf> | undefined;
  const story = () => (made ??= storyOf(name));

  test("doctor finds what is expected, and changes nothing", async () => {
    const { folder, before, found } = await story();
    expectGolden(join(folder, "findings.json"), found.findings);
    expect(found.state).toEqual(before);
    const isError = found.findings.some((each) => "severity" in each && each.severity === "error");
    expect(found.code).toBe(isError ? 1 : 0);
  });

  // It listed what was found at first: a fix may uncover the next finding, or end that of another check.
  test("a dry run of fix changes nothing, and says what fix then does", async () => {
    const { before, planned, first } = await story();
    expect(planned.state).toEqual(before);
    expect(planned.changes.map(told)).toEqual(first.changes.map(told));
  });

  test("fix leaves the expected state, and a second one has nothing to do", async () => {
    const { folder, before, first, second } = await story();
    expectGolden(join(folder, "after-fix.json"), {
      changes: first.changes.map(withoutBackupName),
      files: changed(before, first.state),
      left: first.findings.map(({ id }) => id),
    });
    expect(first.findings.filter(({ canMend }) => canMend)).toEqual([]);
    expect(second.changes).toEqual([]);
    expect(second.state).toEqual(first.state);
  });
});

function told({ id, message, problem }: Document["changes"][number]): string {
  return `${id}: ${message} ${problem ?? ""}`;
}

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
