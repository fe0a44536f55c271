import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { migrationTable } from "../../../src/codex/database/migrations.ts";
import type { FoundFault } from "../../../src/doctor/check.ts";
import { migrationModified } from "../../../src/doctor/checks/databases.ts";
import type { Facts } from "../../../src/doctor/facts.ts";
import { readDatabase } from "../../../src/machine/databases.ts";
import { projectRoot, TestHome } from "../../support/home.ts";
import { withMadeUpFiles } from "../../support/made-up-files.ts";

const folder = join(projectRoot, "fixtures/homes/migration-modified/home");

/** A look at the home with the modified database, as if it were at `codexHome`. */
async function look(env: Record<string, string>, codexHome = folder): Promise<readonly FoundFault[]> {
  const system: Record<string, string> = {
    "/proc/version": "Linux version 6.6 (Microsoft)",
    "/proc/self/mounts": "/dev/sda / ext4 rw 0 0\nC:\\134 /mnt/c 9p rw,aname=drvfs 0 0\n",
  };
  const there = (path: string) => path.replace(codexHome, folder);
  const madeUp = withMadeUpFiles((path) => system[path]);
  const mapped = {
    ...fs,
    statSync: (path: string, ...rest: unknown[]) => madeUp.statSync(there(path), ...rest),
    openSync: (path: string, ...rest: unknown[]) => madeUp.openSync(there(path), ...rest),
  };
  const scene = {
    ctx: { fs: mapped, env: { HOME: "/home/me", ...env } },
    paths: { codexHome },
    config: { tree: {} },
  };
  const looked = await migrationModified.look(scene as unknown as Facts);
  return "skipped" in looked ? [] : looked;
}

test("a home that WSL shares with Windows: a home of its own is advised", async () => {
  const [found] = await look({}, "/mnt/c/Users/me/.codex");
  expect(found?.command).toContain('export CODEX_HOME="$HOME/.codex-wsl"');
});

test("in WSL on a disk of its own the database is moved away", async () => {
  const [found] = await look({});
  expect(found?.command).toContain("state_5-set-aside-");
});

test("a checksum that the installed Codex holds is none that was modified", async () => {
  const rows = readDatabase(fs, join(folder, "state_5.sqlite"), migrationTable) ?? [];
  const home = new TestHome();
  const program = (bytes: Uint8Array) =>
    fs.writeFileSync(home.file("codex"), Buffer.concat([Buffer.from("\x7fELF"), bytes, Buffer.alloc(99)]), {
      mode: 0o755,
    });
  program(rows[39]?.[4] as Uint8Array);
  expect(await look({ PATH: home.path })).toEqual([]);
  program(rows[38]?.[4] as Uint8Array);
  expect(await look({ PATH: home.path })).toHaveLength(1);
});
