import { expect, test } from "vitest";
import { faultyFileSystem } from "../support/faulty-fs.ts";
import { fixHome, rehearseHome, repairHomes, repairScenes } from "../support/repair-scenes.ts";

// A copy on the disk would hold every token, and a kill would leave it there.
test.each(repairScenes)("$name: it is tried without a single call that changes a file", async (scene) => {
  const home = (await repairHomes(scene))();
  const watched = faultyFileSystem(Infinity, "EIO");
  const planned = await rehearseHome(home, { fs: watched.fs });
  expect(watched.count()).toBe(0);
  expect(planned.map(({ isApplied, undo }) => [isApplied, undo])).toEqual(planned.map(() => [false, null]));
  const made = await fixHome(home);
  expect(planned.map(told)).toEqual(made.map(told));
  expect(planned.length).toBeGreaterThanOrEqual(scene.mends.length);
});

function told({ id, message, problem }: { id: string; message: string; problem: string | null }) {
  return [id, message, problem];
}
