import { overrides } from "../codex/environment.ts";
import type { Account } from "../store/account.ts";
import { realHomeVariable } from "../store/paths.ts";
import type { PrivateHome, Snapshot } from "../store/store.ts";
import { accountVariable } from "./chosen-account.ts";
import type { Context } from "./context.ts";
import { accountsNamed } from "./select-account.ts";

/** The environment of a program that runs in a private home. */
export function privateEnvironment(
  { env, store }: Pick<Context, "env" | "store">,
  { pool }: Pick<Snapshot, "pool">,
  { account, home }: { account: Account; home: Pick<PrivateHome, "path"> },
): Context["env"] {
  const { codexHome, storeDir } = store.paths;
  const hidden = overrides(env).map(({ name }) => [name, undefined] as const);
  return {
    ...env,
    ...Object.fromEntries(hidden),
    CODEX_HOME: home.path,
    // Links to databases would hide from SQLite which -wal file belongs to them.
    CODEX_SQLITE_HOME: env["CODEX_SQLITE_HOME"] || codexHome,
    CODEX_AUTH_DIR: storeDir,
    [realHomeVariable]: codexHome,
    [accountVariable]: nameInside(account, pool.accounts),
    CODEX_AUTH_LABEL: account.label ?? undefined,
  };
}

/** For prompts, and for codex-auth inside, which an e-mail with several seats would not tell the account. */
function nameInside({ id, label, login }: Account, accounts: readonly Account[]): string {
  const { email } = login;
  return email !== null && accountsNamed(accounts, email).length === 1 ? email : (label ?? id);
}
