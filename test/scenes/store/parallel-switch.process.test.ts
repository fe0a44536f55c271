import { expect, test } from "vitest";
import {
  activeLabel,
  type Ended,
  type Home,
  homeWith,
  liveLabel,
  poolOf,
  runProcess,
} from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const rounds = process.env["CODEX_AUTH_SOAK"] ? 200 : 50;

test(`8 parallel switches, ${rounds} rounds: none fails, none is lost, pool and auth.json agree`, async () => {
  // Nine accounts, so that each of the eight switches changes something, whatever their order.
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
  const home = await homeWith(names);
  const { revision } = poolOf(home);
  for (let round = 1; round <= rounds; round += 1) {
    const live = liveLabel(home);
    const labels = names.map((name) => `label-${name}`).filter((label) => label !== live);
    const ends = await Promise.all(labels.map((label) => switched(home, label)));
    expect(ends.filter(({ code }) => code !== 0)).toEqual([]);
    expect(poolOf(home).revision).toBe(revision + 8 * round);
    expect(activeLabel(home)).toBe(liveLabel(home));
  }
  expect(poolOf(home).accounts).toHaveLength(names.length);
  expect(leftovers(home)).toEqual([]);
}, 600_000);

/** On a machine so busy that one waits fifteen seconds for the others, it gives up, and says: run the command again. */
async function switched(home: Home, label: string): Promise<Ended> {
  for (;;) {
    const began = performance.now();
    const end = await runProcess(home, ["switch", label]);
    const hasWaited = performance.now() - began >= 15_000;
    if (!hasWaited || !end.stderr.includes("is held by")) return end;
  }
}
