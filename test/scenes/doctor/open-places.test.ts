import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Home, homeWith, makeHome, run, seat, writeAuth } from "../../support/store-home.ts";

const isRoot = process.geteuid?.() === 0;
const asRoot = isRoot ? "" : " (skipped: only root may change what is not its own)";

function modeOf(path: string): string {
  return (fs.lstatSync(path).mode & 0o7777).toString(8);
}

interface Found {
  id: string;
  severity: string;
  canMend: boolean;
}

async function findingsOf(home: Home, more: Record<string, string> = {}): Promise<Found[]> {
  const { stdout } = await run(home, ["doctor", "--json"], { env: more });
  return (JSON.parse(stdout) as { findings: Found[] }).findings;
}

test.each([
  [0o777, "warning"],
  [0o770, "warning"],
  [0o775, "warning"],
  [0o755, "info"],
  [0o750, "info"],
  [0o711, "info"],
])(
  "a CODEX_HOME of mode %o is found and closed, and a second fix has nothing to do",
  async (mode, severity) => {
    const home = await homeWith(["a"]);
    fs.chmodSync(home.dir, mode);
    const found = (await findingsOf(home)).find(({ id }) => id === "codex_home_open");
    expect(found).toMatchObject({ severity, canMend: true });
    await run(home, ["fix"]);
    expect(modeOf(home.dir)).toBe("700");
    expect((await run(home, ["fix"])).stdout).not.toContain("Close");
  },
);

test("our folder and what is in it is found open and closed", async () => {
  const home = await homeWith(["a"]);
  const { storeDir, poolFile, backupsDir } = home.paths;
  fs.mkdirSync(backupsDir, { recursive: true });
  for (const [path, mode] of [
    [storeDir, 0o755],
    [poolFile, 0o644],
    [backupsDir, 0o777],
  ] as const)
    fs.chmodSync(path, mode);
  expect((await findingsOf(home)).map(({ id }) => id)).toContain("store_open");
  await run(home, ["fix"]);
  expect([storeDir, poolFile, backupsDir].map(modeOf)).toEqual(["700", "600", "700"]);
});

// Every command closes the folder of the locks, and fix did not say so; where it alone was open, nothing was found.
test.each([true, false])(
  "an open folder of locks is listed and closed, with ours open: %s",
  async (isBoth) => {
    const home = await homeWith(["a"]);
    const { storeDir, locksDir } = home.paths;
    fs.chmodSync(locksDir, 0o777);
    if (isBoth) fs.chmodSync(storeDir, 0o777);
    const { stdout } = await run(home, ["fix"]);
    expect(stdout).toContain(`Let nobody but you read ${isBoth ? `${storeDir}, ` : ""}${locksDir}.`);
    expect(modeOf(locksDir)).toBe("700");
  },
);

// chmod(2) follows links: as root, fix closed a device of the system to everybody else.
test.skipIf(asRoot)(`fix changes no mode through a link, and none of a device${asRoot}`, async () => {
  const home = await homeWith(["a"]);
  const outside = join(home.root, "outside");
  fs.mkdirSync(outside, { mode: 0o755 });
  fs.writeFileSync(join(outside, "file"), "", { mode: 0o644 });
  fs.chmodSync(join(outside, "file"), 0o644);
  const { storeDir, homesDir, unsavedDir, displacedDir } = home.paths;
  fs.symlinkSync(outside, homesDir);
  // One of its own: a fault here must not reach those of the system.
  const device = join(home.root, "device");
  execFileSync("mknod", ["-m", "666", device, "c", "1", "3"]);
  fs.symlinkSync(device, unsavedDir);
  fs.symlinkSync(join(outside, "file"), displacedDir);
  fs.chmodSync(storeDir, 0o755);
  await run(home, ["fix"]);
  expect([outside, join(outside, "file"), device].map(modeOf)).toEqual(["755", "644", "666"]);
  expect(modeOf(storeDir)).toBe("700");
});

test.skipIf(asRoot)(`a link in the place of the folder of locks is not followed${asRoot}`, async () => {
  const home = await homeWith(["a", "b"]);
  const outside = join(home.root, "outside");
  fs.mkdirSync(outside);
  fs.chmodSync(outside, 0o755);
  fs.rmSync(home.paths.locksDir, { recursive: true });
  fs.symlinkSync(outside, home.paths.locksDir);
  await run(home, ["switch", "label-b"]);
  expect(modeOf(outside)).toBe("755");
});

test.skipIf(asRoot)(
  `a folder of another user, and one for everybody, keep their modes${asRoot}`,
  async () => {
    const home = await homeWith(["a"]);
    fs.chownSync(home.dir, 54_321, 54_321);
    fs.chmodSync(home.dir, 0o1777);
    await run(home, ["fix"]);
    expect(modeOf(home.dir)).toBe("1777");
  },
);

test.skipIf(asRoot)(
  `a CODEX_AUTH_DIR that is for everybody is refused and keeps its mode${asRoot}`,
  async () => {
    const home = makeHome();
    writeAuth(home, seat("a"));
    const shared = join(home.root, "tmp");
    fs.mkdirSync(shared);
    fs.chmodSync(shared, 0o1777);
    const { code, stderr } = await run(home, ["import"], { env: { CODEX_AUTH_DIR: shared } });
    expect([code, stderr, modeOf(shared), fs.readdirSync(shared)]).toEqual([
      1,
      expect.stringContaining(shared),
      "1777",
      [],
    ]);
  },
);

// Nothing said so: the backups hold every token, and the folder was none that fix may close.
test("a folder of ours that leads to one that is open to others is named, and left as it is", async () => {
  const home = await homeWith(["a"]);
  const outside = join(home.root, "outside");
  fs.mkdirSync(outside, { mode: 0o755 });
  const { backupsDir } = home.paths;
  fs.rmSync(backupsDir, { recursive: true, force: true });
  fs.symlinkSync(outside, backupsDir);
  const found = (await findingsOf(home)).find(({ id }) => id === "store_open");
  expect(found).toMatchObject({ canMend: false, fix: `ls -ld '${backupsDir}'` });
  await run(home, ["fix"]);
  expect(modeOf(outside)).toBe("755");
});
