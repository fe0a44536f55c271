import type { Env } from "../codex/environment.ts";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

/** Where everything is. All paths are absolute. */
export interface Paths {
  codexHome: string;
  /** True when CODEX_HOME is set; Codex then insists that the folder exists. */
  isHomeExplicit: boolean;
  /** CODEX_AUTH_DIR as it was given; null when it is not set. */
  givenStoreDir: string | null;
  authFile: string;
  authLock: string;
  configFile: string;
  storeDir: string;
  poolFile: string;
  backupsDir: string;
  locksDir: string;
  displacedDir: string;
  unsavedDir: string;
  /** Private homes of `exec`. */
  homesDir: string;
  /** Limits and cooldowns. */
  usageFile: string;
  /** Names of the accounts, for TAB. */
  namesFile: string;
  /** What a prompt shows of the active account. */
  promptFile: string;
  /** Percent steps for the forecast, one a line. */
  historyFile: string;
  /** Ids of the sessions that a rotation proxy served. */
  proxiedFile: string;
  /** What was read from Codex's session logs. */
  sessionIndexDir: string;
  storeLock: string;
  /** V8's compiled form of the program, for all homes of the user; null where the user has no folder for it. */
  codeCacheDir: string | null;
  /** Where earlier versions kept it. */
  oldCodeCacheDir: string;
}

const homesName = "homes";

/** In a private home of `exec`, CODEX_HOME names that one; this is the home that it stands for. */
export const realHomeVariable = "CODEX_AUTH_REAL_HOME";

/** HOME, as Codex takes it; where it is not set, what the system says. */
export function userHome(env: Env): string {
  return env["HOME"] || process.getBuiltinModule("node:os").homedir();
}

/** Reads CODEX_HOME and CODEX_AUTH_DIR as Codex does: no `~` is expanded, an empty value counts as unset. */
export function resolvePaths(env: Env, userHome: string, cwd: string): Paths {
  const givenStoreDir = env["CODEX_AUTH_DIR"] || null;
  const named = resolve(cwd, env["CODEX_HOME"] || join(userHome, ".codex"));
  const ofPrivate = givenStoreDir === null ? storeOfPrivateHome(named) : resolve(cwd, givenStoreDir);
  const isPrivate = ofPrivate !== null && dirname(named) === join(ofPrivate, homesName);
  const codexHome = (isPrivate && (env[realHomeVariable] || homeAround(ofPrivate))) || named;
  const storeDir = ofPrivate ?? join(codexHome, "codex-auth");
  return {
    ...filesOf(codexHome),
    isHomeExplicit: Boolean(env["CODEX_HOME"]),
    givenStoreDir,
    storeDir,
    poolFile: join(storeDir, "pool.json"),
    backupsDir: join(storeDir, "backups"),
    locksDir: join(storeDir, "locks"),
    displacedDir: join(storeDir, "parked"),
    unsavedDir: join(storeDir, "rescue"),
    homesDir: join(storeDir, homesName),
    usageFile: join(storeDir, "limits.json"),
    namesFile: join(storeDir, "names"),
    promptFile: join(storeDir, "prompt"),
    historyFile: join(storeDir, "history.jsonl"),
    proxiedFile: join(storeDir, "proxied-sessions"),
    sessionIndexDir: join(storeDir, "sessions"),
    storeLock: join(storeDir, "locks", "store.lock"),
    codeCacheDir: codeCacheDir(env),
    oldCodeCacheDir: join(storeDir, "code-cache"),
  };
}

/** Where Codex reads the configuration of the whole machine. */
export function codexSystemFolder(platform: string, env: Env): string {
  if (platform !== "win32") return "/etc/codex";
  return join(env["ProgramData"] ?? String.raw`C:\ProgramData`, "OpenAI", "Codex");
}

/** The same pool seen from another home. */
export function pathsAt(paths: Paths, codexHome: string): Paths {
  return { ...paths, isHomeExplicit: true, ...filesOf(codexHome) };
}

function filesOf(codexHome: string) {
  return {
    codexHome,
    authFile: join(codexHome, "auth.json"),
    authLock: join(codexHome, "auth.lock"),
    configFile: join(codexHome, "config.toml"),
  };
}

/** Where the variables of `exec` are lost, the name of a private home still tells its pool; null for any other home. */
function storeOfPrivateHome(home: string): string | null {
  const folder = dirname(home);
  return basename(folder) === homesName && /^[0-9a-f]{12}-\d+$/.test(basename(home)) ? dirname(folder) : null;
}

/** A pool in its usual place lies in its home; null for one elsewhere. */
function homeAround(storeDir: string): string | null {
  return basename(storeDir) === "codex-auth" ? dirname(storeDir) : null;
}

/** What the system says where HOME is not set would be a place that the user did not choose. */
function codeCacheDir({ XDG_CACHE_HOME: cache = "", HOME: home = "" }: Env): string | null {
  if (isAbsolute(cache)) return join(cache, "codex-auth");
  return isAbsolute(home) ? join(home, ".cache", "codex-auth") : null;
}
