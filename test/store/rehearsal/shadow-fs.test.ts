import * as fs from "node:fs";
import { constants } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { errorCode } from "../../../src/machine/file-error.ts";
import { shadowFs } from "../../../src/store/rehearsal/shadow-fs.ts";
import { TestHome } from "../../support/home.ts";
import { pathsBelow } from "../../support/tree.ts";

/** A folder with a file, a folder, links to both, and one that leads nowhere. */
function madeHome(): TestHome {
  const home = new TestHome();
  home.write("a", "one");
  home.write("d/b", "two");
  home.write("d/e/c", "three");
  fs.symlinkSync("a", home.file("link"));
  fs.symlinkSync(home.file("d"), home.file("way"));
  fs.symlinkSync("nowhere", home.file("lost"));
  return home;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW, O_TRUNC } = constants;
const names = [
  "a",
  "d",
  "d/b",
  "d/e",
  "d/e/c",
  "link",
  "way",
  "way/b",
  "way/new",
  "lost",
  "second",
  "new",
  "d/new",
];
const name = fc.constantFrom(...names);

function write(on: FileSystem, path: string, flags: number, text: string): void {
  const fd = on.openSync(path, flags, 0o600);
  try {
    on.writeSync(fd, Buffer.from(text));
    on.fchmodSync(fd, 0o640);
  } finally {
    on.closeSync(fd);
  }
}

type Change = (on: FileSystem, at: (name: string) => string) => void;

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(
      name,
      fc.constantFrom(O_CREAT | O_EXCL, O_CREAT | O_APPEND, O_APPEND | O_NOFOLLOW, O_CREAT | O_TRUNC),
    )
    .map(
      ([each, flags]): Change =>
        (on, at) =>
          write(on, at(each), O_WRONLY | flags, "text"),
    ),
  fc.tuple(name, name).map(
    ([from, to]): Change =>
      (on, at) =>
        on.renameSync(at(from), at(to)),
  ),
  fc.tuple(name, name).map(
    ([from, to]): Change =>
      (on, at) =>
        on.linkSync(at(from), at(to)),
  ),
  fc.tuple(name, name).map(
    ([to, each]): Change =>
      (on, at) =>
        on.symlinkSync(at(to), at(each)),
  ),
  name.map(
    (each): Change =>
      (on, at) =>
        on.unlinkSync(at(each)),
  ),
  name.map(
    (each): Change =>
      (on, at) =>
        on.rmdirSync(at(each)),
  ),
  name.map(
    (each): Change =>
      (on, at) =>
        on.rmSync(at(each), { recursive: true, force: true }),
  ),
  name.map(
    (each): Change =>
      (on, at) =>
        on.mkdirSync(at(each), { mode: 0o700 }),
  ),
  name.map(
    (each): Change =>
      (on, at) =>
        on.chmodSync(at(each), 0o604),
  ),
);

/** What one sees below a folder, in the words of the file system that is asked. */
function seen(on: FileSystem, folder: string, name = ""): string[] {
  const path = join(folder, name);
  const stat = on.lstatSync(path);
  const about = `${name} ${(stat.mode & 0o777).toString(8)}`;
  if (stat.isSymbolicLink())
    return [`${name} -> ${on.readlinkSync(path).replace(folder, "")} ${behind(on, path)}`];
  if (!stat.isDirectory()) return [`${about} ${stat.nlink} ${stat.size} ${textOf(on, path)}`];
  const inside = on.readdirSync(path).sort();
  return [`${about} ${inside.join(" ")}`, ...inside.flatMap((each) => seen(on, folder, join(name, each)))];
}

/** Versions of Node differ in whether a file on the way is no entry or an error. */
function behind(on: FileSystem, path: string): string {
  try {
    return on.statSync(path).isDirectory() ? "folder" : textOf(on, path);
  } catch {
    return "nothing";
  }
}

function textOf(on: FileSystem, path: string): string {
  const fd = on.openSync(path, constants.O_RDONLY);
  try {
    const bytes = Buffer.alloc(100);
    return bytes.toString("utf8", 0, on.readSync(fd, bytes, 0, 100, null));
  } finally {
    on.closeSync(fd);
  }
}

function outcome(work: () => void): string {
  try {
    work();
    return "done";
  } catch (error) {
    return errorCode(error) || String(error);
  }
}

// Loops of links are left out: Node tells of them in other words in each call.
const isOrdinary = (text: string) => !text.includes("ELOOP");

test("whatever is done to it, it shows what the disk would show, and the disk stays as it is", () => {
  fc.assert(
    fc.property(fc.array(changes, { minLength: 1, maxLength: 8 }), (all) => {
      const [real, mirrored] = [madeHome(), madeHome()];
      const before = seen(fs, mirrored.path);
      const shadow = shadowFs(fs);
      for (const change of all) {
        const done = outcome(() => change(fs, (each) => real.file(each)));
        const shown = outcome(() => change(shadow, (each) => mirrored.file(each)));
        if (!isOrdinary(done + shown)) return;
        expect(shown === "done", `${shown} where the disk says ${done}`).toBe(done === "done");
        const [left, right] = [0, 1].map((index) =>
          index === 0 ? seenSafely(fs, real) : seenSafely(shadow, mirrored),
        );
        expect(right).toEqual(left);
      }
      expect(seen(fs, mirrored.path)).toEqual(before);
    }),
    { numRuns: Number(process.env["CODEX_AUTH_RUNS"] ?? 100) },
  );
});

function seenSafely(on: FileSystem, home: TestHome): string[] {
  try {
    return seen(on, home.path).map((line) => line.replaceAll(home.path, ""));
  } catch (error) {
    return [errorCode(error)];
  }
}

test("a file that is only read is read from the disk, and a folder that was moved keeps what is in it", () => {
  const home = madeHome();
  const shadow = shadowFs(fs);
  shadow.renameSync(home.file("d"), home.file("moved"));
  write(shadow, home.file("moved/e/c"), O_WRONLY | O_APPEND, " more");
  expect(textOf(shadow, home.file("moved/e/c"))).toBe("three more");
  expect(textOf(shadow, home.file("moved/b"))).toBe("two");
  expect(shadow.realpathSync(home.file("moved/e"))).toBe(home.file("moved/e"));
  expect(shadow.statSync(home.file("d"), { throwIfNoEntry: false })).toBeUndefined();
  expect(pathsBelow(home.path)).toContain("d/e/c");
  expect(home.read("d/e/c")).toBe("three");
});

test("a file that had another name in a folder that was removed has one name less", () => {
  const home = madeHome();
  const shadow = shadowFs(fs);
  shadow.linkSync(home.file("d/e/c"), home.file("second"));
  expect(shadow.statSync(home.file("second")).nlink).toBe(2);
  shadow.rmSync(home.file("d"), { recursive: true });
  expect(shadow.statSync(home.file("second")).nlink).toBe(1);
});

test("where nothing may be written, nothing can be changed", () => {
  const home = madeHome();
  const refusing = {
    ...fs,
    accessSync: (path: string, mode: number) => {
      if (path === home.file("d") && mode & constants.W_OK)
        throw Object.assign(new Error("read-only"), { code: "EROFS" });
      fs.accessSync(path, mode);
    },
  } as unknown as FileSystem;
  const shadow = shadowFs(refusing);
  expect(outcome(() => write(shadow, home.file("d/new"), O_WRONLY | O_CREAT, "text"))).toBe("EROFS");
  expect(outcome(() => shadow.unlinkSync(home.file("d/b")))).toBe("EROFS");
  expect(outcome(() => shadow.renameSync(home.file("a"), home.file("way/a")))).toBe("EROFS");
});

test("a disk that has no room for it has none for what is only tried either", () => {
  const home = madeHome();
  const small = {
    ...fs,
    statfsSync: () => ({ blocks: 1000, bavail: 2, bsize: 10 }),
  } as unknown as FileSystem;
  const shadow = shadowFs(small);
  const { size } = fs.statSync(home.file("a"));
  expect(outcome(() => write(shadow, home.file("d/new"), O_WRONLY | O_CREAT, "x".repeat(20)))).toBe("done");
  expect(outcome(() => write(shadow, home.file("d/e/more"), O_WRONLY | O_CREAT, "x"))).toBe("ENOSPC");
  expect(outcome(() => write(shadow, home.file("a"), O_WRONLY | O_TRUNC, "x".repeat(size)))).toBe("done");
});
