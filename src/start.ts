import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";
import { currentFolder } from "./platform/current-folder.ts";
import { cacheNameOf, readCodeCache, writeCodeCache } from "./store/code-cache.ts";
import { resolvePaths, userHome } from "./store/paths.ts";

/** What main.ts exports. */
interface Program {
  /** Whether the command wrote to the store. */
  finished: Promise<boolean>;
}

/**
 * Runs main.ts from V8's code cache, which saves a tenth of the time of a short command. Only a command that writes
 * to the store anyway leaves a cache where none was: one that only looks leaves no trace.
 */
const file = join(__dirname, "program.cjs");
const paths = resolvePaths(process.env, userHome(process.env), currentFolder());
const cacheName = cacheNameOf(CODEX_AUTH_BUILD);
const cached = readCodeCache(paths, cacheName);
// esbuild writes ASCII, which takes less time to read as what it is.
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "latin1")}\n})`;
const cachedData = cached.kind === "whole" ? { cachedData: cached.data } : {};
const script = new Script(source, { filename: file, ...cachedData });
const program: { exports: Program } = { exports: { finished: Promise.resolve(false) } };
script.runInThisContext()(program.exports, createRequire(file), program, file, __dirname);
void keepCache();

async function keepCache(): Promise<void> {
  const hasWritten = await program.exports.finished;
  const isUseless = cached.kind !== "whole" || script.cachedDataRejected === true;
  // Looked at again, because the command may have removed it.
  const isDamaged = () => cached.kind === "damaged" && readCodeCache(paths, cacheName).kind === "damaged";
  if (hasWritten ? isUseless : isDamaged()) writeCodeCache(paths, cacheName, script.createCachedData());
}
