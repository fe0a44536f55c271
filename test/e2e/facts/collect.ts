import type { CodexVersion } from "../support/codex.ts";
import { databasesOf } from "./databases.ts";
import type { CodexFacts } from "./facts.ts";

/** Asks the program itself, in an empty folder that may become its home. The network is cut. */
export async function collectFacts(version: CodexVersion, home: string): Promise<CodexFacts> {
  return { version, databases: await databasesOf(version, home) };
}
