import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { matchEntries } from "../../../src/doctor/explain/explain.ts";
import { type Grade, type GradedText, gradedTexts, gradeOf, wraps } from "../../support/explain-texts.ts";

const sets = ["given", "collected", "held-out", "further"];
const memory = new Map<string, readonly string[]>();

/** Most texts are shorter than most lines, so that most wraps of them are the same. */
function idsOf(text: string): readonly string[] {
  const known = memory.get(text);
  const ids = known ?? matchEntries(text).map(({ id }) => id);
  memory.set(text, ids);
  return ids;
}

function count(texts: readonly GradedText[], wrap: (text: string) => string) {
  const grades: Record<Grade, number> = { right: 0, weak: 0, wrong: 0, unknown: 0 };
  for (const each of texts) grades[gradeOf(each, idsOf(wrap(each.text)))]++;
  return grades;
}

test.each(sets.flatMap((name) => gradedTexts(name).map((each) => [each.text, each] as const)))(
  "%j is explained by what ends it",
  (text, each) => {
    expect([...idsOf(text), "nothing"].slice(0, 1)).toEqual(
      expect.arrayContaining([
        each.right.length === 0 ? "nothing" : expect.toSatisfy((id: string) => each.right.includes(id)),
      ]),
    );
  },
);

// `EXPLAIN_GRADES=1` prints what a terminal of each width makes of the texts.
test.each(Object.entries(wraps))(
  "texts wrapped as %s keep their meaning from 50 to 120 columns",
  (name, wrap) => {
    const texts = sets.flatMap(gradedTexts);
    for (let width = 50; width <= 120; width += name === "words" ? 1 : 3) {
      const grades = count(texts, (text) => wrap(text, width));
      if (process.env.EXPLAIN_GRADES) process.stderr.write(`${name} ${width} ${JSON.stringify(grades)}\n`);
      expect({ width, wrong: grades.wrong }).toEqual({ width, wrong: 0 });
      expect(grades.right / texts.length).toBeGreaterThanOrEqual(0.95);
    }
  },
);

const run = (name: string) =>
  readFileSync(new URL(`../../../fixtures/explain/runs/${name}.txt`, import.meta.url), "utf8");

// What codex exec 0.171 printed, both streams, without a network beside the server that failed as the name says.
test.each([
  ["status-403", ["forbidden"]],
  ["usage-limit", ["usage_limit"]],
  ["model-not-supported", ["model_unknown"]],
  ["token-expired", ["unauthorized"]],
  ["server-error-in-stream", ["server_error"]],
  ["workspace-deactivated", ["account_deactivated"]],
  ["out-of-credits", ["workspace_credits"]],
  ["context-window", ["context_too_long"]],
  ["flagged-for-cyber", ["cyber_flag"]],
  ["unknown-text", []],
])("a run of codex exec that ended with %s", (name, ids) => {
  expect(idsOf(run(name))).toEqual(ids);
  expect(idsOf(run(name).replaceAll("\n", " "))).toEqual(ids);
});

test("a run that was answered has notes at most", () => {
  const notes = matchEntries(run("answered"));
  expect(notes.filter(({ isHarmless }) => !isHarmless)).toEqual([]);
});

test("what the header of a run says of the sandbox, and what the person asked, is no trouble", () => {
  const text = run("status-403").replace("say hi", "why do I get 401 Unauthorized and database is locked?");
  expect(idsOf(text)).toEqual(["forbidden"]);
});

test("what a command printed is believed of the sandbox only", () => {
  const said = (output: string) =>
    run("answered").replace("\ncodex\n", `\nexec\n/bin/sh -c x failed:\n${output}\ncodex\n`);
  expect(idsOf(said("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted"))).toEqual([
    "sandbox_namespace",
  ]);
  expect(idsOf(said("HTTP 401 Unauthorized"))).toEqual(["codex_apps_unreachable"]);
});

test("the reason that a login was refused is better than the 401 that came of it", () => {
  const log = "2026-11-29T10:00:00.000000Z ERROR codex_login::auth::manager: Failed to refresh token: 401";
  const text = `${log} {"error":{"code":"refresh_token_reused"}}\nERROR: unexpected status 401 Unauthorized: x`;
  expect(idsOf(text)).toEqual(["refresh_token_reused"]);
});
