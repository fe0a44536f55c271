/** A process that adds one to a document fifty times, however many others do the same. */
import { readDocument, replaceDocument } from "../../src/database/database.ts";
import { openTestDatabase } from "./databases.ts";

async function addFifty(address: string): Promise<void> {
  const database = await openTestDatabase(address);
  for (let added = 0; added < 50;) {
    const before = await readDocument(database, "sum", "s");
    const { version, body } = before ?? { version: 0, body: "0" };
    const next = { kind: "sum", id: "s", version, body: String(Number(body) + 1), changedMs: database.now() };
    if (await replaceDocument(database, next)) added += 1;
  }
  await database.close();
}

// Node ends without a word where nothing keeps it awake.
process.exitCode = 13;
await addFifty(process.argv[2] ?? "");
process.exitCode = 0;
