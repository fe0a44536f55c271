import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { projectRoot } from "../../support/home.ts";

const root = mkdtempSync(join(tmpdir(), "codex-auth-checks-"));
const env = { PATH: process.env["PATH"], HOME: root, CODEX_HOME: root, NO_COLOR: "1", LANG: "C.UTF-8" };

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a gateway whose package was away for a moment is managed as before when it is back", async () => {
  const modules = join(root, "package", "node_modules");
  mkdirSync(modules, { recursive: true });
  for (const part of ["bin", "dist", "package.json"])
    cpSync(join(projectRoot, part), join(root, "package", part), { recursive: true });
  for (const part of ["libsql", "@libsql", "@neon-rs", "detect-libc", "zod"])
    symlinkSync(join(projectRoot, "node_modules", part), join(modules, part));
  const binary = join(root, "package", "bin", "codex-auth");
  const run = (...words: string[]) => spawnSync(binary, ["gateway", ...words], { env, encoding: "utf8" });
  const made = run("key", "create", "boss", "--role", "admin", "--json").stdout;
  const { secret } = (JSON.parse(made) as { key: { secret: string } }).key;

  const gateway = spawn(binary, ["gateway", "start"], { env, stdio: ["ignore", "ignore", "pipe"] });
  const origin = await new Promise<string>((resolve) =>
    gateway.stderr.on("data", (bytes: Buffer) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(bytes.toString());
      if (found) resolve(found[0]);
    }),
  );
  const asked = async () => {
    const answer = await fetch(`${origin}/api/keys`, { headers: { authorization: `Bearer ${secret}` } });
    return answer.status;
  };
  renameSync(join(modules, "zod"), join(modules, "away"));
  expect(await asked()).toBe(500);
  renameSync(join(modules, "away"), join(modules, "zod"));
  expect(await asked()).toBe(200);
  gateway.kill();
});
