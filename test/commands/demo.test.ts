import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readAuthJson } from "../../src/codex/auth-json.ts";
import { copyDemoHome, removeDemoHome } from "../../src/store/homes/demo-home.ts";
import { readSessionLimits } from "../../src/sessions/limits.ts";
import { memoryIndex } from "../support/given-sessions.ts";
import { projectRoot } from "../support/home.ts";

// The committed tokens end on 30 November 2026; from then on the demo showed three ended logins.
test("the demo is as fresh in five years as on its first day", () => {
  const nowMs = Date.UTC(2031, 4, 5, 6, 7, 8);
  const home = copyDemoHome(projectRoot, nowMs);
  onTestFinished(() => removeDemoHome(home));
  const logins = readdirSync(join(home, "logins")).map((name) => join(home, "logins", name));
  for (const file of [...logins, join(home, "auth.json")]) {
    const reading = readAuthJson(readFileSync(file, "utf8"));
    if (reading.kind !== "login") throw new Error(file);
    expect(reading.login.expiresAtSec).toBeGreaterThan(nowMs / 1000 + 9 * 86_400);
    expect(Date.parse(reading.login.lastRefresh ?? "")).toBeLessThan(nowMs);
  }
  const { accounts } = readSessionLimits({ homes: [home], storage: memoryIndex(), nowMs });
  const limits = accounts.flatMap((account) => account.limits);
  expect(limits.length).toBe(6);
  for (const { observedAtMs, resetsAtMs } of limits) {
    expect(nowMs - observedAtMs).toBeLessThan(3_600_000);
    expect(resetsAtMs).toBeGreaterThan(nowMs);
  }
});
