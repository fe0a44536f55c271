import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { writeExport } from "../../../src/store/files/new-file.ts";
import { makeHome } from "../../support/store-home.ts";
import { pathsBelow } from "../../support/tree.ts";

const text = "{}";

function exportTo(folder: string, fileSystem: FileSystem = fs): string {
  return writeExport(fileSystem, { out: "a.json", file: null, cwd: folder, text, isForced: false });
}

/** A file system in which another program writes `path` right before our file gets its name. */
function racing(path: string): FileSystem {
  return new Proxy(fs, {
    get: (real, name) => {
      if (name !== "renameSync" && name !== "linkSync") return Reflect.get(real, name) as unknown;
      return (from: string, to: string) => {
        if (!fs.existsSync(path)) fs.writeFileSync(path, "theirs");
        return fs[name](from, to);
      };
    },
  });
}

test("an export is a new file that only the owner reads", () => {
  const { dir } = makeHome();
  expect(fs.statSync(exportTo(dir)).mode & 0o777).toBe(0o600);
  expect(() => exportTo(dir)).toThrow("exists already");
});

// Found here: the check and the rename were two steps, so a file that came between them was replaced.
test("an export never replaces a file, not even one that is written at the same moment", () => {
  const { dir } = makeHome();
  const path = join(dir, "a.json");
  expect(() => exportTo(dir, racing(path))).toThrow("exists already");
  expect(fs.readFileSync(path, "utf8")).toBe("theirs");
  expect(pathsBelow(dir)).toEqual(["a.json"]);
});

test("an export into a folder that others can write to is refused, and so is a planted link", () => {
  const { dir, root } = makeHome();
  fs.symlinkSync(join(root, "elsewhere"), join(dir, "a.json"));
  expect(() => exportTo(dir)).toThrow("exists already");
  fs.unlinkSync(join(dir, "a.json"));
  fs.chmodSync(dir, 0o777);
  expect(() => exportTo(dir)).toThrow("Others can write to");
  expect(pathsBelow(root)).toEqual(["home"]);
});
