import * as fs from "node:fs";
import { describe, expect, test } from "vitest";
import { ended, homeWith, liveLabel, poolOf, run, start, storeOf } from "../support/store-home.ts";
import { hasFlock, holdFlock, storeIsLocked } from "../support/flock.ts";
import { currentProcess } from "../../src/store/process-identity.ts";
import { accountOf } from "../support/store-changes.ts";
import { leftovers } from "../support/tree.ts";

// Codex's lock, held by a test, is what makes a command stay inside the lock of the store.
const why = hasFlock ? "" : " (skipped: there is no flock program)";

describe.skipIf(why)(`a holder that stands still for longer than ten seconds${why}`, () => {
  test("keeps the lock while it lives: the waiter is told its process, nothing is lost", async () => {
    const home = await homeWith(["a", "b", "c"]);
    const codex = await holdFlock(home.paths.authLock);
    const locked = storeIsLocked(home);
    const holder = start(home, ["switch", "label-b"]);
    const end = ended(holder);
    await locked;
    holder.kill("SIGSTOP");
    const waiter = await run(home, ["label", "label-c", "new"]);
    expect(waiter).toMatchObject({ code: 1, stdout: "" });
    expect(waiter.stderr).toContain(`store.lock is held by process ${holder.pid} on `);
    expect(waiter.stderr).toContain(`kill ${holder.pid}\n`);
    await codex.release();
    holder.kill("SIGCONT");
    const { code } = await end;
    expect(liveLabel(home)).toBe(code === 0 ? "label-b" : "label-a");
    expect(await run(home, ["label", "label-c", "new"])).toMatchObject({ code: 0 });
    expect(poolOf(home).revision).toBe(code === 0 ? 3 : 2);
    expect(leftovers(home)).toEqual([]);
  });

  test("loses it where nobody can prove that it lives, notices, and writes nothing", async () => {
    const home = await homeWith(["a", "b", "c"]);
    const codex = await holdFlock(home.paths.authLock);
    const locked = storeIsLocked(home);
    const elsewhere = () => ({ ...currentProcess(), host: "elsewhere" });
    const lost = storeOf(home, { self: elsewhere }).transaction("switch", (draft) =>
      draft.activate(accountOf(draft, "label-b")),
    );
    const rejected = lost.then(
      () => null,
      (error: unknown) => error,
    );
    await locked;
    const past = new Date(Date.now() - 11_000);
    fs.utimesSync(home.paths.storeLock, past, past);
    expect(await run(home, ["label", "label-c", "new"])).toMatchObject({ code: 0 });
    await codex.release();
    expect(await rejected).toMatchObject({ code: "store_changed" });
    expect(liveLabel(home)).toBe("label-a");
    expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-b", "new"]);
    expect(leftovers(home)).toEqual([]);
  });
});
