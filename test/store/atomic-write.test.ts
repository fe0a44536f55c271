import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TestHome, threeLogins } from "../support/home.ts";

function homeWithFolder(names: readonly string[]) {
  const home = new TestHome();
  home.writeLogins(threeLogins);
  const folder = join(home.path, "mine");
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o777);
  for (const name of names) fs.writeFileSync(join(folder, name), "mine");
  const run = (...args: string[]) => home.run(args, { env: { CODEX_AUTH_DIR: folder } });
  return { home, folder, run };
}

test("a folder that somebody uses is refused as CODEX_AUTH_DIR, and stays as it is", async () => {
  for (const name of ["thesis.txt", "history.jsonl", "backups"]) {
    const { home, folder, run } = homeWithFolder([name]);
    const { code, stderr } = await run("import", home.file("logins"));
    expect([code, stderr]).toEqual([1, expect.stringContaining("holds other files and no pool")]);
    expect(fs.readdirSync(folder)).toEqual([name]);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o777);
  }
});

test("an empty folder is taken, and used again with what stands in it", async () => {
  const { home, folder, run } = homeWithFolder([]);
  expect((await run("import", home.file("logins"))).code).toBe(0);
  fs.writeFileSync(join(folder, "thesis.txt"), "mine");
  expect((await run("label", "1", "work")).code).toBe(0);
  expect((await run("uninstall", "--yes", "--forget-accounts")).code).toBe(0);
  expect(fs.readdirSync(folder)).toEqual(["thesis.txt"]);
});
