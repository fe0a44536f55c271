import { type CommandWords, wordsOf } from "./program/complete.ts";
import { commands } from "./commands/index.ts";
import { makeParser } from "./program/parser.ts";

/** What may be typed behind each command, for the build to write down. */
export async function allWords(): Promise<Record<string, CommandWords>> {
  const words = commands.map(async (entry) => {
    const parser = await makeParser(entry, await entry.load());
    return [entry.name, wordsOf(parser)] as const;
  });
  return Object.fromEntries(await Promise.all(words));
}
