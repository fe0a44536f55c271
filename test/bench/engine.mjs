// What one decision and one forecast cost.
//   npx tsc -p .ci/tsconfig.lib.json && node test/bench/engine.mjs
import { forecastPool, forecastWindow, rankAccounts } from "../../dist/lib/index.js";

const nowMs = Date.UTC(2026, 10, 20, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const limit = (window, usedPercent, windowMinutes, resetsInMs) => ({
  limitId: "codex",
  window,
  usedPercent,
  windowMinutes,
  resetsAtMs: nowMs + resetsInMs,
  observedAtMs: nowMs,
  source: "headers",
});

const accounts = Array.from({ length: 50 }, (_, index) => ({
  id: `account-${index}`,
  plan: ["plus", "team", "pro"][index % 3],
  limits: [
    limit("primary", (index * 37) % 100, 300, ((index % 5) + 0.5) * hourMs),
    limit("secondary", (index * 53) % 100, 10_080, ((index % 7) + 0.5) * dayMs),
  ],
  block: index % 10 === 9 ? { kind: "exhausted", sinceMs: nowMs, untilMs: nowMs + hourMs } : null,
  otherConversations: index % 4,
}));

/** Six weeks of office hours. */
const startMs = nowMs - 42 * dayMs - 12 * hourMs;
const percentPerBin = Float64Array.from({ length: 42 * 96 + 49 }, (_, bin) => {
  const isWorking = Math.floor(bin / 96) % 7 < 5 && bin % 96 >= 36 && bin % 96 < 72;
  return isWorking && bin % 3 > 0 ? ((bin * 7) % 11) / 4 : 0;
});
const history = { startMs, firstWeekday: 4, percentPerBin };

const request = { homeId: "account-3", idleMs: 2 * hourMs, isTurnStart: true, triedIds: new Set() };
measure("rank 50 accounts", 20_000, (run) =>
  rankAccounts({ accounts, runningTurns: 4, request }, nowMs + run),
);
measure("forecast a 5 h window", 2000, (run) =>
  forecastWindow({ usedPercent: 40, nowMs: nowMs + run, resetsAtMs: nowMs + 4 * hourMs, history }),
);
measure("forecast a week", 2000, (run) =>
  forecastWindow({ usedPercent: 40, nowMs: nowMs + run, resetsAtMs: nowMs + 6 * dayMs, history }),
);
for (const size of [2, 5, 50]) {
  const input = { accounts: accounts.slice(0, size), historyOf: () => history };
  measure(`forecast a pool of ${size}`, 20, (run) => forecastPool({ ...input, nowMs: nowMs + run }));
}

/** The best of five rounds, after one to warm up. */
function measure(what, runs, work) {
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    for (let run = 0; run < runs; run++) work(run);
    if (round > 0) best = Math.min(best, (performance.now() - start) / runs);
  }
  console.log(`${what.padEnd(24)} ${(best * 1000).toFixed(1)} microseconds`);
}
