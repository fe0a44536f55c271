import * as fs from "node:fs";
import { expect, test } from "vitest";
import { CodexAuthError } from "../../../src/errors/codex-auth-error.ts";
import { endedProcess, type Fault, faultyFileSystem } from "../../support/faulty-fs.ts";
import {
  complaints,
  faultsOf,
  fixHome,
  repairHomes,
  type RepairScene,
  repairScenes,
  tokensIn,
} from "../../support/repair-scenes.ts";
import {
  type Ended,
  type Home,
  liveLabel,
  poolOf,
  run,
  runProcess,
  storeOf,
} from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const dead = endedProcess();

/** Hundreds of repairs, each with programs that take locks: a busy machine needs minutes for what takes ten seconds. */
const patient = { timeout: 600_000 };

test.each(repairScenes)("$name: everything is mended at once, and a second time nothing", async (scene) => {
  const home = (await repairHomes(scene))();
  const before = tokensIn(home);
  const changes = await fixHome(home);
  expect(changes.map(({ id, problem }) => [id, problem])).toEqual(
    expect.arrayContaining(scene.mends.map((id) => [id, null])),
  );
  expect(await complaints(home, before)).toEqual([]);
  expect(liveLabel(home)).toBe("label-a");
  expect(await fixHome(home)).toEqual([]);
});

test.each(repairScenes)("$name: a death at any file operation loses nothing", patient, async (scene) => {
  await atEveryCall(
    scene,
    ["dies before", "dies within a write", "dies after"],
    async (home, before, where) => {
      await fixHome(home);
      expect(await complaints(home, before), where).toEqual([]);
      await storeOf(home).transaction("next", () => undefined);
      expect(leftovers(home), where).toEqual([]);
      expect(partial(home), where).toEqual([]);
    },
  );
});

const errors: Fault[] = ["ENOSPC", "EIO", "EACCES", "EROFS", "ENOSPC from here on", "EROFS from here on"];

test.each(repairScenes)("$name: an error at any file operation loses nothing", patient, async (scene) => {
  await atEveryCall(scene, errors, async (home, before, where, error) => {
    if (error !== null) expect(error, where).toBeInstanceOf(CodexAuthError);
    const tokens = tokensIn(home);
    expect(
      [...before].filter((token) => !tokens.has(token)),
      where,
    ).toEqual([]);
    await fixHome(home);
    expect(await complaints(home, before), where).toEqual([]);
  });
});

type Check = (home: Home, before: Set<string>, where: string, error: unknown) => Promise<void>;

/** Each call meets one of the faults in turn. */
async function atEveryCall(scene: RepairScene, faults: readonly Fault[], check: Check): Promise<void> {
  const nextHome = await repairHomes(scene);
  for (let at = 1; ; at += 1) {
    const fault = faults[at % faults.length] ?? "EIO";
    const home = nextHome();
    const before = tokensIn(home);
    const faulty = faultyFileSystem(at, fault);
    const error: unknown = await fixHome(home, { fs: faulty.fs, self: () => dead }).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (faulty.count() < at) break;
    if (faulty.hit() !== null)
      await check(home, before, `${fault} at call ${at}: ${faulty.hit()}: ${String(error)}`, error);
  }
}

const kills = process.env["CODEX_AUTH_SOAK"] ? 400 : 24;

test(`kill -9 of fix at ${kills} random moments loses nothing`, async () => {
  for (const [index, scene] of Array.from({ length: kills }, (_, i) => [i, repairScenes[i % 3]] as const)) {
    if (!scene) continue;
    const home = (await repairHomes(scene))();
    const before = tokensIn(home);
    const { signal, code } = await runProcess(home, ["fix"], {
      through: ["timeout", "-s", "KILL", randomSeconds()],
    });
    const end = await run(home, ["fix", "--json"]);
    expect(end.code, `${index}: ${scene.name}, ${signal ?? code}: ${end.stdout}`).toBe(0);
    expect(await complaints(home, before), `${index}: ${scene.name}`).toEqual([]);
  }
}, 600_000);

/** A command takes 100 to 300 ms here. */
function randomSeconds(): string {
  return (0.04 + Math.random() * 0.26).toFixed(3);
}

/** On a busy machine one waits in vain for the others; it changed nothing and says: run the command again. */
async function patiently(home: Home, args: readonly string[]): Promise<Ended> {
  for (;;) {
    const end = await runProcess(home, args);
    if (!/store_locked|is held by/.test(end.stdout + end.stderr)) return end;
  }
}

test.each(repairScenes)("$name: two fix at once do it once", async (scene) => {
  const home = (await repairHomes(scene))();
  const before = tokensIn(home);
  const ends = await Promise.all([patiently(home, ["fix", "--json"]), patiently(home, ["fix", "--json"])]);
  expect(ends.map(({ code, stdout }) => [code, code === 0 ? "" : stdout])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  expect(await complaints(home, before)).toEqual([]);
  expect(await fixHome(home)).toEqual([]);
});

test("fix beside running switches: both do their work", async () => {
  const scene = repairScenes[0];
  if (!scene) throw new Error("There is no scene.");
  const home = (await repairHomes(scene))();
  const before = tokensIn(home);
  const switches = ["label-b", "label-a", "label-b"].map((label) =>
    patiently(home, ["switch", label, "--replace-broken"]),
  );
  const ends = await Promise.all([patiently(home, ["fix", "--json"]), ...switches]);
  expect(ends.filter(({ code }) => code !== 0)).toEqual([]);
  expect(await complaints(home, before)).toEqual([]);
  await storeOf(home).transaction("next", () => undefined);
  const { accounts, activeId } = poolOf(home);
  expect(accounts.find(({ id }) => id === activeId)?.label).toBe(liveLabel(home));
});

test("without room for the backup nothing is mended", async () => {
  const scene = repairScenes[2];
  if (!scene) throw new Error("There is no scene.");
  const home = (await repairHomes(scene))();
  const faults = await faultsOf(home);
  const faulty = faultyFileSystem(1, "ENOSPC from here on");
  await expect(fixHome(home, { fs: faulty.fs })).rejects.toMatchObject({ code: "disk_full" });
  expect(await faultsOf(home)).toEqual(faults);
});

/** Folders of backups that were not finished. */
function partial({ paths }: Home): string[] {
  return fs.readdirSync(paths.backupsDir).filter((name) => name.endsWith(".partial"));
}
