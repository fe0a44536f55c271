import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { complaintsAbout, roundOf } from "../../support/command-round.ts";
import { CommandWorker } from "../../support/command-worker.ts";
import { copyOf, environment, fullHome, oddKinds, putOdd, sparePaths } from "../../support/full-home.ts";
import { pathsBelow } from "../../support/tree.ts";

// A pipe, device or terminal at limits.json or in sessions/ kept 9 commands waiting for ever; what was no file in a
// private home or in rescue/ made nearly all fail, while doctor said that all was well.
test.each(oddKinds)(
  "a %s in the place of any file or folder hangs no command, and doctor names what ends the trouble",
  async (kind) => {
    const full = await fullHome();
    const worker = new CommandWorker();
    const first = copyOf(full);
    const healthy = await roundOf(worker, first, environment(first));
    expect([healthy.failed, healthy.wrong]).toEqual([[], []]);
    const known = new Set(healthy.found.map(({ id }) => id));
    const paths = pathsBelow(full.path).filter((path) => !/^(logins|program$)/.test(path));
    expect(paths.length).toBeGreaterThan(50);
    const wrong: string[] = [];
    for (const path of paths) {
      const home = copyOf(full);
      putOdd(home, path, kind);
      // An empty folder is as good as one that was never made.
      const isFine = kind === "folder" && fs.statSync(join(full.path, path)).isDirectory();
      const trouble = { known, path, env: environment(home), isSpare: sparePaths.test(path), isFine };
      wrong.push(...(await complaintsAbout(worker, home, trouble)));
      fs.rmSync(home.path, { recursive: true, force: true });
    }
    expect(wrong).toEqual([]);
  },
  900_000,
);
