import { describe, expect, test } from "vitest";
import { backEnds } from "../../support/database-backends.ts";
import { killRounds } from "../../support/money-rounds.ts";

// `npm run kills` does it a thousand times, and under each Node that it finds.
describe.each(backEnds())("$name", (backEnd) => {
  test("thirty processes that are killed at any point, and after each write, lose and double nothing", async () => {
    const wish = { address: backEnd.address(), nodes: [process.execPath], kills: 30, workers: 2 };
    const figures = await killRounds(wish);
    expect(figures).toMatchObject({ kills: 30, lost: 0, doubled: 0, invented: 0 });
    expect(figures.admitted).toBeGreaterThan(300);
  });
});
