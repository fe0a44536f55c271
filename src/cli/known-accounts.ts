import type { Account } from "../store/account.ts";
import { readTextIfPresent } from "../store/files.ts";
import { parsePool } from "../store/pool-file.ts";
import type { Context } from "./context.ts";

/** The accounts of pool.json alone; none when it cannot be read. For prompts and completions, which never wait or fail. */
export function knownAccounts({ fs, store }: Pick<Context, "fs" | "store">): readonly Account[] {
  const { poolFile } = store.paths;
  try {
    return parsePool(readTextIfPresent(fs, poolFile) ?? "", poolFile).accounts;
  } catch {
    return [];
  }
}
