import * as fs from "node:fs";
import { createRequire } from "node:module";
import { contents } from "./commands/contents.ts";
import { resolvePaths, userHome } from "./machine/paths.ts";
import { currentFolder } from "./process/signals.ts";
import { openOutput } from "./process/streams.ts";
import type { Content } from "./program/command.ts";
import { candidateLines, complete, wordsIn } from "./program/complete.ts";
import { completedWords } from "./program/invocation.ts";
import { keyNames, knownNames } from "./program/offered-names.ts";

/** What may be typed behind each command as JSON, put in by the build. */
declare const CODEX_AUTH_WORDS: Readonly<Record<string, string>>;

/** What TAB offers, from what is written down of the commands and accounts: neither is loaded. */
void offer().catch(() => createRequire(__filename)("./offer.cjs"));

async function offer(): Promise<void> {
  const { env } = process;
  const paths = resolvePaths(env, userHome(env), currentFolder());
  const about = {
    contents,
    wordsOf: ({ name }: Content) => wordsIn(CODEX_AUTH_WORDS[name]),
    accounts: () => knownNames(fs, paths),
    keys: () => keyNames(fs, paths, env),
  };
  const candidates = await complete(about, completedWords(process.argv.slice(2)));
  openOutput(1, env).write(candidateLines(candidates));
}
