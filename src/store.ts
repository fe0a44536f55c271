// `codex-auth/store`: the accounts of a Codex home, behind one lock.
export { openStore } from "./store/open-store.ts";
export type { OpenStoreOptions } from "./store/open-store.ts";
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
export type { Flag, FlagReason } from "./store/refresh-mark.ts";
export type { AccountNews, ReachedKind } from "./accounts/account-news.ts";
export type { Availability } from "./accounts/availability.ts";
export type { Block, BlockKind } from "./accounts/block.ts";
export type { Credits } from "./accounts/credits.ts";
export type { Limit, LimitSource } from "./accounts/limit.ts";
