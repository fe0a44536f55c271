import { isAbsolute, join, resolve } from "node:path";

/** Where everything is. All paths are absolute. */
export interface Paths {
  codexHome: string;
  /** True when CODEX_HOME is set; Codex then insists that the folder exists. */
  isHomeExplicit: boolean;
  authFile: string;
  authLock: string;
  configFile: string;
  storeDir: string;
  poolFile: string;
  backupsDir: string;
  locksDir: string;
  parkedDir: string;
  rescueDir: string;
  /** Limits and cooldowns. */
  usageFile: string;
  /** Percent steps for the forecast, one a line. */
  historyFile: string;
  /** What was read from Codex's session logs. */
  sessionIndexDir: string;
  storeLock: string;
}

type Env = Record<string, string | undefined>;

export function codeCacheDir(storeDir: string): string {
  return join(storeDir, "code-cache");
}

/** HOME, as Codex takes it; where it is not set, what the system says. */
export function userHome(env: Env): string {
  return env["HOME"] || process.getBuiltinModule("node:os").homedir();
}

/** Reads CODEX_HOME and CODEX_AUTH_DIR as Codex does: no `~` is expanded, an empty value counts as unset. */
export function resolvePaths(env: Env, userHome: string, cwd: string): Paths {
  const codexHome = resolve(cwd, env["CODEX_HOME"] || join(userHome, ".codex"));
  const given = env["CODEX_AUTH_DIR"];
  const storeDir = given ? absolute(given, cwd) : join(codexHome, "codex-auth");
  return {
    codexHome,
    isHomeExplicit: Boolean(env["CODEX_HOME"]),
    authFile: join(codexHome, "auth.json"),
    authLock: join(codexHome, "auth.lock"),
    configFile: join(codexHome, "config.toml"),
    storeDir,
    poolFile: join(storeDir, "pool.json"),
    backupsDir: join(storeDir, "backups"),
    locksDir: join(storeDir, "locks"),
    parkedDir: join(storeDir, "parked"),
    rescueDir: join(storeDir, "rescue"),
    usageFile: join(storeDir, "limits.json"),
    historyFile: join(storeDir, "history.jsonl"),
    sessionIndexDir: join(storeDir, "sessions"),
    storeLock: join(storeDir, "locks", "store.lock"),
  };
}

function absolute(path: string, cwd: string): string {
  return isAbsolute(path) ? path : resolve(cwd, path);
}
