import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { codexPrograms, programHolds } from "../../src/machine/codex-programs.ts";
import { TestHome } from "../support/home.ts";

function write(home: TestHome, name: string, content: string | Uint8Array): string {
  const path = home.file(name);
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, content, { mode: 0o755 });
  return path;
}

const vendor = "vendor/x86_64-unknown-linux-musl";

test.each([
  ["a package beside it", `lib/node_modules/@openai/codex-linux-x64/${vendor}/bin/codex`],
  [
    "a package below it",
    `lib/node_modules/@openai/codex/node_modules/@openai/codex-linux-x64/${vendor}/bin/codex`,
  ],
  ["its own package, as of old", `lib/node_modules/@openai/codex/${vendor}/codex/codex`],
])("npm's script leads to the program in %s", (_, place) => {
  const home = new TestHome();
  const script = write(home, "lib/node_modules/@openai/codex/bin/codex.js", "#!/usr/bin/env node\n");
  fs.mkdirSync(home.file("bin"));
  fs.symlinkSync(script, home.file("bin/codex"));
  const program = write(home, place, "\x7fELF");
  expect(codexPrograms(fs, `:${home.file("none")}:${home.file("bin")}`, "linux")).toEqual([
    fs.realpathSync(program),
  ]);
});

test("a program of its own is found once, however often PATH leads to it", () => {
  const home = new TestHome();
  const program = write(home, "one/codex", "\x7fELF");
  fs.mkdirSync(home.file("two"));
  fs.symlinkSync(program, home.file("two/codex"));
  expect(codexPrograms(fs, `${home.file("one")}:${home.file("two")}`, "linux")).toEqual([
    fs.realpathSync(program),
  ]);
});

test.each([[0], [1], [7_999_976], [7_999_999], [8_000_000], [15_999_950], [17_000_000 - 48]])(
  "bytes at %i of a large program are found",
  (at) => {
    const home = new TestHome();
    const bytes = new Uint8Array(17_000_000);
    const wanted = Uint8Array.from({ length: 48 }, (_, index) => index + 1);
    bytes.set(wanted, at);
    const program = write(home, "codex", bytes);
    expect(programHolds(fs, program, wanted)).toBe(true);
    expect(programHolds(fs, program, Uint8Array.from(wanted).reverse())).toBe(false);
  },
);

test("what is no file holds nothing", () => {
  const home = new TestHome();
  expect(programHolds(fs, home.file("none"), new Uint8Array(48))).toBe(false);
  expect(programHolds(fs, join(home.path, "."), new Uint8Array(48))).toBe(false);
});
