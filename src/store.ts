// `codex-auth/store`: the accounts of a Codex home, behind one lock.
import * as nodeFs from "node:fs";
import { resolvePaths, userHome } from "./machine/paths.ts";
import { currentProcess } from "./machine/processes.ts";
import { keyringHere } from "./machine/systems/here.ts";
import type { FindSlot } from "./store/context.ts";
import { openFileStore } from "./store/file-store.ts";
import { findSlot } from "./store/homes/live-place.ts";
import type { Store } from "./store/library-store.ts";
import { sealingFs } from "./store/seal/sealing-fs.ts";

export type {
  Account,
  AccountUsage,
  Draft,
  Pool,
  Snapshot,
  Store,
  StoreChange,
  StorePaths,
  UsageByAccount,
  WatchOptions,
} from "./store/library-store.ts";
export type { AuthDocument, Identity, Login, LoginKind } from "./codex/auth-json.ts";
export type { Flag, FlagReason } from "./pool/marks.ts";
export type { AccountNews, ReachedKind } from "./quota/block.ts";
export type { Availability } from "./quota/availability.ts";
export type { Block, BlockKind } from "./quota/block.ts";
export type { Credits } from "./quota/limit.ts";
export type { Limit, LimitSource } from "./quota/limit.ts";

export interface OpenStoreOptions {
  /** Absolute path; default: CODEX_HOME of `env`, else `~/.codex`. */
  codexHome?: string;
  /** Absolute path; default: CODEX_AUTH_DIR of `env`, else `codex-auth` in the Codex home. */
  storeDir?: string;
  /** Default: none, so that a library call does not depend on the environment of the process unless told to. */
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the locked store of a Codex home: the accounts, and the login in auth.json. Nothing is read or made before the
 * first call. `read` takes no lock; `transaction` changes pool and auth.json together or not at all, and throws
 * `CodexAuthError` (`store_locked`, `pool_unreadable`, `disk_full`, …) with nothing changed. Source: codex-auth's own
 * file format; see README, "Where things are".
 */
export function openStore({ codexHome, storeDir, env = {} }: OpenStoreOptions = {}): Store {
  const places = {
    CODEX_HOME: codexHome ?? env["CODEX_HOME"],
    CODEX_AUTH_DIR: storeDir ?? env["CODEX_AUTH_DIR"],
  };
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const paths = resolvePaths({ ...env, ...places }, userHome(env), "/");
  const fs = sealingFs(nodeFs, paths, env);
  const place = { fs, env, platform: process.platform, keyring: keyringHere(env) };
  const find: FindSlot = (home) => findSlot(place, home);
  return openFileStore(paths, { fs, now: () => Date.now(), sleep, self: currentProcess, findSlot: find });
}
