import { afterAll, expect, test } from "vitest";
import { buildFaultLibrary, countCalls, runWithFault } from "../../support/fault-library.ts";
import { complaints, fixHome, repairHomes, repairScenes, tokensIn } from "../../support/repair-scenes.ts";
import { storeOf } from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const library = buildFaultLibrary();
const path = "path" in library ? library.path : "";
const why = "missing" in library ? ` (skipped: ${library.missing})` : "";
afterAll(() => ("remove" in library ? library.remove() : undefined));

const isSoak = Boolean(process.env["CODEX_AUTH_SOAK"]);
const faults = ["kill-before", "kill-after", "ENOSPC", "EROFS"] as const;

// The other scenes meet their deaths inside the test process, where they cost nothing, and all here in a soak run.
test.skipIf(why).each(isSoak ? repairScenes : repairScenes.slice(1, 2))(
  `$name: fix, killed or refused at every system call that changes a file, loses nothing${why}`,
  async (scene) => {
    const nextHome = await repairHomes(scene);
    // The first command that writes also keeps V8's code cache.
    const total = await countCalls(nextHome(), ["fix"], path);
    expect(total).toBeGreaterThan(20);
    const calls = Array.from({ length: total }, (_, index) => index + 1);
    const missed: number[] = [];
    const work = async () => {
      for (let at = calls.pop(); at !== undefined; at = calls.pop()) {
        const home = nextHome();
        const before = tokensIn(home);
        const fault = faults[at % faults.length] ?? "kill-after";
        const end = await runWithFault(home, ["fix"], { library: path, at, fault });
        const where = `${fault} at call ${at} of ${total}: ${end.stdout}${end.stderr}`;
        // A slow machine lets a lock be kept alive while the calls are counted, which is no call of a quick one.
        if (fault.startsWith("kill") && end.signal !== "SIGKILL") {
          expect(end.code, where).toBe(0);
          missed.push(at);
        }
        const tokens = tokensIn(home);
        expect(
          [...before].filter((token) => !tokens.has(token)),
          where,
        ).toEqual([]);
        await fixHome(home);
        expect(await complaints(home, before), where).toEqual([]);
        await storeOf(home).transaction("next", () => undefined);
        expect(leftovers(home), where).toEqual([]);
      }
    };
    await Promise.all([work(), work()]);
    expect(missed.length, `calls that were not made: ${missed.join(", ")}`).toBeLessThan(total / 10);
  },
  600_000,
);
