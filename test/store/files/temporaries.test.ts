import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { writeExport } from "../../../src/store/files/new-file.ts";
import { homeWith, makeHome, storeOf } from "../../support/store-home.ts";
import { pathsBelow } from "../../support/tree.ts";

const name = (file: string) => `.${file}.0123456789abcdef.codex-auth-tmp`;

/** What a command leaves that is killed between the writing and the renaming. */
function leave(path: string, ageSec: number): string {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, "half", { mode: 0o600 });
  const then = Date.now() / 1000 - ageSec;
  fs.utimesSync(path, then, then);
  return path;
}

// Those in sessions/ and of the test whether a disk can be written stayed for ever.
test("temporaries of killed commands are swept wherever they may lie, and nothing else is", async () => {
  const home = await homeWith(["a"]);
  const { storeDir, sessionIndexDir, homesDir, unsavedDir, backupsDir, displacedDir } = home.paths;
  const left = [
    join(storeDir, name("pool.json")),
    join(homesDir, name("x")),
    join(backupsDir, name("pool-1")),
    join(displacedDir, name("x.json")),
    join(sessionIndexDir, name("index.json")),
    join(unsavedDir, name("probe")),
    join(home.dir, name("auth.json")),
  ].map((path) => leave(path, 120));
  const stays = [join(unsavedDir, name("rescue-0-1.json")), join(home.dir, name("other.json"))].map((path) =>
    leave(path, 120),
  );
  await storeOf(home).transaction("next", () => undefined);
  expect(left.filter((path) => fs.existsSync(path))).toEqual([]);
  expect(stays.filter((path) => !fs.existsSync(path))).toEqual([]);
});

test("where others write without the lock, a young temporary is left to them", async () => {
  const home = await homeWith(["a"]);
  const young = ["sessions", "rescue"].map((folder) =>
    leave(join(home.paths.storeDir, folder, name(folder === "rescue" ? "probe" : "index.json")), 1),
  );
  const future = leave(join(home.paths.sessionIndexDir, name("days.json")), -3600);
  await storeOf(home).transaction("next", () => undefined);
  expect([...young, future].map((path) => fs.existsSync(path))).toEqual([true, true, false]);
});

test("an export that was killed leaves its credentials only until it is made again", () => {
  const { root } = makeHome();
  fs.chmodSync(root, 0o700);
  leave(join(root, name("work.json")), 0);
  writeExport(fs, { out: join(root, "work.json"), file: null, cwd: "/", text: "{}", isForced: false });
  expect(pathsBelow(root)).toEqual(["home", "work.json"]);
});
