import { overrides } from "../codex/environment.ts";
import type { Account } from "../store/account.ts";
import { realHomeVariable } from "../store/paths.ts";
import type { PrivateHome } from "../store/store.ts";
import type { Context } from "./context.ts";

/** The environment of a program that runs in a private home. */
export function privateEnvironment(
  { env, store }: Pick<Context, "env" | "store">,
  { id, label, login }: Account,
  { path }: Pick<PrivateHome, "path">,
): Context["env"] {
  const { codexHome, storeDir } = store.paths;
  const hidden = overrides(env).map(({ name }) => [name, undefined] as const);
  return {
    ...env,
    ...Object.fromEntries(hidden),
    CODEX_HOME: path,
    // Links to databases would hide from SQLite which -wal file belongs to them.
    CODEX_SQLITE_HOME: env["CODEX_SQLITE_HOME"] || codexHome,
    CODEX_AUTH_DIR: storeDir,
    [realHomeVariable]: codexHome,
    CODEX_AUTH_ACCOUNT: login.email ?? id,
    CODEX_AUTH_LABEL: label ?? undefined,
  };
}
