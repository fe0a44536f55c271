import { expect, test } from "vitest";
import type { DoctorCheck } from "../../src/doctor/check.ts";
import { CodexAuthError } from "../../src/errors/codex-auth-error.ts";
import { fixHome, repairHomes, repairScenes } from "../support/repair-scenes.ts";

/** A fault of the test's own: there until `apply` has gone well. */
function fault(id: string, apply: () => void): DoctorCheck & { tries: number } {
  let isThere = true;
  const fix = {
    does: `Mend ${id}.`,
    apply: () => {
      check.tries += 1;
      apply();
      isThere = false;
      return Promise.resolve();
    },
  };
  const check: DoctorCheck & { tries: number } = {
    id,
    area: "environment",
    severity: "warning",
    title: id,
    tries: 0,
    look: () => (isThere ? [{ message: id, command: null, fix }] : []),
  };
  return check;
}

const refuse = () => {
  throw new CodexAuthError("permission_denied", "permission denied");
};

async function fixed(checks: readonly DoctorCheck[]): Promise<[string, string | null][]> {
  const [scene] = repairScenes;
  if (!scene) throw new Error("no scene");
  const changes = await fixHome((await repairHomes(scene))(), {}, checks);
  return changes.map(({ id, problem }) => [id, problem]);
}

test("what fails is tried again when a later one may have made it possible", async () => {
  let isClosed = true;
  const file = fault("file", () => (isClosed ? refuse() : undefined));
  const folder = fault("folder", () => void (isClosed = false));
  expect(await fixed([file, folder])).toEqual([
    ["file", null],
    ["folder", null],
  ]);
  expect([file.tries, folder.tries]).toEqual([2, 1]);
});

test("what fails is not tried again when nothing else was mended", async () => {
  const file = fault("file", refuse);
  expect(await fixed([file])).toEqual([["file", "permission denied"]]);
  expect(file.tries).toBe(1);
});
