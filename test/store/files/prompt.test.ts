import * as fs from "node:fs";
import { expect, test } from "vitest";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, TestHome, threeLogins } from "../../support/home.ts";

const read = (home: TestHome) => fs.readFileSync(home.file("codex-auth/prompt"), "utf8").split("\n");

test("the file is the user's alone, and holds no token", async () => {
  const home = await homeWithThree();
  await home.run(["switch", "2"]);
  const file = home.file("codex-auth/prompt");
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.statSync(home.file("codex-auth")).mode & 0o777).toBe(0o700);
  const { tokens } = JSON.parse(home.read("auth.json"));
  for (const token of Object.values<string>(tokens))
    expect(fs.readFileSync(file, "utf8")).not.toContain(token);
});

test.each([
  "$(touch x)@a",
  "`id`@a",
  "esc\u001b]0;x\u0007@a",
  "rtl\u202eevil@a",
  "100%!@a",
  "#[fg=red]@a",
  `${"x".repeat(200)}@a`,
])("the name %j is written without what acts", async (email) => {
  const home = new TestHome();
  await home.run(["import", home.write("login.json", forgeAuthJson({ email }))]);
  await home.run(["switch", "1"]);
  const [, name = ""] = read(home);
  expect(name).toMatch(/^[\w@.+/():,= -]{1,64}$/);
});

test("a link in its place is replaced, and not what it leads to", async () => {
  const home = await homeWithThree();
  const elsewhere = home.write("elsewhere", "mine");
  fs.rmSync(home.file("codex-auth/prompt"), { force: true });
  fs.symlinkSync(elsewhere, home.file("codex-auth/prompt"));
  await home.run(["switch", "2"]);
  expect(fs.readFileSync(elsewhere, "utf8")).toBe("mine");
  expect(fs.lstatSync(home.file("codex-auth/prompt")).isFile()).toBe(true);
});

test("where it cannot be written, the command works all the same", async () => {
  const home = await homeWithThree();
  fs.rmSync(home.file("codex-auth/prompt"), { force: true });
  fs.mkdirSync(home.file("codex-auth/prompt"));
  expect(await home.run(["switch", "2"])).toMatchObject({ code: 0, stderr: "" });
});

test("a command that looks notices what Codex wrote", async () => {
  const home = await homeWithThree();
  await home.run(["switch", "1"]);
  const before = read(home)[1];
  home.write("auth.json", forgeAuthJson(threeLogins["b"]));
  const later = new Date(Date.now() + 5000);
  fs.utimesSync(home.file("auth.json"), later, later);
  await home.run(["list"]);
  expect(read(home)[1]).not.toBe(before);
});
