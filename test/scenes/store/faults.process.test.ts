import { describe, expect, test } from "vitest";
import { CodexAuthError } from "../../../src/errors/codex-auth-error.ts";
import { endedProcess, type Fault, faultyFileSystem } from "../../support/faulty-fs.ts";
import { arrangeHomes, stateOf, type StoreChange, storeChanges } from "../../support/store-changes.ts";
import { type Home, storeOf } from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const dead = endedProcess();
const isSoak = Boolean(process.env["CODEX_AUTH_SOAK"]);

// Found here: records of the lock, and temporaries in the folders of backups and parked logins, stayed for ever after
// a kill; and a command killed while it took or gave back the lock cost the next one ten seconds.
describe.each(["dies before", "dies within a write", "dies after"] as const)(
  "%s any file operation",
  (fault) => {
    test.each(storeChanges)("$name: the next command finds everything", async (change) => {
      await atEveryCall(change, [fault], async (home, where) => {
        await storeOf(home).transaction("next", () => undefined);
        expect([change.before, change.after, settled(change.before)], where).toContain(stateOf(home));
        expect(leftovers(home), where).toEqual([]);
      });
    });
  },
);

const errors: Fault[] = ["ENOSPC", "EIO", "EACCES", "EROFS"];

// Found here: after a failed fsync of the folder the pool was new and auth.json old (or the other way round), and the
// error said that nothing was changed.
test.each(storeChanges)("$name: an error at any file operation is told, or harmless", async (change) => {
  await atEveryCall(change, errors, async (home, where, error) => {
    const state = stateOf(home);
    expect(state, where).toBe(error === null || !saysUnchanged(error, where) ? change.after : change.before);
    await storeOf(home).transaction("next", () => undefined);
    expect([state, settled(state)], where).toContain(stateOf(home));
    expect(leftovers(home), where).toEqual([]);
  });
});

// Found here: a CODEX_HOME that could not be looked at was called "no folder".
test.each(isSoak ? storeChanges : storeChanges.slice(0, 2))("$name: any call may fail", async (change) => {
  await atEveryCall(change, ["EIO in any call"], async (home, where, error) => {
    const state = stateOf(home);
    expect(where).not.toContain("no folder");
    expect([change.before, change.after], where).toContain(state);
    if (error !== null && saysUnchanged(error, where)) expect(state, where).toBe(change.before);
    await storeOf(home).transaction("next", () => undefined);
    expect([state, settled(state)], where).toContain(stateOf(home));
    expect(leftovers(home), where).toEqual([]);
  });
});

const lasting: Fault[] = ["ENOSPC from here on", "EROFS from here on"];

test.each(storeChanges)("$name: a disk that stays full or read-only loses nothing", async (change) => {
  await atEveryCall(change, lasting, async (home, where, error) => {
    const state = stateOf(home);
    if (error === null) expect(state, where).toBe(change.after);
    else if (saysUnchanged(error, where)) expect(state, where).toBe(change.before);
    await storeOf(home).transaction("next", () => undefined);
    expect([change.before, change.after, settled(change.before)], where).toContain(stateOf(home));
    expect(leftovers(home), where).toEqual([]);
  });
});

function saysUnchanged(error: unknown, where: string): boolean {
  expect(error, where).toBeInstanceOf(CodexAuthError);
  return error instanceof CodexAuthError && error.hint?.includes("Nothing was changed") === true;
}

/** Without auth.json no account is active; a command that writes nothing else may leave that for later. */
function settled(state: string): string {
  return state.replace(/active .*; live null/, "active null; live null");
}

type Check = (home: Home, where: string, error: unknown) => Promise<void>;

/** Each call meets one of the faults in turn; a soak run makes each call meet them all. */
async function atEveryCall(change: StoreChange, faults: readonly Fault[], check: Check): Promise<void> {
  const nextHome = await arrangeHomes(change);
  const starts = isSoak ? faults.map((_, index) => index) : [0];
  for (const start of starts) {
    for (let at = 1; ; at += 1) {
      const fault = faults[(start + at) % faults.length] ?? "EIO";
      const home = nextHome();
      expect(stateOf(home)).toBe(change.before);
      const faulty = faultyFileSystem(at, fault);
      const store = storeOf(home, { fs: faulty.fs, self: () => dead });
      const error: unknown = await change.act(store).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (faulty.count() < at) break;
      if (faulty.hit() === null) continue;
      await check(home, `${fault} at call ${at}: ${faulty.hit()}: ${String(error)}`, error);
    }
  }
}
