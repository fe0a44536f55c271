import * as fs from "node:fs";
import { keyNames, offeredNames } from "./program/offered-names.ts";
import { contents } from "./commands/contents.ts";
import { resolvePaths, userHome } from "./machine/paths.ts";
import { currentFolder } from "./process/signals.ts";
import { openOutput } from "./process/streams.ts";
import type { Content } from "./program/command.ts";
import { candidateLines, complete, wordsIn } from "./program/complete.ts";
import { completedWords, readInvocation } from "./program/invocation.ts";
import { refuse } from "./program/refuse.ts";

/** What may be typed behind each command, put in by the build. */
declare const CODEX_AUTH_WORDS: Readonly<Record<string, string>>;

/** What TAB offers where the names of the accounts have to be made first, or where something is wrong. */
void offer();

async function offer(): Promise<void> {
  const { env } = process;
  const argv = process.argv.slice(2);
  const teller = { stdout: openOutput(1, env), stderr: openOutput(2, env), env, now: Date.now };
  const paths = resolvePaths(env, userHome(env), currentFolder());
  const about = {
    contents,
    wordsOf: ({ name }: Content) => wordsIn(CODEX_AUTH_WORDS[name]),
    accounts: () => offeredNames(fs, paths),
    keys: () => keyNames(fs, paths, env),
  };
  try {
    teller.stdout.write(candidateLines(await complete(about, completedWords(argv))));
  } catch (error) {
    process.exitCode = await refuse(teller, contents, readInvocation(argv), error);
  }
}
