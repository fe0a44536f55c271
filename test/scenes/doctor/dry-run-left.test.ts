import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { homeWith, run } from "../../support/store-home.ts";

test.each([
  ["a pipe", (path: string) => execFileSync("mkfifo", [path]), "auth_file_not_regular"],
  [
    "a link that leads nowhere",
    (path: string) => fs.symlinkSync("/nowhere/auth.json", path),
    "auth_link_broken",
  ],
  ["a folder", (path: string) => fs.mkdirSync(`${path}/x`, { recursive: true }), "auth_file_not_regular"],
])("with auth.json as %s a dry run says what fix would leave, and exits 1", async (_, put, id) => {
  const home = await homeWith(["a"]);
  fs.rmSync(home.paths.authFile);
  put(home.paths.authFile);
  const { code, stdout } = await run(home, ["fix", "--dry-run"]);
  expect(code).toBe(1);
  expect(stdout).toContain("Left for you:");
  expect(stdout).toContain(`[${id}]`);
});

test("a dry run does not list as left what fix would fix", async () => {
  const home = await homeWith(["a"]);
  fs.chmodSync(home.paths.authFile, 0o644);
  const { stdout } = await run(home, ["fix", "--dry-run", "--json"]);
  const { changes, findings } = JSON.parse(stdout) as Record<"changes" | "findings", { id: string }[]>;
  expect(changes.map(({ id }) => id)).toContain("auth_file_open");
  expect(findings.map(({ id }) => id)).not.toContain("auth_file_open");
});
