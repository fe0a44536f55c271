import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { undoRepair } from "../../../src/store/backups/restore.ts";
import { accountOf } from "../../support/store-changes.ts";
import {
  type Home,
  homeWith,
  makeHome,
  poolOf,
  runProcess,
  seat,
  storeOf,
  writeAuth,
} from "../../support/store-home.ts";
import { pathsBelow } from "../../support/tree.ts";

const start = Date.parse("2026-11-20T12:00:00.000Z");

function storeAt(home: Home, nowMs = start) {
  return storeOf(home, { now: () => nowMs });
}

async function undo(home: Home, name: string) {
  const store = storeOf(home);
  const backup = store.repairBackups().find((each) => each.name === name);
  if (!backup) throw new Error(`There is no ${name}.`);
  return await undoRepair(store, fs, backup, Date.now());
}

test.each(["000", "077"])(
  "under umask %s the copies are 0600 in a 0700 folder, byte for byte",
  async (umask) => {
    const home = await homeWith(["a", "b"]);
    fs.writeFileSync(home.paths.configFile, Buffer.from([0x23, 0xff, 0x0a]), { mode: 0o644 });
    fs.chmodSync(home.paths.authFile, 0o644);
    const originals = [home.paths.poolFile, home.paths.authFile, home.paths.configFile].map((path) =>
      fs.readFileSync(path),
    );
    await runProcess(home, ["fix"], { through: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"] });
    const [backup] = storeOf(home).repairBackups();
    if (!backup) throw new Error("There is no backup.");
    expect(backup.files).toEqual(["pool.json", "auth.json", "config.toml"]);
    expect(fs.statSync(backup.path).mode & 0o777).toBe(0o700);
    for (const [index, file] of backup.files.entries()) {
      expect(fs.readFileSync(join(backup.path, file))).toEqual(originals[index]);
      expect(fs.statSync(join(backup.path, file)).mode & 0o777).toBe(0o600);
    }
  },
);

// Found here: two repairs within a millisecond shared a folder, and the copies of the second replaced those of the first.
test("backups of the same moment are two", async () => {
  const home = await homeWith(["a"]);
  const first = await storeAt(home).backUpFiles();
  writeAuth(home, {});
  const second = await storeAt(home).backUpFiles();
  expect(second.name).not.toBe(first.name);
  expect(fs.readFileSync(join(first.path, "auth.json"), "utf8")).toContain("rt_user-a");
  expect(
    storeAt(home)
      .repairBackups()
      .map(({ name }) => name),
  ).toEqual([second.name, first.name]);
});

test("ten are kept, and what a killed one left half done is neither listed nor kept", async () => {
  const home = await homeWith(["a"]);
  const unfinished = join(home.paths.backupsDir, "repair-20260101T000000000Z.partial");
  fs.mkdirSync(unfinished, { recursive: true });
  for (let day = 0; day < 12; day += 1) await storeAt(home, start + day * 86_400_000).backUpFiles();
  const names = storeAt(home)
    .repairBackups()
    .map(({ name }) => name);
  expect(names).toHaveLength(10);
  expect(names.at(-1)).toBe("repair-20261122T120000000Z");
  expect(fs.existsSync(unfinished)).toBe(false);
});

test("what is no file cannot be copied, and stands in nobody's way", async () => {
  const home = makeHome();
  fs.symlinkSync("auth.json", home.paths.authFile);
  fs.mkdirSync(home.paths.configFile);
  expect((await storeAt(home).backUpFiles()).files).toEqual([]);
});

test("a file that the disk refuses to read keeps every repair from beginning", async () => {
  const home = await homeWith(["a"]);
  const refuse = () => {
    throw Object.assign(new Error("EIO"), { code: "EIO" });
  };
  const open = (path: string, ...rest: [number]) =>
    path === home.paths.authFile ? refuse() : fs.openSync(path, ...rest);
  const broken = { ...fs, openSync: open };
  const store = storeOf(home, { fs: broken as unknown as typeof fs });
  await expect(store.backUpFiles()).rejects.toMatchObject({ code: "io_error" });
  expect(storeAt(home).repairBackups()).toEqual([]);
});

test("what stands behind a link is copied, and the link stays when the copy goes back", async () => {
  const home = await homeWith(["a"]);
  const real = join(home.root, "settings.toml");
  fs.writeFileSync(real, "# mine\n", { mode: 0o600 });
  fs.symlinkSync(real, home.paths.configFile);
  const { name } = await storeAt(home).backUpFiles();
  fs.writeFileSync(real, "changed = true\n");
  await undo(home, name);
  expect(fs.readlinkSync(home.paths.configFile)).toBe(real);
  expect(fs.readFileSync(real, "utf8")).toBe("# mine\n");
});

test("a config.toml that a repair moved away comes back, also when it is broken", async () => {
  const home = await homeWith(["a"]);
  fs.writeFileSync(home.paths.configFile, "model = [\n", { mode: 0o600 });
  const { name } = await storeAt(home).backUpFiles();
  fs.renameSync(home.paths.configFile, `${home.paths.configFile}.broken-1`);
  expect((await undo(home, name)).files).toContainEqual({ file: "config.toml", outcome: "restored" });
  expect(fs.readFileSync(home.paths.configFile, "utf8")).toBe("model = [\n");
});

test("a config.toml that there was not is left alone: a person may have made it since", async () => {
  const home = await homeWith(["a"]);
  const { name } = await storeAt(home).backUpFiles();
  fs.writeFileSync(home.paths.configFile, "# new\n");
  expect((await undo(home, name)).files.map(({ file }) => file)).not.toContain("config.toml");
  expect(fs.readFileSync(home.paths.configFile, "utf8")).toBe("# new\n");
});

// Found here: it was read as text, and bytes that are no UTF-8 came back as others.
test("a config.toml that is no UTF-8 stays in the backup", async () => {
  const home = await homeWith(["a"]);
  fs.writeFileSync(home.paths.configFile, Buffer.from([0x23, 0xff, 0x0a]));
  const { name, path } = await storeAt(home).backUpFiles();
  fs.writeFileSync(home.paths.configFile, "# mended\n");
  expect((await undo(home, name)).files).toContainEqual({
    file: "config.toml",
    outcome: "kept in the backup",
  });
  expect(fs.readFileSync(home.paths.configFile, "utf8")).toBe("# mended\n");
  expect(fs.readFileSync(join(path, "config.toml"))).toEqual(Buffer.from([0x23, 0xff, 0x0a]));
});

test("taken back twice it is as taken back once, and the taking back can be taken back", async () => {
  const home = await homeWith(["a", "b"]);
  fs.writeFileSync(home.paths.configFile, "# old\n");
  const { name } = await storeAt(home).backUpFiles();
  fs.writeFileSync(home.paths.configFile, "# new\n");
  await storeOf(home).transaction(
    "test",
    (transaction) => void (accountOf(transaction, "label-b").label = "other"),
  );
  await undo(home, name);
  const once = [
    poolOf(home).accounts.map(({ label }) => label),
    fs.readFileSync(home.paths.configFile, "utf8"),
  ];
  expect(once).toEqual([["label-a", "label-b"], "# old\n"]);
  await undo(home, name);
  expect([
    poolOf(home).accounts.map(({ label }) => label),
    fs.readFileSync(home.paths.configFile, "utf8"),
  ]).toEqual(once);
  const [, undone] = storeOf(home).repairBackups();
  await undo(home, undone?.name ?? "");
  expect(fs.readFileSync(home.paths.configFile, "utf8")).toBe("# new\n");
});

// Found here: the copy that is taken before pushed the oldest backup out, which was the one being restored.
test("the oldest of ten backups can be taken back", async () => {
  const home = await homeWith(["a", "b"]);
  const { name } = await storeAt(home).backUpFiles();
  await storeOf(home).transaction(
    "test",
    (transaction) => void (accountOf(transaction, "label-b").label = "other"),
  );
  for (let day = 1; day < 10; day += 1) await storeAt(home, start + day * 86_400_000).backUpFiles();
  expect(storeOf(home).repairBackups().at(-1)?.name).toBe(name);
  expect((await undo(home, name)).restored.changed).toBe(1);
  expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-b"]);
  expect(
    storeOf(home)
      .repairBackups()
      .map((each) => each.name),
  ).toContain(name);
});

test("no older token comes back over a newer one, in the pool or in auth.json", async () => {
  const home = await homeWith(["a"]);
  const { name } = await storeAt(home).backUpFiles();
  const newer = seat("a", { issuedAt: Math.floor(Date.now() / 1000) + 60, refreshToken: "rt_newer" });
  writeAuth(home, newer);
  await storeOf(home).transaction("next", () => undefined);
  expect((await undo(home, name)).files).toContainEqual({
    file: "auth.json",
    outcome: "taken into the pool",
  });
  expect(poolOf(home).accounts.map(({ login }) => login.refreshToken)).toEqual(["rt_newer"]);
  expect(fs.readFileSync(home.paths.authFile, "utf8")).toContain("rt_newer");
});

test("a damaged pool stays in the backup, and the pool of today as it is", async () => {
  const home = await homeWith(["a", "b"]);
  const good = fs.readFileSync(home.paths.poolFile);
  fs.writeFileSync(home.paths.poolFile, good.subarray(0, 99));
  const { name, path } = await storeAt(home).backUpFiles();
  fs.writeFileSync(home.paths.poolFile, good);
  expect((await undo(home, name)).files).toContainEqual({ file: "pool.json", outcome: "kept in the backup" });
  expect(poolOf(home).accounts).toHaveLength(2);
  expect(fs.readFileSync(join(path, "pool.json"))).toEqual(good.subarray(0, 99));
});

test("nothing of a backup is ever open to others while it is written", async () => {
  const home = await homeWith(["a"]);
  const loose: string[] = [];
  const watched = new Proxy(fs, {
    get: (target, name) => {
      const real: unknown = Reflect.get(target, name);
      if (typeof real !== "function") return real;
      return (...args: unknown[]) => {
        const result: unknown = (real as (...all: unknown[]) => unknown)(...args);
        for (const path of pathsBelow(home.paths.storeDir))
          if ((fs.lstatSync(join(home.paths.storeDir, path)).mode & 0o077) !== 0) loose.push(path);
        return result;
      };
    },
  });
  await storeOf(home, { fs: watched }).backUpFiles();
  expect(loose).toEqual([]);
});
