import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stateOf } from "../../support/store-changes.ts";
import {
  binary,
  fill,
  type Home,
  homeWith,
  liveLabel,
  makeHome,
  runProcess,
} from "../../support/store-home.ts";
import { changesSince, leftovers, snapshotTree } from "../../support/tree.ts";

const isRoot = process.getuid?.() === 0;
const canMount = isRoot && mounts();
const why = canMount ? "" : " (skipped: only root can mount a small disk)";

function mount(folder: string, options: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

function mounts(): boolean {
  const folder = fs.mkdtempSync("/tmp/codex-auth-mount-");
  const isMounted = mount(folder, "size=64k");
  if (isMounted) spawnSync("umount", [folder]);
  fs.rmdirSync(folder);
  return isMounted;
}

async function homeOnDisk(options: string): Promise<Home> {
  const home = makeHome();
  mount(home.dir, options);
  onTestFinished(() => void spawnSync("umount", ["-l", home.dir]));
  await fill(home, ["a", "b"]);
  return home;
}

/** Fills the disk but for some pages, and returns what gives the room back. */
function fillDisk({ dir }: Home, freePages: number): () => void {
  const path = join(dir, "ballast");
  const { bavail, bsize } = fs.statfsSync(dir);
  fs.writeFileSync(path, Buffer.alloc((bavail - freePages) * bsize));
  return () => fs.rmSync(path);
}

const start = "label-a label-b; active label-a; live label-a";

describe.skipIf(why)(`a full disk${why}`, () => {
  test.each([0, 1, 2, 3, 4])(
    "with %i free pages: nothing changes, and it goes on when there is room",
    async (pages) => {
      const home = await homeOnDisk("size=256k");
      const free = fillDisk(home, pages);
      const before = snapshotTree(home.dir);
      const { code, stdout, stderr } = await runProcess(home, ["switch", "label-b"]);
      expect(stateOf(home)).toBe(code === 0 ? "label-a label-b; active label-b; live label-b" : start);
      expect(stdout === "").toBe(code !== 0);
      if (code !== 0) {
        expect(stderr).toMatch(/^Cannot [^\n]+: the disk or quota is full\.\n[^\n]+Nothing was changed\.\n$/);
        expect(changesSince(home.dir, before).filter((path) => !path.includes("/backups/"))).toEqual([]);
      }
      expect(leftovers(home)).toEqual([]);
      free();
      expect(await runProcess(home, ["switch", "label-b"])).toMatchObject({ code: 0, stderr: "" });
      expect(stateOf(home)).toBe("label-a label-b; active label-b; live label-b");
    },
  );

  test("with no inode left: nothing changes", async () => {
    const home = await homeOnDisk("size=1m,nr_inodes=20");
    const free = fillInodes(home);
    const before = snapshotTree(home.dir);
    expect(await runProcess(home, ["switch", "label-b"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /: the disk or quota is full\.\n[^\n]+Nothing was changed\.\n$/,
      ) as string,
    });
    expect(changesSince(home.dir, before)).toEqual([]);
    free();
    expect(await runProcess(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  });

  test("mounted read-only: nothing changes", async () => {
    const home = await homeOnDisk("size=256k");
    const before = snapshotTree(home.dir);
    spawnSync("mount", ["-o", "remount,ro", home.dir]);
    expect(await runProcess(home, ["switch", "label-b"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^Cannot [^\n]+: the file system is read-only\.\nMount it so that it can be written/,
      ) as string,
    });
    expect(changesSince(home.dir, before)).toEqual([]);
    expect(await runProcess(home, ["list"])).toMatchObject({ code: 0 });
  });
});

function fillInodes({ dir }: Home): () => void {
  const made: string[] = [];
  try {
    for (;;) {
      const path = join(dir, `file-${made.length}`);
      fs.writeFileSync(path, "");
      made.push(path);
    }
  } catch {
    return () => made.forEach((path) => fs.rmSync(path));
  }
}

interface ReadOnly {
  folder: string;
  path: (home: Home) => string;
}

const readOnly: ReadOnly[] = [
  { folder: "CODEX_HOME", path: ({ dir }) => dir },
  { folder: "the folder of the pool", path: ({ paths }) => paths.storeDir },
  { folder: "the folder of the locks", path: ({ paths }) => paths.locksDir },
];

const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const whyNobody =
  isRoot && !canRunAsNobody()
    ? " (skipped: root needs setpriv, and nobody must be able to read this checkout)"
    : "";

test.skipIf(whyNobody).each(readOnly)(
  `$folder is read-only: nothing changes${whyNobody}`,
  async ({ path }) => {
    const home = await homeWith(["a", "b"]);
    const through = isRoot ? asNobody(home) : [];
    const before = snapshotTree(home.dir);
    fs.chmodSync(path(home), 0o500);
    const { code, stdout, stderr } = await runProcess(home, ["switch", "label-b"], { through });
    fs.chmodSync(path(home), 0o700);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^Cannot [^\n]+: permission denied\.\n[^\n]+Nothing was changed\.\n$/);
    expect(changesSince(home.dir, before)).toEqual([]);
    expect(leftovers(home)).toEqual([]);
    expect(await runProcess(home, ["switch", "label-b"], { through })).toMatchObject({ code: 0 });
    expect(liveLabel(home)).toBe("label-b");
  },
);

/** Modes mean nothing to root, so the home goes to another user and the binary runs as that user. */
function asNobody({ root }: Home): string[] {
  spawnSync("chown", ["-R", "65534:65534", root]);
  return nobody;
}

function canRunAsNobody(): boolean {
  const [setpriv = "", ...rest] = nobody;
  return spawnSync(setpriv, [...rest, process.execPath, binary, "--version"]).status === 0;
}
