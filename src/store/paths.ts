import { dirname, isAbsolute, join, resolve } from "node:path";

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
  /** Private homes of `exec`. */
  homesDir: string;
  storeLock: string;
}

type Env = Record<string, string | undefined>;

const homesName = "homes";

/** HOME, as Codex takes it; where it is not set, what the system says. */
export function userHome(env: Env): string {
  return env["HOME"] || process.getBuiltinModule("node:os").homedir();
}

/** In a private home of `exec`, CODEX_HOME names that one; this is the home that it stands for. */
export const realHomeVariable = "CODEX_AUTH_REAL_HOME";

/** Reads CODEX_HOME and CODEX_AUTH_DIR as Codex does: no `~` is expanded, an empty value counts as unset. */
export function resolvePaths(env: Env, userHome: string, cwd: string): Paths {
  const given = env["CODEX_AUTH_DIR"];
  const named = resolve(cwd, env["CODEX_HOME"] || join(userHome, ".codex"));
  const isPrivate = Boolean(given) && dirname(named) === join(resolve(cwd, given ?? ""), homesName);
  const codexHome = (isPrivate && env[realHomeVariable]) || named;
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
    homesDir: join(storeDir, homesName),
    storeLock: join(storeDir, "locks", "store.lock"),
  };
}

function absolute(path: string, cwd: string): string {
  return isAbsolute(path) ? path : resolve(cwd, path);
}
