import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  buildFaultLibrary,
  countCalls,
  runWithFault,
  type SystemFault,
} from "../../support/fault-library.ts";
import { stateOf } from "../../support/store-changes.ts";
import {
  type Ended,
  type Home,
  homeWith,
  makeHome,
  runProcess,
  seat,
  storeOf,
} from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const library = buildFaultLibrary();
const path = "path" in library ? library.path : "";
const why = "missing" in library ? ` (skipped: ${library.missing})` : "";
afterAll(() => ("remove" in library ? library.remove() : undefined));

const before = "label-a label-b label-c; active label-a; live label-a";
const limitMs = 600_000;
const isSoak = Boolean(process.env["CODEX_AUTH_SOAK"]);

const commands = [
  { args: ["switch", "label-b"], after: "label-a label-b label-c; active label-b; live label-b" },
  {
    args: ["import", "../d.json"],
    after: "label-a label-b label-c d@example.com; active label-a; live label-a",
  },
  { args: ["remove", "label-c"], after: "label-a label-b; active label-a; live label-a" },
  { args: ["remove", "label-a", "--force"], after: "label-b label-c; active null; live null" },
  { args: ["label", "label-c", "new"], after: "label-a label-b new; active label-a; live label-a" },
];

test.skipIf(why).each(commands)(
  `$args killed at every system call that changes a file${why}`,
  async (command) => {
    await atEveryCall(command.args, ["kill-before", "kill-after"], async (home, end, where) => {
      expect(end.signal, where).toBe("SIGKILL");
      await storeOf(home).transaction("next", () => undefined);
      expect([before, command.after], where).toContain(stateOf(home));
      expect(leftovers(home), where).toEqual([]);
    });
  },
  limitMs,
);

// The other commands meet their errors inside the test process, where they cost nothing, and all here in a soak run.
test.skipIf(why).each(isSoak ? commands : commands.slice(0, 1))(
  `$args with an error at every system call that changes a file${why}`,
  async (command) => {
    await atEveryCall(command.args, ["ENOSPC", "EIO", "EACCES", "EROFS"], async (home, end, where) => {
      const state = stateOf(home);
      if (end.code === 0) expect(state, where).toBe(command.after);
      else {
        expect(end, where).toMatchObject({ code: 1, stdout: "" });
        expect(end.stderr, where).toMatch(/^[^\n]+\n[^\n]+\n$/);
        expect(state, where).toBe(end.stderr.includes("Nothing was changed") ? before : command.after);
      }
      await storeOf(home).transaction("next", () => undefined);
      expect(stateOf(home), where).toBe(state);
      expect(leftovers(home), where).toEqual([]);
    });
  },
  limitMs,
);

type Check = (home: Home, end: Ended, where: string) => Promise<void>;

/** Two at a time; each call meets one of the faults in turn, and all of them in a soak run. */
async function atEveryCall(args: string[], faults: readonly SystemFault[], check: Check): Promise<void> {
  const template = await homeWith(["a", "b", "c"]);
  // The first command that writes also keeps V8's code cache; one of the commands here is such a first one.
  if (args[0] !== "label") await runProcess(template, ["switch", "label-a"]);
  rmSync(template.paths.backupsDir, { recursive: true, force: true });
  writeFileSync(join(template.root, "d.json"), JSON.stringify(seat("d")));
  const absolute = args.map((word) => word.replace("..", template.root));
  // A slow machine lets a lock be kept alive while the calls are counted, which is no call of a quick one.
  const counts = [1, 2, 3].map(() => countCalls(copyOf(template), absolute, path));
  const total = Math.min(...(await Promise.all(counts)));
  expect(total).toBeGreaterThan(20);
  const cases = Array.from({ length: total }, (_, index) => index + 1).flatMap((at) =>
    faults.filter((_, index) => isSoak || index === at % faults.length).map((fault) => ({ at, fault })),
  );
  const work = async () => {
    for (let next = cases.pop(); next; next = cases.pop()) {
      const home = copyOf(template);
      const end = await runWithFault(home, absolute, { library: path, ...next });
      await check(home, end, `${next.fault} at call ${next.at} of ${total}: ${end.stderr}`);
    }
  };
  await Promise.all([work(), work()]);
}

function copyOf(template: Home): Home {
  const home = makeHome();
  cpSync(template.root, home.root, { recursive: true, preserveTimestamps: true });
  return home;
}
