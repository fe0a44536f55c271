import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { readDocument } from "../../src/database/database.ts";
import { backEnds } from "../support/database-backends.ts";
import { openTestDatabase } from "../support/databases.ts";
import { workerScript } from "../support/worker-script.ts";

test.each(backEnds())(
  "four processes that add to one document of $name 50 times each lose nothing",
  async (backEnd) => {
    const at = backEnd.address();
    const database = await openTestDatabase(at);
    try {
      await Promise.all([1, 2, 3, 4].map(() => worker(at)));
      expect((await readDocument(database, "sum", "s"))?.body).toBe("200");
    } finally {
      await database.close();
    }
  },
);

/** Adds one to a document fifty times, in a process of its own. */
function worker(at: string): Promise<void> {
  const child = spawn(process.execPath, [workerScript("database-worker"), at], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`worker: ${code}`))));
  });
}
