import { basename, dirname, join } from "node:path";
import { errorCode } from "../../machine/file-error.ts";
import { type FileSystem, linkTarget, namesIn } from "../../machine/file-system.ts";
import { openNew } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { isRunning } from "../../machine/processes.ts";

type HomePaths = Pick<Paths, "codexHome" | "configFile">;

/** A CODEX_HOME for one question to Codex, which may do with it as it likes. */
export interface TrialHome {
  path: string;
  remove: () => void;
}

/** A question takes well under a second, and is given up after ten: by then its number may be that of another process. */
const abandonedMs = 60_000;

/** No key: it only has the shape of one. */
const forgedLogin = { auth_mode: "apikey", OPENAI_API_KEY: "sk-forged-for-a-trial-of-the-configuration" };

/**
 * Makes a home beside the real one, whose configuration it shares by links; the login in it is forged, so that none can be
 * deleted or renewed. Null where no folder can be made there. Where `text` is given, it stands in for config.toml.
 */
export function makeTrialHome(
  fs: FileSystem,
  paths: HomePaths,
  { pid, nowMs, text }: { pid: number; nowMs: number; text: string | null },
): TrialHome | null {
  const path = `${placeOf(paths)}${pid}-${nowMs.toString(36)}`;
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS", "EEXIST", "ENOENT", "ENOSPC"].includes(errorCode(error))) return null;
    throw error;
  }
  const home = { path, remove: () => fs.rmSync(path, { recursive: true, force: true }) };
  try {
    write(fs, join(path, "auth.json"), JSON.stringify(forgedLogin));
    if (text === null) fs.symlinkSync(linkTarget(fs, paths.configFile), join(path, "config.toml"));
    else write(fs, join(path, "config.toml"), text);
    linkNamedFiles(fs, paths, path);
    return home;
  } catch {
    // A disk without links, or a full one: the tables decide.
    home.remove();
    return null;
  }
}

/** Codex writes into some folders of its home, so only what it cannot change is shared: plain files that it only reads. */
function linkNamedFiles(fs: FileSystem, { codexHome }: HomePaths, trial: string): void {
  const names = namesIn(fs, codexHome).filter((name) => readOnly.test(name) && !written.test(name));
  for (const name of names) {
    const source = join(codexHome, name);
    if (isPlain(fs, source)) fs.symlinkSync(source, join(trial, name));
  }
}

const readOnly = /\.(?:md|txt|pem|crt|json)$|\.config\.toml$/;
const written = /^(?:\.|auth\.|models_cache|version|history)/;

function write(fs: FileSystem, path: string, text: string): void {
  const fd = openNew(fs, path);
  try {
    fs.writeSync(fd, text);
  } finally {
    fs.closeSync(fd);
  }
}

function isPlain(fs: FileSystem, path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Removes the homes of questions that were killed. Nothing but a folder of this user is touched. */
export function sweepTrialHomes(fs: FileSystem, paths: HomePaths, nowMs: number): void {
  for (const path of leftTrialHomes(fs, paths, nowMs)) fs.rmSync(path, { recursive: true, force: true });
}

/** Those whose question has ended: nothing in them is of use to anybody. */
export function leftTrialHomes(fs: FileSystem, paths: HomePaths, nowMs: number): string[] {
  const prefix = placeOf(paths);
  return namesIn(fs, dirname(prefix))
    .filter((name) => name.startsWith(basename(prefix)))
    .map((name) => join(dirname(prefix), name))
    .filter((path) => {
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (!stat?.isDirectory() || stat.uid !== (process.geteuid?.() ?? stat.uid)) return false;
      const [, pid] = /-trial-(\d+)-/.exec(path) ?? [];
      return Math.abs(nowMs - stat.mtimeMs) > abandonedMs || (pid !== undefined && !isRunning(Number(pid)));
    });
}

function placeOf({ codexHome }: HomePaths): string {
  return join(dirname(codexHome), `${basename(codexHome)}.codex-auth-trial-`);
}
