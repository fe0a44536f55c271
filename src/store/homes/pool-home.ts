import { shellWord } from "../../text/shell-words.ts";
import { basename, dirname, join } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { codexProcesses } from "../../machine/codex-processes.ts";
import { type FileSystem, linkTarget } from "../../machine/file-system.ts";
import { kindOfPath, realPath } from "../../machine/path-kind.ts";
import { type Paths, pathsAt } from "../../machine/paths.ts";
import type { Account } from "../../pool/account.ts";
import { findAccount } from "../../pool/adopt.ts";
import { parsePool, type Pool } from "../../pool/pool.ts";
import type { StoreContext } from "../context.ts";
import { readLive } from "./live-place.ts";
import type { Moved, Store } from "../store.ts";
import { readOwnText } from "../own-text.ts";

type Places = Pick<StoreContext, "fs" | "findSlot">;

/**
 * Binds the pool to this home. A renewal writes the new token into one auth.json only, so another home with a login of
 * the pool would keep a used-up one: then this throws `pool_of_another_home`. Returns the home whose place this one
 * takes, because it is gone or has no login of the pool; null when there is none.
 */
export async function settlePoolHome(ctx: Places, paths: Paths, pool: Pool): Promise<string | null> {
  const { fs } = ctx;
  const here = realPath(fs, paths.codexHome);
  const former = homeOfPool(fs, paths, pool);
  if (dirname(here) === realPath(fs, paths.homesDir)) throw privateError(paths, former);
  // Several homes may lead to one auth.json by links.
  if (former !== null && (former === here || isSameLogin(fs, paths, former))) return null;
  const why = former === null ? null : await whyBound(ctx, paths, former, pool);
  if (former !== null && why !== null) throw foreignError(paths, former, why);
  // Around a pool in its usual place is its home, wherever that is moved.
  pool.home = usualHome(fs, paths) === here ? null : here;
  return pool.accounts.length > 0 ? former : null;
}

/** The home that the pool serves, as far as is known: that of its last change, or the one in which it lies. */
function homeOfPool(fs: FileSystem, paths: Paths, { home }: Pool): string | null {
  return home ?? usualHome(fs, paths);
}

/** Why a home counts as the one of the pool, as half a sentence; null when nothing of the pool is in it. */
async function whyBound(
  { fs, findSlot }: Places,
  paths: Paths,
  home: string,
  pool: Pool,
): Promise<string | null> {
  if (pool.accounts.length === 0 || kindOfPath(fs, home) !== "folder") return null;
  try {
    const there = pathsAt(paths, home);
    const { login, state, refusal, place } = readLive(fs, there, (await findSlot?.(there)) ?? null);
    const its = place.kind === "file" ? "its auth.json" : "its entry in the keyring";
    if (refusal) return `${its} cannot be read, and may hold a login of the pool`;
    if (state === "broken") return `${its} is damaged, and may hold a login of the pool`;
    return login && findAccount(pool, login) ? `${its} holds a login of the pool` : null;
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
    `To go on there: export CODEX_HOME=${shellWord(home)}. For a pool of its own here: unset CODEX_AUTH_DIR`,
  ].join("\n");
  return new CodexAuthError("pool_of_another_home", message, { hint });
}

function privateError({ codexHome }: Paths, home: string | null): CodexAuthError {
  const message = `${codexHome} is a private home of exec, and CODEX_AUTH_REAL_HOME does not say of which.`;
  const hint = `Use the home that it stands for: export CODEX_HOME=${home === null ? "<your CODEX_HOME>" : shellWord(home)}`;
  return new CodexAuthError("pool_of_another_home", message, { hint });
}

interface Move extends Places {
  /** Opens the same pool for another home. */
  open: (paths: Paths) => Store;
}

/**
 * Makes this home the one that the pool serves. First the login of the old home goes from its auth.json into the pool:
 * killed there, the next command finds an old home without a login, and takes its place.
 */
export async function movePool(store: Store, { open, ...places }: Move): Promise<Moved> {
  const { paths } = store;
  const { fs } = places;
  const text = readOwnText(fs, paths.poolFile);
  const pool = text === null ? null : parsePool(text, paths.poolFile);
  const from = pool && homeOfPool(fs, paths, pool);
  const isBound = pool !== null && from !== null && (await whyBound(places, paths, from, pool)) !== null;
  const isElsewhere = from !== null && from !== realPath(fs, paths.codexHome);
  const account = isElsewhere && isBound ? await signOut(open(pathsAt(paths, from)), places, from) : null;
  const { live, active } = await store.transaction("move-here", (transaction) => transaction);
  const hasOwnLogin = live.state === "login" && active === null;
  return { from: isElsewhere ? from : null, account, hasOwnLogin };
}

/** Takes the login of a home into the pool, with whatever Codex has renewed, and its auth.json away. */
async function signOut(store: Store, places: Places, home: string): Promise<Account | null> {
  refuseRunningCodex(home);
  const account = await store.transaction("move-here", (transaction) => {
    transaction.backUp();
    const { active } = transaction;
    if (active) transaction.deactivate();
    return active;
  });
  const { pool } = await store.read();
  const why = await whyBound(places, store.paths, home, pool);
  if (why === null) return account;
  throw new CodexAuthError("pool_of_another_home", `The pool stays with ${home}: ${why}.`, {
    hint: `Fix it there first: CODEX_HOME=${shellWord(home)} codex-auth fix`,
  });
}

/** It holds the login in its memory, and would spend the token that this home has then. */
function refuseRunningCodex(home: string): void {
  const [running] = codexProcesses(home) ?? [];
  if (!running) return;
  const message = `A Codex still runs in ${home} (process ${running.pid}), with a login of the pool.`;
  throw new CodexAuthError("store_in_use", message, {
    hint: "Close that Codex yourself, so that no turn of it is lost, and run this again. Nothing was changed.",
  });
}
