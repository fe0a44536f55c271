import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { resolvePaths } from "../../../src/machine/paths.ts";
import { readCodeCache, sealCode } from "../../../src/store/files/code-cache.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { projectRoot, TestHome } from "../../support/home.ts";

const program = fs.readFileSync(join(projectRoot, "dist/cli/daily.cjs"), "latin1");
const build = createHash("sha256").update(program).digest("hex").slice(0, 16);
const cacheName = `${build}-list-${process.version}-${process.arch}.v8`;
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

/** A person's home with `.codex` in it. */
class Person {
  readonly root = new TestHome();
  readonly codexHome = this.root.file(".codex");
  readonly folder = this.root.file(".cache/codex-auth");
  readonly file = join(this.folder, cacheName);

  constructor() {
    this.root.write(".codex/auth.json", forgeAuthJson());
  }

  run(line: string, env: Record<string, string> = {}) {
    return this.root.runProcess(line.split(" "), { env: { CODEX_HOME: this.codexHome, ...env } });
  }

  /** Compiled code that V8 would take for that of the program: it compares nothing but the length of the source. */
  poison(): { raw: Buffer; marker: string } {
    const marker = this.root.file("poisoned");
    const evil = `(function (exports, require, module) { require("node:fs").writeFileSync(${JSON.stringify(marker)}, ""); module.exports.finished = Promise.resolve(false);`;
    const { length } = `(function (exports, require, module, __filename, __dirname) {${program}\n})`;
    const source = `${evil}${" ".repeat(length - evil.length - 2)}})`;
    const script = new Script(source, { filename: join(projectRoot, "dist/cli/daily.cjs") });
    return { raw: script.createCachedData(), marker };
  }
}

function put(path: string, content: Uint8Array): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  fs.chmodSync(dirname(path), 0o700);
  fs.writeFileSync(path, content, { mode: 0o600 });
}

test("a command that writes keeps its compiled code in the user's cache folder, for the user alone", async () => {
  const person = new Person();
  expect((await person.run("list")).code).toBe(0);
  // One that only looks leaves no trace, unless there is one already.
  expect(fs.existsSync(person.root.file(".cache"))).toBe(false);
  expect((await person.run("import")).code).toBe(0);
  expect(fs.readdirSync(person.folder)).toHaveLength(1);
  expect((await person.run("list")).code).toBe(0);
  const modes = [person.folder, person.file].map((path) => (fs.statSync(path).mode & 0o777).toString(8));
  expect(modes).toEqual(["700", "600"]);
  expect(fs.existsSync(join(person.codexHome, "codex-auth/code-cache"))).toBe(false);
});

// Compiled code is refused under other flags of V8 than it was made with: each would have replaced the other's.
test("a command that V8 is not to optimize has compiled code of its own, which is taken, and says nothing of it", async () => {
  const person = new Person();
  await person.run("import");
  const first = await person.run("forecast --json");
  expect([first.code, first.stderr]).toEqual([0, ""]);
  const caches = () => fs.readdirSync(person.folder).filter((name) => name.includes("-forecast"));
  const hasFlag = Number.parseInt(process.versions.v8, 10) <= 13;
  expect(caches()).toEqual([
    `${build}-forecast${hasFlag ? "plain" : ""}-${process.version}-${process.arch}.v8`,
  ]);
  const file = join(person.folder, caches()[0] ?? "");
  const before = fs.statSync(file).ino;
  expect((await person.run("forecast --json")).code).toBe(0);
  // One that V8 refuses is written anew.
  expect(fs.statSync(file).ino).toBe(before);
});

// V8 takes whatever compiled code has the right length: the program of a stranger ran as the user, or as root.
test("compiled code that came with a packed CODEX_HOME or CODEX_AUTH_DIR is never run", async () => {
  const person = new Person();
  const { raw, marker } = person.poison();
  for (const poison of [raw, sealCode(raw)]) {
    put(join(person.codexHome, "codex-auth/code-cache", cacheName), poison);
    put(join(person.codexHome, "code-cache", cacheName), poison);
    put(join(person.codexHome, "codex-auth", cacheName), poison);
    put(join(person.codexHome, ".cache/codex-auth", cacheName), poison);
    put(person.root.file("store/code-cache/codex-auth"), Buffer.from(""));
    put(person.root.file("store/codex-auth/" + cacheName), poison);
    fs.symlinkSync(person.codexHome, person.root.file(`link-${poison.length}`));
    const environments: Record<string, string>[] = [
      {},
      { HOME: person.codexHome },
      { XDG_CACHE_HOME: join(person.codexHome, ".cache") },
      { HOME: person.root.file(`link-${poison.length}`) },
      { CODEX_AUTH_DIR: join(person.codexHome, "codex-auth") },
      { CODEX_AUTH_DIR: person.root.file("store"), XDG_CACHE_HOME: person.root.file("store") },
      { CODEX_AUTH_DIR: person.root.file("store/codex-auth"), XDG_CACHE_HOME: person.root.file("store") },
    ];
    for (const env of environments) {
      const { stderr } = await person.run("list", env);
      // A folder with compiled code in it and no pool is refused before anything is read from it.
      expect({ env, stderr }).toEqual({
        env,
        stderr: expect.stringMatching(/^$|holds other files and no pool/),
      });
      expect({ env, isPoisoned: fs.existsSync(marker) }).toEqual({ env, isPoisoned: false });
    }
  }
});

test("the poison of these tests works: in the user's own cache folder it would run", async () => {
  const person = new Person();
  const { raw, marker } = person.poison();
  put(person.file, sealCode(raw));
  await person.run("list");
  expect(fs.existsSync(marker)).toBe(true);
});

const notOurs: [string, (person: Person) => void][] = [
  ["a file that others can write", ({ file }) => fs.chmodSync(file, 0o620)],
  ["a file that others can read", ({ file }) => fs.chmodSync(file, 0o644)],
  ["a folder that others can write", ({ folder }) => fs.chmodSync(folder, 0o777)],
  ["a file with a second name", ({ file, root }) => fs.linkSync(file, root.file("second"))],
  ["a link instead of the file", ({ file, root }) => moveAndLink(file, root.file("elsewhere"))],
  ["a link instead of the folder", ({ folder, root }) => moveAndLink(folder, root.file("elsewhere"))],
  ...(isRoot
    ? ([
        ["a file of another user", ({ file }) => fs.chownSync(file, nobody, nobody)],
        ["a folder of another user", ({ folder }) => fs.chownSync(folder, nobody, nobody)],
      ] as [string, (person: Person) => void][])
    : []),
];

function moveAndLink(path: string, elsewhere: string): void {
  fs.renameSync(path, elsewhere);
  fs.symlinkSync(elsewhere, path);
}

test.each(notOurs)("%s is not taken for our cache", async (_, spoil) => {
  const person = new Person();
  const { raw, marker } = person.poison();
  put(person.file, sealCode(raw));
  spoil(person);
  expect(await person.run("list")).toMatchObject({ code: 0, stderr: "" });
  expect(fs.existsSync(marker)).toBe(false);
});

const noPlace: [string, (person: Person) => Record<string, string>][] = [
  ["HOME is not set", () => ({ HOME: "" })],
  ["HOME names nothing", ({ root }) => ({ HOME: root.file("nowhere") })],
  ["HOME is relative", () => ({ HOME: "here" })],
  ["the cache folder is a file", ({ root }) => ({ XDG_CACHE_HOME: root.write("cache", "mine") })],
  ["the cache folder is a dangling link", ({ root }) => ({ XDG_CACHE_HOME: dangling(root) })],
  [
    "the cache folder is in the store",
    ({ codexHome }) => ({ XDG_CACHE_HOME: join(codexHome, "codex-auth") }),
  ],
];

function dangling(root: TestHome): string {
  fs.symlinkSync(root.file("nothing"), root.file("link"));
  return root.file("link");
}

test.each(noPlace)("where %s there is no cache, and everything works", async (_, envOf) => {
  const person = new Person();
  const env = envOf(person);
  for (const line of ["import", "switch 1", "list"])
    expect(await person.run(line, env)).toMatchObject({ code: 0, stderr: "" });
  const names = fs.readdirSync(person.root.path, { recursive: true, encoding: "utf8" });
  expect(names.filter((name) => /\.v8$|nowhere|^here|nothing/.test(name))).toEqual([]);
});

test.runIf(isRoot)("in a cache folder of another user nothing is written", async () => {
  const person = new Person();
  fs.mkdirSync(person.root.file(".cache"));
  fs.chownSync(person.root.file(".cache"), nobody, nobody);
  expect((await person.run("import")).code).toBe(0);
  expect(fs.readdirSync(person.root.file(".cache"))).toEqual([]);
});

// With a HOME open to everybody, another user won 7 of 200 races between the look at the folder and the reading.
test.runIf(isRoot)("folders that another user swaps in a loop run nothing of theirs", async () => {
  const person = new Person();
  const { raw, marker } = person.poison();
  fs.chmodSync(person.root.path, 0o755);
  await person.run("import");
  await person.run("list");
  fs.chmodSync(person.root.file(".cache"), 0o777);
  const theirs = person.root.file(".cache/theirs");
  put(join(theirs, cacheName), sealCode(raw));
  fs.chownSync(theirs, nobody, nobody);
  fs.chownSync(join(theirs, cacheName), nobody, nobody);
  await swapInLoop(person, theirs);
  const { env } = person.root;
  const paths = resolvePaths({ ...env, CODEX_HOME: person.codexHome }, env["HOME"] ?? "", "/");
  const ours = new Set<string>();
  for (let round = 0; round < 20_000; round += 1) {
    const read = readCodeCache(paths, cacheName);
    ours.add(read.kind);
    if (read.kind === "whole" && read.data.length === raw.length) expect(read.data.equals(raw)).toBe(false);
  }
  // Both were met: a moment with our folder, and one without.
  expect([...ours].sort()).toEqual(["none", "whole"]);
  for (const line of ["list", "switch 1", "list", "import", "status", "list"])
    expect({ line, code: (await person.run(line)).code }).toEqual({ line, code: 0 });
  expect(fs.existsSync(marker)).toBe(false);
});

/** In the place of our folder stands theirs, and then a link to it, again and again. */
async function swapInLoop(person: Person, theirs: string): Promise<void> {
  const swap = `const fs = require("node:fs"), [ours, theirs, aside] = process.argv.slice(1);
    process.stdout.write("ready");
    for (let round = 0; ; round += 1) {
      try {
        fs.renameSync(ours, aside);
        if (round % 2) fs.renameSync(theirs, ours); else fs.symlinkSync(theirs, ours);
        if (round % 2) fs.renameSync(ours, theirs); else fs.unlinkSync(ours);
        fs.renameSync(aside, ours);
      } catch {}
    }`;
  const places = [person.folder, theirs, person.root.file(".cache/aside")];
  const attacker = spawn(process.execPath, ["-e", swap, ...places], {
    uid: nobody,
    gid: nobody,
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void attacker.kill("SIGKILL"));
  await new Promise((resolve) => attacker.stdout.once("data", resolve));
}

// V8 trusts what it is given: of 154 commands on a cache with some wrong bytes, 103 ended with SIGSEGV.
test("a cache with any damage never ends a command", async () => {
  const random = seeded(20_261_120);
  const rounds = Array.from({ length: 150 }, (_, round) => round);
  const work = async () => {
    const person = new Person();
    await person.run("import");
    await person.run("list");
    const whole = fs.readFileSync(person.file);
    for (let round = rounds.pop(); round !== undefined; round = rounds.pop()) {
      put(person.file, damaged(whole, round, random));
      const { code, stderr } = await person.run("list");
      expect({ round, code, stderr }).toEqual({ round, code: 0, stderr: "" });
    }
  };
  await Promise.all([work(), work(), work()]);
});

test("a damaged cache is replaced, also by a command that only looks", async () => {
  const person = new Person();
  await person.run("import");
  await person.run("list");
  const whole = fs.readFileSync(person.file);
  for (const round of [0, 1, 3, 4, 28, 29]) {
    put(person.file, damaged(whole, round, seeded(round + 1)));
    await person.run("list");
    const { size } = fs.statSync(person.file);
    await person.run("list");
    expect(Math.abs(size - whole.length)).toBeLessThan(whole.length / 2);
  }
});

/** One wrong bit, some wrong bytes, a piece of zeros, a torn end, another file, nothing. */
function damaged(whole: Buffer, round: number, random: () => number): Buffer {
  const bytes = Buffer.from(whole);
  const place = () => Math.floor(random() * bytes.length);
  if (round % 30 === 28) return Buffer.alloc(round % 60 === 28 ? 0 : bytes.length);
  if (round % 30 === 29) return Buffer.from("no compiled code");
  if (round % 5 === 0) bytes.fill(0, place(), undefined);
  else if (round % 5 === 1) return bytes.subarray(0, place());
  else if (round % 5 === 2) return Buffer.concat([bytes, Buffer.from([place() & 0xff])]);
  else for (let count = round % 5 === 3 ? 1 : 40; count > 0; count -= 1) flip(bytes, place(), random);
  return bytes;
}

function flip(bytes: Buffer, at: number, random: () => number): void {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

test("uninstall takes the cache along and leaves none behind", async () => {
  const person = new Person();
  await person.run("import");
  await person.run("list");
  const { stdout } = await person.run("uninstall --dry-run");
  expect(stdout).toContain(person.file);
  put(join(person.folder, "notes.txt"), Buffer.from("mine"));
  expect((await person.run("uninstall --yes")).code).toBe(0);
  expect(fs.readdirSync(person.folder)).toEqual(["notes.txt"]);
  fs.rmSync(join(person.folder, "notes.txt"));
  await person.run("import");
  expect((await person.run("uninstall --yes")).code).toBe(0);
  expect(fs.readdirSync(person.root.file(".cache"))).toEqual([]);
});

// Characters in regular expressions were no escapes, and became others when the program was read: `explain` missed `■`.
test.each(["program", "daily"])("%s.cjs is ASCII, because it is read as Latin-1", (name) => {
  const bytes = fs.readFileSync(join(projectRoot, `dist/cli/${name}.cjs`));
  expect(bytes.findIndex((byte) => byte > 0x7f)).toBe(-1);
});
