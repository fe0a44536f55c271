import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../src/machine/file-system.ts";
import { homeWith, makeHome, runProcess, seat, writeAuth } from "../support/store-home.ts";

// A recursive mkdir of Node 20 asks for ever where a file system answers ENOENT although the folder above is there.
test.each([
  ["/proc/x", ["label", "1", "x"]],
  ["/proc/self/fd/x/y", ["import"]],
])("with CODEX_AUTH_DIR=%s, %j ends and says why", async (storeDir, args) => {
  const home = makeHome();
  writeAuth(home, seat("a"));
  const { code, stderr } = await runProcess(home, args, {
    env: { CODEX_AUTH_DIR: storeDir },
    through: ["timeout", "-s", "KILL", "10"],
  });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^Cannot create the folder .*: no folder can be made there/),
  ]);
});

test("export of several accounts to /proc/x ends and says why", async () => {
  const home = await homeWith(["a", "b"]);
  const { code, stderr } = await runProcess(home, ["export", "1", "2", "--out", "/proc/x"], {
    through: ["timeout", "-s", "KILL", "10"],
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining("Cannot create the folder /proc/x")]);
});

test("a folder is made with all that are missing above it, each closed to others and durable", () => {
  const { root } = makeHome();
  const synced: string[] = [];
  const opened = new Map<number, string>();
  const watched = {
    ...fs,
    openSync: (path: fs.PathLike) => {
      const fd = fs.openSync(path, "r");
      opened.set(fd, String(path));
      return fd;
    },
    fsyncSync: (fd: number) => void synced.push(opened.get(fd) ?? ""),
  };
  makeFolder(watched, join(root, "one/two/three"));
  expect(synced).toEqual([root, join(root, "one"), join(root, "one/two")]);
  for (const path of ["one", "one/two", "one/two/three"])
    expect(fs.statSync(join(root, path)).mode & 0o777).toBe(0o700);
});

test("a folder that another command makes at the same moment is no error", () => {
  const { root } = makeHome();
  const racing = {
    ...fs,
    mkdirSync: ((path: string) => {
      fs.mkdirSync(path);
      return fs.mkdirSync(path);
    }) as typeof fs.mkdirSync,
  };
  makeFolder(racing, join(root, "one/two"));
  expect(fs.existsSync(join(root, "one/two"))).toBe(true);
});

test.each(["file", "file/below", "dangling"])(
  "where a %s stands, no folder is made and it is said",
  (name) => {
    const { root } = makeHome();
    fs.writeFileSync(join(root, "file"), "");
    fs.symlinkSync("nowhere", join(root, "dangling"));
    expect(() => makeFolder(fs, join(root, name))).toThrow(/no folder|something else/);
  },
);
