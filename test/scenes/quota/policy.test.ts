import scenarios from "../../../fixtures/policy/scenarios.json" with { type: "json" };
import { describe, expect, test } from "vitest";
import { rankAccounts } from "../../../src/quota/rank.ts";
import { type Outcome, type Policy, simulate } from "../../support/policy-simulator.ts";

const ranking: Policy = (state, nowMs) => rankAccounts(state, nowMs).decision;

/** What most rivals do: stay while possible, else the next account in turn. */
function roundRobin(): Policy {
  let turn = 0;
  return ({ accounts, request }, nowMs) => {
    const free = accounts.filter(({ id, block }) => {
      return (block?.untilMs ?? 0) <= nowMs && request?.triedIds.has(id) !== true;
    });
    const home = free.find(({ id }) => id === request?.homeId);
    const next = home ?? free[turn++ % Math.max(1, free.length)];
    if (next !== undefined) return { kind: "use", accountId: next.id, reason: "best" };
    const untilMs = Math.min(...accounts.map(({ block }) => block?.untilMs ?? Infinity));
    return { kind: "wait", untilMs: Number.isFinite(untilMs) ? untilMs : null, reason: "exhausted" };
  };
}

describe.each(scenarios)("$name", ({ world, expected }) => {
  const ours = simulate(world, ranking);
  const rival = simulate(world, roundRobin());

  test("the outcome is the frozen one", () => {
    expect({ ours: rounded(ours), roundRobin: rounded(rival) }).toEqual(expected);
  });

  test("it serves no less than round robin, interrupts no more turns and refuses nobody who could be served", () => {
    // Where all quota is used up either way, the order of requests alone decides the last thousandth.
    expect(ours.served).toBeGreaterThanOrEqual(rival.served - 0.001);
    expect(ours.interrupted).toBeLessThanOrEqual(rival.interrupted);
    expect(ours.avoidable).toBe(0);
  });
});

function rounded({ served, interrupted, avoidable, moved }: Outcome): Outcome {
  const to = (value: number, digits: number) => Number(value.toFixed(digits));
  return {
    served: to(served, 4),
    interrupted: to(interrupted, 2),
    avoidable: to(avoidable, 2),
    moved: to(moved, 2),
  };
}
