import * as fs from "node:fs";
import { expect, test } from "vitest";
import { currentProcess } from "../../../src/machine/processes.ts";
import { hasFlock, holdFlock, storeIsLocked } from "../../support/flock.ts";
import { accountOf } from "../../support/store-changes.ts";
import {
  ended,
  homeWith,
  liveLabel,
  poolOf,
  run,
  seat,
  start,
  storeOf,
  writeAuth,
} from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

// A torn auth.json is read again and again for 200 ms, which keeps a command inside the lock of the store. A busy
// machine looks later than that, and so a Codex that saves keeps it there, where one can be played.
const torn = '{"tok';

test("a holder that is stopped keeps the lock: the waiter is told its process, nothing is lost", async () => {
  const home = await homeWith(["a", "b", "c"]);
  if (!hasFlock) fs.writeFileSync(home.paths.authFile, torn);
  const codex = hasFlock ? await holdFlock(home.paths.authLock) : null;
  const locked = storeIsLocked(home);
  const holder = start(home, ["switch", "label-b", "--now"]);
  const end = ended(holder);
  await locked;
  holder.kill("SIGSTOP");
  await codex?.release();
  if (!hasFlock) writeAuth(home, seat("a"));
  const waiter = await run(home, ["label", "label-c", "new"]);
  expect(waiter).toMatchObject({ code: 1, stdout: "" });
  expect(waiter.stderr).toContain(`store.lock is held by process ${holder.pid} on `);
  expect(waiter.stderr).toContain(`ps -fp ${holder.pid}\n`);
  holder.kill("SIGCONT");
  const { code } = await end;
  expect(liveLabel(home)).toBe(code === 0 ? "label-b" : "label-a");
  expect(await run(home, ["label", "label-c", "new"])).toMatchObject({ code: 0 });
  expect(poolOf(home).revision).toBe(code === 0 ? 3 : 2);
  expect(leftovers(home)).toEqual([]);
});

test("a holder that nobody can prove to live loses the lock, notices, and writes nothing", async () => {
  const home = await homeWith(["a", "b", "c"]);
  fs.writeFileSync(home.paths.authFile, torn);
  let wake = () => {};
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  const self = () => ({ ...currentProcess(), host: "elsewhere" });
  const locked = storeIsLocked(home);
  const lost = storeOf(home, { self, sleep: () => asleep }).transaction("switch", (transaction) =>
    transaction.activate(accountOf(transaction, "label-b")),
  );
  const rejected = lost.then(
    () => null,
    (error: unknown) => error,
  );
  await locked;
  writeAuth(home, seat("a"));
  const past = new Date(Date.now() - 11_000);
  fs.utimesSync(home.paths.storeLock, past, past);
  expect(await run(home, ["label", "label-c", "new"])).toMatchObject({ code: 0 });
  wake();
  expect(await rejected).toMatchObject({ code: "store_changed" });
  expect(liveLabel(home)).toBe("label-a");
  expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-b", "new"]);
  expect(leftovers(home)).toEqual([]);
});
