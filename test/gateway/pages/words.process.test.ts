import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { workerScript } from "../../support/worker-script.ts";

// The pages showed UTC, where every other text shows the time of the clock on the wall.
test.each([
  ["UTC", "29 Nov 20:44:21 29 Nov 20:44 UTC"],
  ["Asia/Kolkata", "30 Nov 02:14:21 30 Nov 02:14 GMT+5:30"],
  ["America/Los_Angeles", "29 Nov 12:44:21 29 Nov 12:44 PST"],
])("in %s the pages show %s", (zone, text) => {
  const args = [workerScript("page-times-worker"), "2026-11-29T20:44:21.000Z"];
  expect(execFileSync(process.execPath, args, { env: { TZ: zone }, encoding: "utf8" })).toBe(text);
});
