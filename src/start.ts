import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";
import { contents, dailyNames } from "./commands/contents.ts";
import { setEngineFlag, takesEngineFlags } from "./machine/engine-flags.ts";
import { type Paths, resolvePaths, userHome } from "./machine/paths.ts";
import { currentFolder } from "./process/signals.ts";
import { isTerminal, openOutput } from "./process/streams.ts";
import { type Content, findContent } from "./program/command.ts";
import {
  completionWord,
  isBare,
  isVersion,
  readInvocation,
  renewalWord,
  strayWord,
  topicOf,
} from "./program/invocation.ts";
import { cacheNameOf, hasCacheFolder, readCodeCache, writeCodeCache } from "./store/files/code-cache.ts";

/** What main.ts and daily.ts export. */
interface Program {
  /** Whether the command wrote to the store. */
  finished: Promise<boolean>;
}

interface CachedProgram {
  /** Of the file beside this one. */
  name: string;
  /** What the cache is for. */
  build: string;
  /** Whether a cache may be left where none is, by a command that has written to the store or has not. */
  mayKeep: (paths: Paths, hasWritten: boolean) => boolean;
  /** Whether it computes so much that V8 would begin to optimize, and still ends before that is of use. */
  isBusy: (paths: Paths) => boolean;
}

const choice = chooseProgram(process.argv.slice(2), {
  contents,
  dailyNames,
  hidden: [renewalWord],
  isTerminal: () => isTerminal(1),
});
const requireHere = createRequire(__filename);

if (choice.kind === "version") tellVersion();
else if (choice.kind === "general") requireHere("./general.cjs");
else if (choice.kind === "complete") requireHere("./complete.cjs");
else if (choice.kind === "daily") {
  // Most daily commands write nothing, and there would never be a cache for them.
  const mayKeep = (paths: Paths, hasWritten: boolean) => hasWritten || hasCacheFolder(paths);
  // A forecast of many accounts goes on for so long that optimizing pays.
  const isBusy = (paths: Paths) =>
    choice.command === "forecast" ? poolBytes(paths) < 500_000 : poolBytes(paths) > 1_000_000;
  runCached({ name: "daily.cjs", build: `${CODEX_AUTH_BUILDS.daily}-${choice.command}`, mayKeep, isBusy });
} else {
  const mayKeep = (_: Paths, hasWritten: boolean) => hasWritten;
  runCached({ name: "program.cjs", build: CODEX_AUTH_BUILDS.program, mayKeep, isBusy: () => false });
}

function tellVersion(): void {
  try {
    openOutput(1, process.env).write(`${CODEX_AUTH_VERSION}\n`);
  } catch {
    // It knows how to say what is wrong with standard output.
    requireHere("./general.cjs");
  }
}

/** An account takes about four thousand. */
function poolBytes({ poolFile }: Paths): number {
  try {
    return statSync(poolFile).size;
  } catch {
    return 0;
  }
}

/** What a command compiled differs from time to time: its first run had no account, or no figures. */
const renewedAfterMs = 7 * 24 * 3_600_000;

/**
 * Runs a program from V8's code cache, which saves most of the time of a short command. One that only looks leaves no
 * trace: the folder for the cache is made by a command that writes to the store anyway.
 */
function runCached({ name, build, mayKeep, isBusy }: CachedProgram): void {
  const file = join(__dirname, name);
  const paths = resolvePaths(process.env, userHome(process.env), currentFolder());
  const isUnoptimized = takesEngineFlags() && isBusy(paths);
  // See docs/decisions/speed.md. Compiled code is refused under other flags than it was made with.
  if (isUnoptimized) setEngineFlag("--no-opt");
  const cacheName = cacheNameOf(isUnoptimized ? `${build}plain` : build);
  const cached = readCodeCache(paths, cacheName);
  // The build writes ASCII, which takes less time to read as what it is.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "latin1")}\n})`;
  const cachedData = cached.kind === "whole" ? { cachedData: cached.data } : {};
  const script = new Script(source, { filename: file, ...cachedData });
  const program: { exports: Program } = { exports: { finished: Promise.resolve(false) } };
  script.runInThisContext()(program.exports, requireHere, program, file, __dirname);
  void keepCache();

  async function keepCache(): Promise<void> {
    const hasWritten = await program.exports.finished;
    const isUseless = cached.kind !== "whole" || script.cachedDataRejected === true;
    const isOld = cached.kind === "whole" && Date.now() - cached.writtenMs > renewedAfterMs;
    if (process.exitCode !== 0 || !(isUseless || isOld)) return;
    // Looked at again, because the command may have removed it.
    const isDamaged = cached.kind === "damaged" && readCodeCache(paths, cacheName).kind === "damaged";
    if (isDamaged || mayKeep(paths, hasWritten)) writeCodeCache(paths, cacheName, script.createCachedData());
  }
}

/**
 * What answers a command line: `version` a number, `general` the help or a refusal,
 * `complete` what TAB offers, `daily` the small program, `whole`
 * the one with everything. `command` is the one that a small program runs, and what its compiled code is kept for.
 */
type Choice = { kind: "version" | "general" | "complete" | "whole" } | { kind: "daily"; command: string };

interface Tables {
  contents: readonly Content[];
  dailyNames: readonly string[];
  /** Words that are no commands for people. */
  hidden: readonly string[];
  /** Whether a person reads the answer. */
  isTerminal?: () => boolean;
}

function chooseProgram(
  argv: readonly string[],
  { contents, dailyNames, hidden, isTerminal }: Tables,
): Choice {
  const invocation = readInvocation(argv);
  const { name, isJson } = invocation;
  if (strayWord(invocation) !== null) return { kind: "general" };
  if (isVersion(invocation)) return { kind: isJson ? "general" : "version" };
  if (name !== null && hidden.includes(name)) return { kind: "whole" };
  if (isBare(invocation) && isTerminal?.()) return { kind: "daily", command: "overview" };
  const topic = topicOf(invocation);
  const content = findContent(contents, topic);
  const isDaily = content !== undefined && dailyNames.includes(content.name);
  if (name === completionWord) return { kind: isJson ? "whole" : "complete" };
  if (!content) return { kind: "general" };
  return isDaily ? { kind: "daily", command: content.name } : { kind: "whole" };
}
