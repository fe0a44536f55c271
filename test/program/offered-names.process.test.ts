import * as fs from "node:fs";
import { expect, test } from "vitest";
import { drivers } from "../support/databases.ts";
import { runFake } from "../support/fake-context.ts";
import { homeWithThree, TestHome } from "../support/home.ts";

const tab = async (home: TestHome, words: readonly string[]) =>
  await home.runProcess(["__complete", "--", ...words]);

/** What the file says of which pool.json it was made. */
function stampOf(home: TestHome): string {
  const { ino, size, mtimeNs } = fs.statSync(home.file("codex-auth/pool.json"), { bigint: true });
  return `names of ${ino} ${size} ${mtimeNs}\n`;
}

test.each([
  [[""]],
  [["help", ""]],
  [["switch", ""]],
  [["switch", "-"]],
  [["use", "--dry-run", ""]],
  [["guard", "--account", ""]],
  [["guard", "--window", ""]],
  [["export", "--format", ""]],
  [["backup", ""]],
  [["remove", "1", ""]],
  [["exec", "--", ""]],
  [["nonsense", ""]],
  [["gateway", "key", ""]],
  [["gateway", "key", "show", ""]],
])("%j: TAB of the built program offers what the commands themselves say", async (words) => {
  const home = await homeWithThree();
  await runFake(home, ["gateway", "key", "create", "ci"], { databaseDrivers: drivers });
  const { stdout } = await runFake(home, ["__complete", "--", ...words]);
  expect(await tab(home, words)).toMatchObject({ code: 0, stdout, stderr: "" });
});

test("names are kept beside the pool, for the user alone, and made anew when the pool changes", async () => {
  const home = await homeWithThree();
  const names = home.file("codex-auth/names");
  const { stdout } = await tab(home, ["switch", ""]);
  expect(fs.readFileSync(names, "utf8")).toBe(stampOf(home) + stdout);
  expect(fs.statSync(names).mode & 0o777).toBe(0o600);
  await home.run(["label", "1", "brandnew"]);
  expect((await tab(home, ["switch", ""])).stdout).toMatch(/^brandnew\t/m);
  expect((await home.run(["uninstall", "--forget-accounts", "--yes"])).code).toBe(0);
  expect(fs.existsSync(home.file("codex-auth"))).toBe(false);
});

test("where there is no pool, TAB makes none", async () => {
  const home = new TestHome();
  expect(await tab(home, ["switch", ""])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(fs.existsSync(home.file("codex-auth"))).toBe(false);
});

test("whatever stands in the file of the names, nothing that acts is offered", async () => {
  const home = await homeWithThree();
  await tab(home, ["switch", ""]);
  const hostile = ["-rf\tx", "esc\u001b]0;x\u0007\tx", "rtl\u202e\tx", "a\tb\tc", "\t", "ok\tesc\u001b[2J"];
  home.write("codex-auth/names", `${stampOf(home)}${hostile.join("\n")}\n`);
  const { stdout } = await tab(home, ["switch", ""]);
  expect(stdout).toBe("ok\tesc\\u001b[2J\n");
});

test("a link, or a folder, in the place of the names is not followed and not replaced by force", async () => {
  const home = await homeWithThree();
  const names = home.file("codex-auth/names");
  const { stdout } = await tab(home, ["switch", ""]);
  const elsewhere = home.write("elsewhere", `${stampOf(home)}planted\tx\n`);
  fs.rmSync(names);
  fs.symlinkSync(elsewhere, names);
  expect((await tab(home, ["switch", ""])).stdout).toBe(stdout);
  expect(fs.readFileSync(elsewhere, "utf8")).toContain("planted");
  fs.rmSync(names);
  fs.mkdirSync(names);
  expect(await tab(home, ["switch", ""])).toMatchObject({ code: 0, stdout, stderr: "" });
});
