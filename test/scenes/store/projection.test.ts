import * as fs from "node:fs";
import { expect, test } from "vitest";
import { endedProcess, faultyFileSystem } from "../../support/faulty-fs.ts";
import { accountOf, stateOf } from "../../support/store-changes.ts";
import {
  type Home,
  homeWith,
  liveLabel,
  poolOf,
  run,
  seat,
  storeOf,
  writeAuth,
} from "../../support/store-home.ts";

const dead = endedProcess();

type Prepare = (home: Home) => void;

/** A home whose switch from a to b was killed between the renames of pool.json and auth.json. */
async function halfSwitched(prepare: Prepare = () => undefined): Promise<Home> {
  for (let at = 1; ; at += 1) {
    const home = await homeWith(["a", "b", "c"]);
    prepare(home);
    const { fs: faulty, hit, count } = faultyFileSystem(at, "dies before");
    const store = storeOf(home, { fs: faulty, self: () => dead });
    const killed = store.transaction("switch", (transaction) =>
      transaction.activate(accountOf(transaction, "label-b")),
    );
    await killed.catch(() => undefined);
    if (hit()?.startsWith("renameSync /.auth.json")) return home;
    if (count() < at) throw new Error("The switch never came to the second rename.");
  }
}

const half = "label-a label-b label-c; active label-b; live label-a";
const unchanged = "label-a label-b label-c; active label-a; live label-a";

function next(home: Home): Promise<void> {
  return storeOf(home).transaction("next", () => undefined);
}

test("the next command completes a switch whose auth.json was not written", async () => {
  const home = await halfSwitched();
  expect(stateOf(home)).toBe(half);
  expect(await run(home, ["label", "label-c", "new"])).toMatchObject({ code: 0 });
  expect(stateOf(home)).toBe("label-a label-b new; active label-b; live label-b");
});

test("another switch overrides it", async () => {
  const home = await halfSwitched();
  expect(await run(home, ["switch", "label-c"])).toMatchObject({ code: 0 });
  expect(stateOf(home)).toBe("label-a label-b label-c; active label-c; live label-c");
});

test("an unknown login that it was to overwrite is not lost", async () => {
  const home = await halfSwitched((each) => writeAuth(each, seat("x")));
  await next(home);
  expect(stateOf(home)).toBe("label-a label-b label-c x@example.com; active label-b; live label-b");
});

const others: { name: string; write: Prepare; expected: string }[] = [
  {
    name: "Codex renewed the old login",
    write: (home) => writeAuth(home, seat("a", { issuedAt: Math.floor(Date.now() / 1000) + 60 })),
    expected: unchanged,
  },
  {
    name: "somebody logged in as another known account",
    write: (home) => writeAuth(home, seat("c")),
    expected: "label-a label-b label-c; active label-c; live label-c",
  },
  {
    name: "somebody put the same bytes there again",
    write: ({ paths }) => {
      const bytes = fs.readFileSync(paths.authFile);
      fs.rmSync(paths.authFile);
      fs.writeFileSync(paths.authFile, bytes);
      fs.utimesSync(paths.authFile, 1, 1);
    },
    expected: unchanged,
  },
  {
    name: "somebody logged out",
    write: ({ paths }) => fs.rmSync(paths.authFile),
    expected: "label-a label-b label-c; active null; live null",
  },
];

test.each(others)("when $name since then, theirs counts", async ({ write, expected }) => {
  const home = await halfSwitched();
  write(home);
  await next(home);
  expect(stateOf(home)).toBe(expected);
  expect(poolOf(home).projection).toBeNull();
});

test("a promise that was kept is not kept again: a logout afterwards stays", async () => {
  const home = await homeWith(["a", "b"]);
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  fs.rmSync(home.paths.authFile);
  expect(await run(home, ["label", "label-a", "new"])).toMatchObject({ code: 0 });
  expect(fs.existsSync(home.paths.authFile)).toBe(false);
  expect(poolOf(home).activeId).toBeNull();
  expect(await run(home, ["switch", "-"])).toMatchObject({ code: 0 });
  expect(liveLabel(home)).toBe("label-b");
});

test("an auth.json that is put back by hand stays", async () => {
  const home = await homeWith(["a", "b"]);
  fs.copyFileSync(home.paths.authFile, `${home.paths.authFile}.mine`);
  await run(home, ["switch", "label-b"]);
  fs.renameSync(`${home.paths.authFile}.mine`, home.paths.authFile);
  await next(home);
  expect(liveLabel(home)).toBe("label-a");
});

test("an auth.json that changes while the command runs is read again", async () => {
  const home = await homeWith(["a", "b"]);
  let runs = 0;
  await storeOf(home).transaction("switch", (transaction) => {
    runs += 1;
    transaction.activate(accountOf(transaction, "label-b"));
    if (runs === 1) writeAuth(home, seat("x"));
  });
  expect(runs).toBe(2);
  expect(poolOf(home).accounts.map(({ login }) => login.email)).toContain("x@example.com");
});

test("a pool that changes while the command runs, against all locks, is read again", async () => {
  const home = await homeWith(["a", "b"]);
  let runs = 0;
  await storeOf(home).transaction("switch", (transaction) => {
    runs += 1;
    transaction.activate(accountOf(transaction, "label-b"));
    const text = fs.readFileSync(home.paths.poolFile, "utf8");
    if (runs === 1) fs.writeFileSync(home.paths.poolFile, text.replace("label-a", "theirs"));
  });
  expect(stateOf(home)).toBe("theirs label-b; active label-b; live label-b");
});
