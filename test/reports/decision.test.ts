import { expect, test } from "vitest";
import { decisionText } from "../../src/reports/decision.ts";

const told = { at: "2026-12-01T00:00:00.000Z", client: "ci", outcome: "refused" };

test("a decision names the account that was taken, or says that there was none", () => {
  const taken = { ...told, kind: "use", name: "ada@example.com", reason: "best" };
  expect(decisionText(taken)).toBe("use ada@example.com for ci (best)");
  const none = { ...told, kind: "wait", name: "no account", reason: "exhausted" };
  expect(decisionText(none)).toBe("no account for ci (exhausted)");
});
