import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "./account.ts";
import { codexProcesses } from "./codex-processes.ts";
import { readTextIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { realPath } from "./home-place.ts";
import { pathsAt } from "./paths.ts";
import type { Paths } from "./paths.ts";
import { parsePool } from "./pool-file.ts";
import { homeOfPool, whyBound } from "./pool-home.ts";
import type { Moved, Store } from "./store.ts";

interface Move {
  fs: FileSystem;
  /** Opens the same pool for another home. */
  open: (paths: Paths) => Store;
}

/**
 * Makes this home the one that the pool serves. First the login of the old home goes from its auth.json into the pool:
 * killed there, the next command finds an old home without a login, and takes its place.
 */
export async function movePool(store: Store, { fs, open }: Move): Promise<Moved> {
  const { paths } = store;
  const text = readTextIfPresent(fs, paths.poolFile);
  const pool = text === null ? null : parsePool(text, paths.poolFile);
  const from = pool && homeOfPool(fs, paths, pool);
  const isBound = pool !== null && from !== null && whyBound(fs, from, pool) !== null;
  const isElsewhere = from !== null && from !== realPath(fs, paths.codexHome);
  const account = isElsewhere && isBound ? await signOut(open(pathsAt(paths, from)), fs, from) : null;
  const { live, active } = await store.transaction("move-here", (draft) => draft);
  const hasOwnLogin = live.state === "login" && active === null;
  return { from: isElsewhere ? from : null, account, hasOwnLogin };
}

/** Takes the login of a home into the pool, with whatever Codex has renewed, and its auth.json away. */
async function signOut(store: Store, fs: FileSystem, home: string): Promise<Account | null> {
  refuseRunningCodex(home);
  const account = await store.transaction("move-here", (draft) => {
    draft.backUp();
    const { active } = draft;
    if (active) draft.deactivate();
    return active;
  });
  const { pool } = await store.read();
  const why = whyBound(fs, home, pool);
  if (why === null) return account;
  throw new CodexAuthError("pool_of_another_home", `The pool stays with ${home}: ${why}.`, {
    hint: `Mend it there first: CODEX_HOME='${home}' codex-auth fix`,
  });
}

/** It holds the login in its memory, and would spend the token that this home has then. */
function refuseRunningCodex(home: string): void {
  const [running] = codexProcesses(home) ?? [];
  if (!running) return;
  const message = `A Codex still runs in ${home} (process ${running.pid}), with a login of the pool.`;
  throw new CodexAuthError("store_in_use", message, {
    hint: `End it first: kill ${running.pid}. Nothing was changed.`,
  });
}
