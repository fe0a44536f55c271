import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  openEmptied,
  openNew,
  openToAppend,
  readRegular,
  withRegular,
} from "../../src/machine/guarded-file.ts";
import { TestHome } from "../support/home.ts";

const open = new Set<number>();

/** The real file system, with what is open at the moment. Other tests of this process open files too. */
const counting = {
  ...fs,
  openSync: ((...args: Parameters<typeof fs.openSync>) => {
    const fd = fs.openSync(...args);
    open.add(fd);
    return fd;
  }) as typeof fs.openSync,
  closeSync: (fd: number) => {
    open.delete(fd);
    fs.closeSync(fd);
  },
};

const openers = {
  read: (path: string) => readRegular(counting, path),
  append: (path: string) => counting.closeSync(openToAppend(counting, path)),
  empty: (path: string) => counting.closeSync(openEmptied(counting, path)),
  make: (path: string) => counting.closeSync(openNew(counting, path)),
};

function codeOf(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

async function oddPlaces(home: TestHome): Promise<Record<string, string>> {
  const place = (name: string) => home.file(name);
  execFileSync("mkfifo", [place("pipe")]);
  fs.symlinkSync("/dev/zero", place("device"));
  fs.symlinkSync("/dev/ptmx", place("terminal"));
  fs.symlinkSync(place("loop"), place("loop"));
  fs.mkdirSync(place("folder"));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(place("socket"), resolve));
  onTestFinished(() => void server.close());
  return Object.fromEntries(
    ["pipe", "device", "terminal", "loop", "folder", "socket"].map((name) => [name, place(name)]),
  );
}

test("what is no regular file is refused at once, whatever is to be done with it", async () => {
  const places = await oddPlaces(new TestHome());
  const refused = (work: (path: string) => unknown) =>
    Object.values(places).map((path) => codeOf(() => work(path)));
  expect(refused(openers.read)).toEqual(["ENXIO", "ENXIO", "ENXIO", "ELOOP", "EISDIR", "ENXIO"]);
  expect(refused(openers.append)).toEqual(["ENXIO", "ENXIO", "ENXIO", "ELOOP", "EISDIR", "ENXIO"]);
  expect(refused(openers.empty)).toEqual(["ENXIO", "ELOOP", "ELOOP", "ELOOP", "EISDIR", "ENXIO"]);
  expect(refused(openers.make)).toEqual(Array.from({ length: 6 }, () => "EEXIST"));
  expect([...open]).toEqual([]);
});

test("a file that becomes a pipe behind the look is not waited for", async () => {
  const home = new TestHome();
  const { pipe = "", device = "", folder = "" } = await oddPlaces(home);
  const file = home.write("file", "text");
  const late = { ...fs, statSync: (() => fs.lstatSync(file)) as unknown as typeof fs.statSync };
  for (const [path, code] of [
    [pipe, "ENXIO"],
    [device, "ENXIO"],
    [folder, "EISDIR"],
  ] as const)
    expect(codeOf(() => readRegular(late, path))).toBe(code);
  // A pipe with a reader can be opened for writing, and would take what is meant for the file.
  const reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  expect(codeOf(() => openToAppend(late, pipe))).toBe("ENXIO");
  fs.closeSync(reader);
});

test("a file of the largest size is read and one byte more is refused, also when it comes while we read", () => {
  const home = new TestHome();
  const file = home.write("file", "x".repeat(10_000));
  expect(readRegular(fs, file, { limitBytes: 10_000 }).length).toBe(10_000);
  expect(codeOf(() => readRegular(fs, file, { limitBytes: 9_999 }))).toBe("EFBIG");
  const growing = {
    ...fs,
    readSync: ((...args: Parameters<typeof fs.readSync>) => {
      fs.appendFileSync(file, "y".repeat(5_000));
      return fs.readSync(...args);
    }) as typeof fs.readSync,
  };
  expect(codeOf(() => readRegular(growing, file, { limitBytes: 40_000 }))).toBe("EFBIG");
});

test("a link is followed unless told otherwise, and a file without a size, as in /proc, is read to its end", () => {
  const home = new TestHome();
  fs.symlinkSync(home.write("file", "text"), home.file("link"));
  expect(readRegular(fs, home.file("link")).toString()).toBe("text");
  expect(codeOf(() => readRegular(fs, home.file("link"), { followsLinks: false }))).toBe("ELOOP");
  expect(readRegular(fs, "/proc/self/environ").toString()).toBe(
    fs.readFileSync("/proc/self/environ", "utf8"),
  );
  expect(readRegular(fs, home.write("empty", "")).length).toBe(0);
});

test("what is made is closed to others, and what is opened is closed again when the work throws", () => {
  const home = new TestHome();
  for (const make of [openToAppend, openEmptied, openNew]) {
    const path = home.file(make.name);
    fs.closeSync(make(fs, path));
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  }
  const fails = () => {
    throw new Error("the work");
  };
  expect(() => withRegular(counting, home.file("openNew"), {}, fails)).toThrow("the work");
  expect([...open]).toEqual([]);
});
