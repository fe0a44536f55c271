import type { Context } from "../context.ts";
import { emptyPool, parsePool, type Pool } from "../pool/pool.ts";
import { readOwnText } from "./text/own-text.ts";

/** What pool.json alone says; an empty pool when it cannot be read. For prompts, which never wait or fail. */
export function knownPool({ fs, store }: Pick<Context, "fs" | "store">): Pool {
  const { poolFile } = store.paths;
  try {
    return parsePool(readOwnText(fs, poolFile) ?? "", poolFile);
  } catch {
    return emptyPool();
  }
}
