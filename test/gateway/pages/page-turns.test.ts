import { expect, test } from "vitest";
import { PageTurns } from "../../../src/gateway/pages/page-turns.ts";

/** Work that holds everything else up, as the making of a page does. */
function busy(ms: number): void {
  for (const from = performance.now(); performance.now() - from < ms;);
}

// A page that somebody loaded without end took all the time, and a request forty times as long.
test("pages that are asked for all at once leave most of the time to others", async () => {
  const turns = new PageTurns();
  const from = performance.now();
  let busyMs = 0;
  await Promise.all(
    Array.from({ length: 6 }, () =>
      turns.take(async () => {
        const began = performance.now();
        busy(3);
        busyMs += performance.now() - began;
      }),
    ),
  );
  expect(busyMs / (performance.now() - from)).toBeLessThan(0.2);
});

test("a page that fails holds nobody up, and its failure is told", async () => {
  const turns = new PageTurns();
  const failed = turns.take(async () => {
    throw new Error("away");
  });
  await expect(failed).rejects.toThrow("away");
  expect(await turns.take(async () => "next")).toBe("next");
});

test("what is the same for everybody is made once a second", async () => {
  const turns = new PageTurns();
  let made = 0;
  const make = async () => `${(made += 1)}`;
  expect([await turns.kept("overview", make), await turns.kept("overview", make)]).toEqual(["1", "1"]);
  expect(await turns.kept("other", make)).toBe("2");
});
