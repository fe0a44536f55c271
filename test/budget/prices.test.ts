import { expect, test } from "vitest";
import { costOf, equivalentOf, priceOf, priceTable } from "../../src/budget/prices.ts";

const none = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };

test("cached and written tokens have their own price", () => {
  const tokens = { ...none, input: 100_000, cached: 50_000, cacheWrite: 10_000, output: 1_000 };
  // 40,000 x 2 + 50,000 x .2 + 10,000 x 2.5 + 1,000 x 10
  expect(costOf("gpt-6-sol", tokens)).toEqual({ micros: 125_000, price: "table" });
});

test("reasoning is part of the output and is not paid twice", () => {
  expect(costOf("gpt-6-sol", { ...none, output: 100, reasoning: 80 }).micros).toBe(1_000);
});

test("a long request pays more for all of its tokens", () => {
  expect(costOf("gpt-6-sol", { ...none, input: 272_000, output: 100 }).micros).toBe(545_000);
  expect(costOf("gpt-6-sol", { ...none, input: 272_001, output: 100 }).micros).toBe(1_089_504);
});

test("the tier multiplies, and one that nobody knows does not", () => {
  const tokens = { ...none, output: 1_000 };
  const prices = ["fast", "flex", "default", "new-tier", undefined].map(
    (tier) => costOf("gpt-6-sol", tokens, tier).micros,
  );
  expect(prices).toEqual([20_000, 5_000, 10_000, 10_000, 10_000]);
});

test("a model that the table does not know costs as much as the dearest, and is marked", () => {
  const top = Math.max(...priceTable.map(({ output }) => output));
  expect(costOf("gpt-9-mystery", { ...none, output: 1_000 })).toEqual({
    micros: top * 1_000,
    price: "assumed",
  });
});

test("every price says where it is from and since when, and the dearest model is dear in all it takes", () => {
  for (const { model, source, validFrom } of priceTable) {
    expect([model, source]).toEqual([model, expect.stringMatching(/, read 20\d\d-\d\d/)]);
    expect([model, new Date(validFrom).toISOString().slice(0, 10)]).toEqual([model, validFrom]);
  }
  for (const tokens of [
    { input: 1_000 },
    { input: 1_000, cached: 1_000 },
    { input: 1_000, cacheWrite: 1_000 },
  ])
    for (const { model } of priceTable) {
      const [known, unknown] = [model, "gpt-9-mystery"].map(
        (name) => costOf(name, { ...none, ...tokens }).micros,
      );
      expect([model, tokens, (unknown ?? 0) >= (known ?? 0)]).toEqual([model, tokens, true]);
    }
});

test("dated and suffixed names have the price of their family, other versions do not", () => {
  expect(priceOf("gpt-6-sol-2026-10-01")?.model).toBe("gpt-6-sol");
  expect(priceOf("GPT-6-Luna-high")?.model).toBe("gpt-6-luna");
  expect(priceOf("gpt-6.2-sol")).toBeNull();
});

test("more cached tokens than input tokens cost no less than nothing", () => {
  expect(costOf("gpt-6-sol", { ...none, input: 10, cached: 50 }).micros).toBe(2);
});

test("sums of many answers cost what the table says, without what a long request adds", () => {
  const tokens = { input: 1_000_000, cached: 800_000, output: 100_000 };
  expect(equivalentOf("gpt-5.5", tokens)).toBe(200_000 * 5 + 800_000 * 0.5 + 100_000 * 30);
  expect(equivalentOf("gpt-5.5-codex", tokens)).toBe(equivalentOf("gpt-5.5", tokens));
  expect(equivalentOf("nobody-knows", tokens)).toBeNull();
});
