import * as nodeFs from "node:fs";
import { constants } from "node:os";
import { expect, test } from "vitest";
import { fileError } from "../../../src/machine/file-error.ts";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { OutageScene } from "../../support/outage-scene.ts";

/** As Node reports it: it has no name for a full quota. */
function systemError(name: keyof typeof constants.errno): Error {
  const number = constants.errno[name];
  const code = name === "EDQUOT" ? `Unknown system error -${number}` : name;
  return Object.assign(new Error(`${code}: injected`), { code, errno: -number });
}

interface Refusal {
  call: "openSync" | "writeSync" | "fsyncSync" | "renameSync";
  /** Of the path that the call is about. */
  path: RegExp;
  error: keyof typeof constants.errno;
  /** How often; then it works. */
  times?: number;
}

/** The real file system, which refuses one call on some paths once the issuer has been asked. */
function refusing(scene: OutageScene, { call, path, error, times = Infinity }: Refusal): FileSystem {
  const paths = new Map<number, string>();
  let left = times;
  const meet = (name: Refusal["call"], where: string) => {
    if (name !== call || !path.test(where) || scene.fake.issuer.refreshes === 0 || left <= 0) return;
    left -= 1;
    throw systemError(error);
  };
  return {
    ...nodeFs,
    openSync: (file: nodeFs.PathLike, flags?: nodeFs.OpenMode, mode?: nodeFs.Mode | null) => {
      if (flags !== "r" && flags !== undefined) meet("openSync", String(file));
      const fd = nodeFs.openSync(file, flags ?? "r", mode);
      paths.set(fd, String(file));
      return fd;
    },
    writeSync: ((fd: number, ...rest: [NodeJS.ArrayBufferView, number]) => {
      meet("writeSync", paths.get(fd) ?? "");
      return nodeFs.writeSync(fd, ...rest);
    }) as FileSystem["writeSync"],
    fsyncSync: (fd: number) => {
      meet("fsyncSync", paths.get(fd) ?? "");
      nodeFs.fsyncSync(fd);
    },
    renameSync: (from: nodeFs.PathLike, to: nodeFs.PathLike) => {
      meet("renameSync", String(to));
      nodeFs.renameSync(from, to);
    },
  };
}

const unsavedAnywhere = /rescue-[0-9a-f]/;
const unsavedFolder = /\/rescue\/.*rescue-/;

const calls = ["openSync", "writeSync", "fsyncSync", "renameSync"] as const;
const errors = ["EDQUOT", "EIO", "ENOSPC", "EROFS", "EACCES", "ESTALE"] as const;
const refusals = calls.flatMap((call) => errors.map((error) => ({ call, error })));

// Found: one refused call there, and the new token was thrown away although the pool could be written.
test.each(refusals)("$error at $call of the rescue file costs no token", async ({ call, error }) => {
  for (const path of [unsavedFolder, unsavedAnywhere]) {
    const scene = await OutageScene.open(["a"]);
    scene.fs = refusing(scene, { call, path, error });
    expect(await scene.renew("a")).toEqual({ kind: "ready", how: "renewed" });
    expect(await scene.isLost("a")).toBe(false);
    const left = nodeFs.readdirSync(scene.home.path, { recursive: true }).map(String);
    expect(left.filter((name) => unsavedAnywhere.test(name))).toEqual([]);
    expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  }
});

test("where the pool cannot be written for a moment, the token in hand is tried again", async () => {
  const scene = await OutageScene.open(["a"]);
  scene.isHurried = true;
  scene.fs = refusing(scene, { call: "openSync", path: /rescue-|pool\.json/, error: "EIO", times: 9 });
  expect(await scene.renew("a")).toEqual({ kind: "ready", how: "renewed" });
  expect(await scene.isLost("a")).toBe(false);
});

test("where the pool stays refused, a token in a place of refuge is taken in by the next command", async () => {
  for (const path of [/pool\.json/, /\/rescue\/.*rescue-|pool\.json/, /codex-auth\/.*(rescue-|pool\.json)/]) {
    const scene = await OutageScene.open(["a"]);
    scene.isHurried = true;
    scene.fs = refusing(scene, { call: "writeSync", path, error: "EDQUOT" });
    await expect(scene.renew("a")).rejects.toMatchObject({
      code: "disk_full",
      message: expect.stringMatching(
        /^The login was renewed, but the pool does not have .*\(EDQUOT\)/,
      ) as string,
      hint: expect.stringContaining("It is safe") as string,
    });
    scene.fs = nodeFs;
    await scene.store.transaction("next", () => undefined);
    expect(await scene.isLost("a")).toBe(false);
  }
});

test("where a token can be saved nowhere, that is said, with the name of the error", async () => {
  const scene = await OutageScene.open(["a"]);
  scene.isHurried = true;
  scene.fs = refusing(scene, { call: "openSync", path: /rescue-|pool\.json/, error: "EDQUOT" });
  await expect(scene.renew("a")).rejects.toMatchObject({
    code: "disk_full",
    message: expect.stringMatching(/its new token could be saved nowhere\..*\(EDQUOT\)/) as string,
    hint: expect.stringMatching(/^It is lost\./) as string,
  });
});

test.each([
  ["EDQUOT", "disk_full", "(EDQUOT)"],
  ["ENOSPC", "disk_full", "the disk or quota is full."],
  ["ESTALE", "io_error", "ESTALE"],
  ["EIO", "io_error", "EIO"],
] as const)("%s is called by its name", (name, code, text) => {
  const error = fileError(systemError(name), "write x");
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
});

test("of a folder that is missing it is said how to make it", () => {
  const error = Object.assign(systemError("ENOENT"), { path: "/no where/gateway.db" });
  expect(fileError(error, "write x").hint).toContain("mkdir -p '/no where'");
});
