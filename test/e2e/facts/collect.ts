import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { modern } from "../install.mjs";
import { codexBinary, type CodexVersion } from "../support/codex.ts";
import { ConfigExplorer } from "./config-explorer.ts";
import { ConfigJudge } from "./config-judge.ts";
import { databasesOf } from "./databases.ts";
import type { CodexFacts, ConfigTable } from "./facts.ts";
import { knownNames } from "./known-names.ts";
import { errorCodesIn, routesIn, textsIn } from "./program-text.ts";
import { wordsIn } from "./program-words.ts";
import { protocolOf } from "./protocol.ts";

/**
 * Asks the program itself, in empty folders below `home`. The network is cut. The keys of config.toml take a quarter of an
 * hour, and are those of `stored` where it is given.
 */
export async function collectFacts(
  version: CodexVersion,
  home: string,
  { log, stored }: { log: (line: string) => void; stored: CodexFacts | null },
): Promise<CodexFacts> {
  const folder = (name: string) => {
    mkdirSync(join(home, name));
    return join(home, name);
  };
  const program = codexBinary(version);
  const texts = textsIn(program);
  const protocol = await protocolOf(version, folder("protocol"));
  return {
    version,
    databases: await databasesOf(version, folder("databases")),
    protocol,
    routes: routesIn(texts),
    errorCodes: errorCodesIn(texts, protocol.errorInfo),
    config: stored ? (stored.config ?? null) : await configOf(version, folder("config"), log),
  };
}

/** Versions that are not in the list are newer ones. */
function isModern(version: CodexVersion): boolean {
  const minor = (each: string) => Number(each.split(".")[1]);
  return modern.some((each) => minor(each) <= minor(version));
}

async function configOf(
  version: CodexVersion,
  home: string,
  log: (line: string) => void,
): Promise<ConfigTable | null> {
  if (!isModern(version)) return null;
  const judge = await ConfigJudge.open(version, home);
  try {
    const words = wordsIn(codexBinary(version));
    const all = [...new Set([...words.all, ...knownNames])];
    return await new ConfigExplorer(judge, { ...words, all }, log).explore();
  } finally {
    await judge.close();
  }
}
