import { basename, dirname, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { findAccount } from "./adopt.ts";
import { readLiveFile } from "./auth-file.ts";
import type { FileSystem } from "./file-system.ts";
import { linkTarget } from "./files.ts";
import { kindOfPath, realPath } from "./home-place.ts";
import type { Paths } from "./paths.ts";
import type { Pool } from "./pool-file.ts";

/**
 * Binds the pool to this home. A renewal writes the new token into one auth.json only, so another home with a login of
 * the pool would keep a used-up one: then this throws `pool_of_another_home`. Returns the home whose place this one
 * takes, because it is gone or has no login of the pool; null when there is none.
 */
export function settlePoolHome(fs: FileSystem, paths: Paths, pool: Pool): string | null {
  const here = realPath(fs, paths.codexHome);
  const former = homeOfPool(fs, paths, pool);
  if (dirname(here) === realPath(fs, paths.homesDir)) throw privateError(paths, former);
  // Several homes may lead to one auth.json by links.
  if (former !== null && (former === here || isSameLogin(fs, paths, former))) return null;
  const why = former === null ? null : whyBound(fs, former, pool);
  if (former !== null && why !== null) throw foreignError(paths, former, why);
  // Around a pool in its usual place is its home, wherever that is moved.
  pool.home = usualHome(fs, paths) === here ? null : here;
  return pool.accounts.length > 0 ? former : null;
}

/** The home that the pool serves, as far as is known: that of its last change, or the one in which it lies. */
export function homeOfPool(fs: FileSystem, paths: Paths, { home }: Pool): string | null {
  return home ?? usualHome(fs, paths);
}

/** Why a home counts as the one of the pool, as half a sentence; null when nothing of the pool is in it. */
export function whyBound(fs: FileSystem, home: string, pool: Pool): string | null {
  if (pool.accounts.length === 0 || kindOfPath(fs, home) !== "folder") return null;
  try {
    const { login, state } = readLiveFile(fs, join(home, "auth.json"));
    if (state === "broken") return "its auth.json is damaged, and may hold a login of the pool";
    return login && findAccount(pool, login) ? "its auth.json holds a login of the pool" : null;
  } catch {
    return "its auth.json cannot be read, and may hold a login of the pool";
  }
}

function usualHome(fs: FileSystem, { storeDir }: Paths): string | null {
  const real = realPath(fs, storeDir);
  return basename(real) === "codex-auth" ? dirname(real) : null;
}

function isSameLogin(fs: FileSystem, { authFile }: Paths, home: string): boolean {
  try {
    return linkTarget(fs, authFile) === linkTarget(fs, join(home, "auth.json"));
  } catch {
    return false;
  }
}

function foreignError({ storeDir, codexHome }: Paths, home: string, why: string): CodexAuthError {
  const message = `The pool in ${storeDir} belongs to ${home}: ${why}. With ${codexHome} too, one of the two would keep a used-up token.`;
  const hint = [
    "To take the pool along to this CODEX_HOME: codex auth move-here",
    `To go on there: export CODEX_HOME='${home}'. For a pool of its own here: unset CODEX_AUTH_DIR`,
  ].join("\n");
  return new CodexAuthError("pool_of_another_home", message, { hint });
}

function privateError({ codexHome }: Paths, home: string | null): CodexAuthError {
  const message = `${codexHome} is a private home of exec, and CODEX_AUTH_REAL_HOME does not say of which.`;
  const hint = `Use the home that it stands for: export CODEX_HOME='${home ?? "<your CODEX_HOME>"}'`;
  return new CodexAuthError("pool_of_another_home", message, { hint });
}
