import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { guideErrors, guideSections, troubleshootingPage } from "../../../.ci/troubleshooting-page.ts";
import { entries } from "../../../src/doctor/explain/explain.ts";
import { checks } from "../../../src/doctor/index.ts";

const page = readFileSync(new URL("../../../docs/troubleshooting.md", import.meta.url), "utf8");

test("docs/troubleshooting.md is what checks and explanations say (npm run docs)", () => {
  expect(page).toBe(troubleshootingPage());
});

test("the guide has ten errors and sixteen sections, and each is answered", () => {
  expect([guideErrors.length, guideSections.length]).toEqual([10, 16]);
  const unanswered = guideErrors.filter(({ checks: found, explain }) => found.length + explain.length === 0);
  expect(unanswered).toEqual([]);
  const silent = guideSections.filter(({ explain, note }) => explain.length === 0 && note === "");
  expect(silent).toEqual([]);
});

test.each([...guideErrors, ...guideSections])("what answers $trouble is there", (row) => {
  const known = new Set(checks.map(({ id }) => id));
  expect(row.checks.filter((id) => !known.has(id))).toEqual([]);
  const explained = new Set(entries.map(({ id }) => id));
  expect(row.explain.filter((id) => !explained.has(id))).toEqual([]);
});

test.each([...checks, ...entries])("$id has its row on the page", ({ id }) => {
  expect(page).toMatch(new RegExp(`^\\| \`${id}\` +\\|`, "m"));
});
