import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forecastAccount, forecastWindow } from "../../../src/quota/forecast/window.ts";
import type { UsageHistory } from "../../../src/quota/forecast/past.ts";
import { forecastPool } from "../../../src/quota/forecast/pool.ts";
import { dayMs, hourMs, weekMs } from "../../../src/quota/limit.ts";
import { rankAccounts } from "../../../src/quota/rank.ts";
import { account, nowMs, shortLimit, weekLimit } from "../../support/given-quota.ts";

const todayMs = Math.floor(nowMs / dayMs) * dayMs;

/** So many days until now, with `burn(hour, weekday)` percent per hour. */
function history(days: number, burn: (hour: number, weekday: number) => number): UsageHistory {
  const startMs = todayMs - days * dayMs;
  const firstWeekday = (startMs / dayMs + 3) % 7;
  const percentPerBin = Float64Array.from({ length: (nowMs - startMs) / 900_000 + 1 }, (_, bin) => {
    if (bin * 900_000 + startMs >= nowMs) return 0;
    return burn(Math.floor(bin / 4) % 24, (firstWeekday + Math.floor(bin / 96)) % 7) / 4;
  });
  return { startMs, firstWeekday, percentPerBin };
}

const officeHours = (perHour: number) =>
  history(28, (hour, day) => (day < 5 && hour >= 9 && hour < 18 ? perHour : 0));

describe("a window", () => {
  it("that is burned every working day at the same rate is empty when the rate says so", () => {
    const forecast = forecastWindow({
      usedPercent: 50,
      nowMs,
      resetsAtMs: nowMs + 4 * hourMs,
      history: officeHours(20),
    });
    expect(forecast.hitProbability).toBeGreaterThan(0.9);
    expect(forecast.emptyInMs.p50 / hourMs).toBeCloseTo(2.5, 0);
    expect(forecast.basis).toBe("analogs");
  });

  it("lasts over the weekend when nobody works then", () => {
    const input = { usedPercent: 60, nowMs, history: officeHours(2) };
    const overWeekend = forecastWindow({ ...input, resetsAtMs: nowMs + 2.5 * dayMs });
    const overWeek = forecastWindow({ ...input, resetsAtMs: nowMs + 7 * dayMs });
    expect(overWeekend.hitProbability).toBeLessThan(0.1);
    expect(overWeekend.emptyInMs.p50).toBe(2.5 * dayMs);
    expect(overWeek.hitProbability).toBeGreaterThan(0.9);
  });

  it("after a vacation goes on as before it", () => {
    const [weeks, workday] = [28, (hour: number, day: number) => (day < 5 && hour >= 9 && hour < 18 ? 2 : 0)];
    const past = history(weeks, workday);
    const percentPerBin = Array.from(past.percentPerBin, (percent, bin) => {
      const daysAgo = weeks - Math.floor(bin / 96);
      return daysAgo > 4 && daysAgo < 18 ? 0 : percent;
    });
    const input = {
      usedPercent: 60,
      nowMs,
      resetsAtMs: nowMs + 7 * dayMs,
      history: { ...past, percentPerBin },
    };
    expect(forecastWindow(input).hitProbability).toBeGreaterThan(0.9);
  });

  it("of an account without history goes on at the rate of the last two hours, and says so", () => {
    const fresh = history(0, (hour) => (hour >= 10 ? 10 : 0));
    const forecast = forecastWindow({
      usedPercent: 60,
      nowMs,
      resetsAtMs: nowMs + 5 * hourMs,
      history: fresh,
    });
    expect(forecast).toMatchObject({ basis: "rate", isHistoryShort: true });
    expect(forecast.emptyInMs.p50 / hourMs).toBeCloseTo(3.95, 5);
  });

  it("of an account that never burned anything lasts", () => {
    const idle = forecastWindow({
      usedPercent: 0,
      nowMs,
      resetsAtMs: nowMs + hourMs,
      history: history(0, () => 0),
    });
    expect(idle.hitProbability).toBeLessThan(0.1);
    expect(idle.emptyInMs).toEqual({ p10: hourMs, p50: hourMs, p90: hourMs });
  });

  it("has ordered quantiles before the reset, a probability, and the same forecast each time", () => {
    const input = fc.record({
      usedPercent: fc.integer({ min: 0, max: 100 }),
      resetsInMs: fc.integer({ min: -hourMs, max: weekMs }),
      days: fc.nat(40),
      rates: fc.array(fc.nat(30), { minLength: 5, maxLength: 5 }),
    });
    fc.assert(
      fc.property(input, ({ usedPercent, resetsInMs, days, rates }) => {
        const past = history(days, (hour, day) => rates[(hour + day) % 5] ?? 0);
        const forecast = () =>
          forecastWindow({ usedPercent, nowMs, resetsAtMs: nowMs + resetsInMs, history: past });
        const { hitProbability, emptyInMs } = forecast();
        const ordered = [0, emptyInMs.p10, emptyInMs.p50, emptyInMs.p90, Math.max(0, resetsInMs) + 1e-6];
        expect(ordered).toEqual([...ordered].sort((a, b) => a - b));
        expect(hitProbability >= 0 && hitProbability <= 1).toBe(true);
        expect(forecast()).toEqual(forecast());
      }),
      { numRuns: 60 },
    );
  });
});

describe("an account", () => {
  const given = (limits: ReturnType<typeof shortLimit>[]) =>
    forecastAccount({ limits, block: null, nowMs, historyOf: () => officeHours(20) });

  it("tells what is left, until when, and the risk", () => {
    const { short, long, risk, readyAtMs } = given([shortLimit(70, 3 * hourMs), weekLimit(10, dayMs)]);
    expect(short).toMatchObject({ remainingPercent: 30, resetsAtMs: nowMs + 3 * hourMs });
    expect(long).toMatchObject({ remainingPercent: 90 });
    expect([risk, readyAtMs]).toEqual(["high", null]);
  });

  it("that is empty is ready when the last window resets", () => {
    const { risk, readyAtMs, short } = given([shortLimit(100, hourMs), weekLimit(100, dayMs)]);
    expect([risk, readyAtMs, short?.forecast]).toEqual(["empty", nowMs + dayMs, null]);
  });

  it("that has not started, or was never seen, has nothing to forecast", () => {
    expect(given([shortLimit(90, -1)]).short).toMatchObject({
      usedPercent: 0,
      resetsAtMs: null,
      forecast: null,
    });
    expect(given([])).toEqual({ short: null, long: null, risk: "low", readyAtMs: null, block: null });
  });
});

describe("the pool", () => {
  const pool = (used: number, perHour: number) => ({
    accounts: [account("a", [0, used]), account("b", [0, used])],
    nowMs,
    historyOf: (_id: string, windowMinutes: number) =>
      windowMinutes === 10_080 ? officeHours(perHour) : history(0, () => 0),
  });

  it("is not dry while it is hardly used", () => {
    expect(forecastPool(pool(10, 0.2)).dryProbability).toBeLessThan(0.05);
  });

  it("is dry when both accounts are, at the time when the habits say so", () => {
    // 20 % of two weeks are left, 4 % an hour are burned: Friday afternoon.
    const { dryProbability, dryInMs, basis } = forecastPool(pool(90, 2));
    expect(dryProbability).toBeGreaterThan(0.9);
    expect(dryInMs.p50 / hourMs).toBeGreaterThan(3);
    expect(dryInMs.p50 / hourMs).toBeLessThan(6.5);
    expect(basis).toBe("analogs");
  });

  it("lists what comes back, earliest first", () => {
    const accounts = [account("a", [30, 0]), account("b", [0, 40])];
    const { refills } = forecastPool({ ...pool(0, 0), accounts });
    expect(refills.map(({ accountId, percent }) => [accountId, percent])).toEqual([
      ["a", 30],
      ["b", 40],
    ]);
  });

  it("tells when nobody can serve in the middle future, until when, and who is back first", () => {
    const accounts = [
      account("a", [0, 90]),
      { ...account("b", [0, 0]), limits: [shortLimit(0, hourMs), weekLimit(90, 2 * dayMs)] },
      account("away", [0, 90], { unusable: "paused" }),
    ];
    const { gaps, dryInMs, refills } = forecastPool({ ...pool(90, 2), accounts });
    const [first] = gaps;
    expect(first).toMatchObject({ untilMs: nowMs + 2 * dayMs, accountId: "b" });
    expect(Math.abs((first?.fromMs ?? 0) - nowMs - dryInMs.p50)).toBeLessThanOrEqual(hourMs);
    expect(refills.map(({ accountId }) => accountId)).not.toContain("away");
    const bounds = gaps.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs ?? Infinity]);
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    expect(forecastPool(pool(10, 0.2)).gaps).toEqual([]);
  });

  it("that is dry now has a gap from now until the first account is back", () => {
    const block = (inMs: number) => ({ kind: "exhausted", sinceMs: 0, untilMs: nowMs + inMs }) as const;
    const accounts = [
      account("a", [0, 100], { block: block(dayMs) }),
      account("b", [0, 100], { block: block(hourMs) }),
    ];
    const { gaps } = forecastPool({ ...pool(0, 0), accounts });
    expect(gaps).toEqual([{ fromMs: nowMs, untilMs: nowMs + hourMs, accountId: "b" }]);
    const nobody = ["a", "b"].map((id) => account(id, [0, 0], { unusable: "paused" }));
    const [never] = forecastPool({ ...pool(0, 0), accounts: nobody }).gaps;
    expect(never).toEqual({ fromMs: nowMs, untilMs: null, accountId: null });
  });

  it("without accounts is dry as soon as anything is asked for, and never fails", () => {
    expect(forecastPool({ ...pool(0, 1), accounts: [] }).refills).toEqual([]);
  });

  it("with every account blocked is dry at once", () => {
    const block = { kind: "exhausted", sinceMs: 0, untilMs: nowMs + weekMs * 2 } as const;
    const accounts = ["a", "b"].map((id) => account(id, [0, 50], { block }));
    expect(forecastPool({ ...pool(50, 2), accounts }).dryInMs.p90).toBeLessThan(hourMs);
    expect(rankAccounts({ accounts }, nowMs).decision.kind).toBe("wait");
  });
});
