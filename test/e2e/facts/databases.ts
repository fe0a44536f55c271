import * as fs from "node:fs";
import { join } from "node:path";
import { migrationTable } from "../../../src/codex/database/migrations.ts";
import { readDatabase } from "../../../src/machine/databases.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { AppServer } from "../support/app-server.ts";
import { type CodexVersion, runTurn } from "../support/codex.ts";
import type { Migration } from "./facts.ts";

/** The migrations of the databases that a turn and an app-server make in an empty home. */
export async function databasesOf(
  version: CodexVersion,
  home: string,
): Promise<Record<string, readonly Migration[]>> {
  const fake = await FakeOpenAI.start();
  try {
    const login = fake.issuer.issue({ email: "a@example.com", accountId: "acct-a", userId: "user-a" });
    fs.writeFileSync(join(home, "auth.json"), JSON.stringify(login), { mode: 0o600 });
    await runTurn(version, fake, home);
    const server = await AppServer.start(version, fake, home);
    await server.close();
  } finally {
    await fake.close();
  }
  const names = fs.readdirSync(home).filter((name) => name.endsWith(".sqlite"));
  return Object.fromEntries(names.sort().map((name) => [name, migrationsIn(join(home, name))]));
}

function migrationsIn(path: string): Migration[] {
  const rows = readDatabase(fs, path, migrationTable) ?? [];
  return rows.map(([number, description, , , checksum]) => ({
    number: Number(number),
    description: String(description),
    sha384: Buffer.from(checksum as Uint8Array).toString("hex"),
  }));
}
