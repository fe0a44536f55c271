import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import {
  beginningOf,
  databaseNames,
  knownChecksums,
  migrationFaults,
  migrationTable,
} from "../../src/codex/database/migrations.ts";
import { codexPrograms, programHolds } from "../../src/machine/codex-programs.ts";
import { readDatabase } from "../../src/machine/databases.ts";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { AppServer } from "./support/app-server.ts";
import { codexBinary, codexVersion, environment, runCodexAuth, runTurn } from "./support/codex.ts";
import { startFake, temporaryHome } from "./support/home.ts";

interface Finding {
  id: string;
  severity: string;
  message: string;
  fix: string | null;
  evidence: string[];
}

/** A home with the databases that a turn and an app-server make. */
async function homeWithDatabases(): Promise<{ fake: FakeOpenAI; home: string }> {
  const fake = await startFake();
  const home = temporaryHome(
    fake.issuer.issue({ email: "a@example.com", accountId: "acct-a", userId: "user-a" }),
  );
  expect((await runTurn(codexVersion, fake, home)).stdout).toBe("hello\n");
  await threads(fake, home);
  return { fake, home };
}

/** The sessions that an app-server lists; throws where it does not start. */
async function threads(fake: FakeOpenAI, home: string): Promise<number> {
  const server = await AppServer.start(codexVersion, fake, home);
  const { data } = (await server.request("thread/list", { sourceKinds: ["exec"] })) as { data: unknown[] };
  await server.close();
  return data.length;
}

async function found(home: string, env: Record<string, string> = {}): Promise<Finding[]> {
  const words = ["doctor", "--only", "migration_modified", "--json"];
  return (JSON.parse((await runCodexAuth(words, { home, env })).stdout) as { findings: Finding[] }).findings;
}

/** Changes the recorded checksum in the database itself, or in its -wal: nobody has it open. */
function spoil(home: string, database: string, number: number): void {
  const rows = readDatabase(fs, join(home, database), migrationTable) ?? [];
  const checksum = Buffer.from((rows[number - 1]?.[4] ?? []) as Uint8Array);
  const other = createHash("sha384").update(checksum).digest();
  let count = 0;
  for (const name of [database, `${database}-wal`]) {
    const file = join(home, name);
    if (!existsSync(file) || statSync(file).size === 0) continue;
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf(checksum); at !== -1; at = bytes.indexOf(checksum, at + 1)) {
      other.copy(bytes, at);
      count += 1;
    }
    writeFileSync(file, name === database ? bytes : sealed(bytes));
  }
  expect(count).toBeGreaterThan(0);
}

/** A -wal file whose frames have the checksums of what is in them now; SQLite passes over all others. */
function sealed(bytes: Buffer): Buffer {
  const pageSize = bytes.readUInt32BE(8);
  let sums: [number, number] = [0, 0];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      sums[0] = (sums[0] + bytes.readUInt32LE(at) + sums[1]) >>> 0;
      sums[1] = (sums[1] + bytes.readUInt32LE(at + 4) + sums[0]) >>> 0;
    }
  };
  add(0, 24);
  expect([bytes.readUInt32BE(24), bytes.readUInt32BE(28)]).toEqual(sums);
  for (let frame = 32; frame + 24 + pageSize <= bytes.length; frame += 24 + pageSize) {
    if (bytes.readUInt32BE(frame + 8) !== bytes.readUInt32BE(16)) break;
    add(frame, frame + 8);
    add(frame + 24, frame + 24 + pageSize);
    bytes.writeUInt32BE(sums[0], frame + 16);
    bytes.writeUInt32BE(sums[1], frame + 20);
  }
  return bytes;
}

test("every checksum that the real Codex writes is known", async () => {
  const { home } = await homeWithDatabases();
  const names = readdirSync(home).filter((name) => name.endsWith(".sqlite"));
  expect(names.filter((name) => !databaseNames.includes(name))).toEqual([]);
  expect(names.length).toBeGreaterThanOrEqual(5);
  for (const name of names) {
    const rows = readDatabase(fs, join(home, name), migrationTable) ?? [];
    const known = knownChecksums(name).slice(0, rows.length);
    expect(known.map((each, index) => each.includes(beginningOf(rows[index]?.[4] as Uint8Array)))).toEqual(
      rows.map(() => true),
    );
    expect(migrationFaults(name, rows)).toEqual([]);
  }
  expect(await found(home)).toEqual([]);
});

test("databases in use are read with what is only in their -wal", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  const server = await AppServer.start(codexVersion, fake, home);
  expect(statSync(join(home, "state_5.sqlite-wal")).size).toBeGreaterThan(
    statSync(join(home, "state_5.sqlite")).size,
  );
  const rows = readDatabase(fs, join(home, "state_5.sqlite"), migrationTable);
  await server.close();
  expect(rows?.length).toBeGreaterThan(60);
  expect(readDatabase(fs, join(home, "state_5.sqlite"), migrationTable)).toEqual(rows);
});

test.each([
  ["state_5", 40],
  ["goals_1", 2],
  ["memories_1", 1],
  ["queue_1", 2],
])(
  "%s with another checksum stops the app-server until it is moved away; exec goes on",
  async (name, number) => {
    const { fake, home } = await homeWithDatabases();
    spoil(home, `${name}.sqlite`, number);
    await expect(threads(fake, home)).rejects.toThrow("the app-server ended");
    expect((await runTurn(codexVersion, fake, home)).stdout).toBe("hello\n");
    const [first, ...others] = await found(home);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      severity: "error",
      evidence: [expect.stringContaining(`migration ${number}`)],
    });
    execFileSync("sh", ["-c", first?.fix ?? "false"], { cwd: home });
    expect(await threads(fake, home)).toBe(2);
    expect(await found(home)).toEqual([]);
  },
);

test.each([
  ["logs_2", 1],
  ["thread_history_1", 3],
])("%s with another checksum stops nothing", async (name, number) => {
  const { fake, home } = await homeWithDatabases();
  spoil(home, `${name}.sqlite`, number);
  expect(await threads(fake, home)).toBe(1);
  expect(await found(home)).toMatchObject([{ severity: "warning" }]);
});

test("the installed program holds the checksums that it accepts, and none that was spoiled", async () => {
  const { home } = await homeWithDatabases();
  const [program = ""] = codexPrograms(fs, dirname(codexBinary(codexVersion)), "linux");
  const rows = readDatabase(fs, join(home, "state_5.sqlite"), migrationTable) ?? [];
  for (const row of [rows[0], rows[39], rows[61]])
    expect(programHolds(fs, program, row?.[4] as Uint8Array)).toBe(true);
  spoil(home, "state_5.sqlite", 40);
  const path = `${dirname(codexBinary(codexVersion))}:${environment({ home })["PATH"]}`;
  expect(await found(home, { PATH: path })).toHaveLength(1);
});
