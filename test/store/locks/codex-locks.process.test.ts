import * as fs from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { lockHelper, runHelper } from "../../../src/store/locks/lock-helper.ts";
import { hasFlock, holdFlock, storeIsLocked } from "../../support/flock.ts";
import { activeLabel, type Home, homeWith, liveLabel, runProcess } from "../../support/store-home.ts";
import { changesSince, leftovers, snapshotTree } from "../../support/tree.ts";

/** The real programs, not shims that need others. */
const programs: Record<string, string | undefined> = Object.fromEntries(
  ["perl", "python3"].map((name) => [
    name,
    [`/usr/bin/${name}`, `/usr/local/bin/${name}`].find((path) => fs.existsSync(path)),
  ]),
);

const why = hasFlock ? "" : " (skipped: there is no flock program)";

describe.skipIf(why).each(["auth.lock", "auth.json.lock"])(`Codex holds %s${why}`, (name) => {
  test("switch waits for a second and succeeds", async () => {
    const home = await homeWith(["a", "b"]);
    const codex = await holdFlock(`${home.dir}/${name}`);
    const locked = storeIsLocked(home);
    const switched = runProcess(home, ["switch", "label-b"]);
    await locked;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(liveLabel(home)).toBe("label-a");
    await codex.release();
    expect(await switched).toMatchObject({ code: 0, stderr: "" });
    expect([activeLabel(home), liveLabel(home)]).toEqual(["label-b", "label-b"]);
  });
});

test.skipIf(why)(
  `Codex holds a lock for longer than ten seconds: switch says so and changes nothing${why}`,
  async () => {
    await Promise.all(["auth.lock", "auth.json.lock"].map(refusesWhileHeld));
  },
);

async function refusesWhileHeld(name: string): Promise<void> {
  const home = await homeWith(["a", "b"]);
  await holdFlock(`${home.dir}/${name}`);
  const before = snapshotTree(home.dir);
  expect(await runProcess(home, ["switch", "label-b"])).toMatchObject({
    code: 1,
    stderr:
      "Another program, most likely a running Codex, has held auth.lock or auth.json.lock for 10 seconds.\n" +
      "Nothing was changed. Wait until it has saved its login, then run the command again.\n",
  });
  expect(changesSince(home.dir, before), name).toEqual([]);
  expect(leftovers(home)).toEqual([]);
}

/** A PATH that leads to these programs of this machine and to nothing else. */
function pathOf(home: Home, names: readonly string[]): string {
  const bin = join(home.root, "programs");
  fs.mkdirSync(bin);
  for (const name of names) fs.symlinkSync(programs[name] ?? "", join(bin, name));
  return bin;
}

// macOS has no flock program, but perl; an image for Python may have nothing but that.
describe.each([["perl"], ["python3"]])("without a flock program, but with %s", (name) => {
  const gap = programs[name] ? "" : ` (skipped: there is no ${name})`;

  test.skipIf(gap)(`switch waits while Codex saves${gap}`, async () => {
    const home = await homeWith(["a", "b"]);
    const codex = await holdFlock(home.paths.authLock);
    const locked = storeIsLocked(home);
    const switched = runProcess(home, ["switch", "label-b"], { env: { PATH: pathOf(home, [name]) } });
    await locked;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(liveLabel(home)).toBe("label-a");
    await codex.release();
    expect(await switched).toMatchObject({ code: 0, stderr: "" });
    expect(liveLabel(home)).toBe("label-b");
  });

  test.skipIf(gap)(`doctor says so${gap}`, async () => {
    const home = await homeWith(["a"]);
    const env = { PATH: pathOf(home, [name]) };
    const { stdout } = await runProcess(home, ["doctor", "--only", "locks_not_shared"], { env });
    expect(stdout).toContain(`Codex's own locks are taken through ${name}`);
  });

  test.skipIf(gap)(`the lock lives as long as the file is open, and keeps others out${gap}`, async () => {
    const home = await homeWith(["a"]);
    const path = pathOf(home, [name]);
    const open = () => ["one", "two"].map((file) => fs.openSync(join(home.root, file), "a"));
    const [ours, others] = [open(), open()];
    expect(await runHelper(ours, path)).toEqual({ kind: "locked", name });
    expect(await runHelper(others, path)).toEqual({ kind: "held", name });
    for (const fd of ours) fs.closeSync(fd);
    expect(await runHelper(others, path)).toEqual({ kind: "locked", name });
    for (const fd of others) fs.closeSync(fd);
  });
});

test.skipIf(!programs["perl"])("a link to a BusyBox without flock is no flock program", async () => {
  const home = await homeWith(["a", "b"]);
  const bin = pathOf(home, ["perl"]);
  const script = "#!/bin/sh\necho 'flock: applet not found' >&2\nexit 127\n";
  fs.writeFileSync(join(bin, "flock"), script, { mode: 0o755 });
  expect(await runProcess(home, ["switch", "label-b"], { env: { PATH: bin } })).toMatchObject({
    code: 0,
    stderr: "",
  });
});

test.skipIf(why)(`a program that locks is one, also while another command tries it${why}`, async () => {
  await holdFlock(process.execPath);
  expect(await lockHelper(fs, process.env["PATH"] ?? "")).toEqual({ kind: "locked", name: "flock" });
});

test("switch works on a system where nothing can lock, and doctor says what that means", async () => {
  const home = await homeWith(["a", "b"]);
  expect(await runProcess(home, ["switch", "label-b"], { env: { PATH: home.dir } })).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect(liveLabel(home)).toBe("label-b");
  const doctor = await runProcess(home, ["doctor", "--only", "locks_not_shared"], {
    env: { PATH: home.dir },
  });
  expect(doctor.stdout).toContain("none of these programs is in PATH: flock, perl, python3");
});

test("the lock files of Codex stay the files that they were", async () => {
  const home = await homeWith(["a", "b"]);
  const locks = [home.paths.authLock, `${home.paths.authFile}.lock`];
  for (const path of locks) fs.writeFileSync(path, "", { mode: 0o644 });
  const before = locks.map((path) => fs.statSync(path).ino);
  expect(await runProcess(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  expect(locks.map((path) => fs.statSync(path).ino)).toEqual(before);
  expect(fs.readdirSync(home.dir).filter((name) => name.endsWith(".lock"))).toEqual(
    locks.map((path) => basename(path)).sort(),
  );
});

// A helper that could not be started was taken for a lock that is held: "most likely a running Codex".
test.each([
  ["ended by the system", "kill -9 $$", "it was ended by SIGKILL|exit code 137.*"],
  ["without a process to spare", "echo 'Cannot fork' >&2; exit 2", "exit code 2, Cannot fork"],
  [
    "refused by the file system",
    "echo 'No locks available' >&2; exit 71",
    "exit code 71, No locks available",
  ],
  ["not to be run", null, "it did not start: EACCES"],
])("a flock program that is %s is named, and nothing is changed", async (_, script, why) => {
  const home = await homeWith(["a", "b"]);
  const bin = join(home.root, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(join(bin, "flock"), `#!/bin/sh\n${script}\n`, { mode: script === null ? 0o644 : 0o755 });
  const env = { PATH: script === null ? bin : `${bin}:${process.env["PATH"]}` };
  const before = snapshotTree(home.dir);
  const { code, stderr } = await runProcess(home, ["switch", "label-b"], { env });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(new RegExp(`^The program flock, .* could not be run: (${why})\\.\n`)),
  ]);
  expect(changesSince(home.dir, before)).toEqual([]);
  const doctor = await runProcess(home, ["doctor", "--only", "locks_not_shared", "--json"], { env });
  const { findings } = JSON.parse(doctor.stdout) as { findings: { severity: string; evidence: string[] }[] };
  expect(findings).toMatchObject([{ severity: "error" }]);
});
