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
export type { Flag, FlagReason } from "./pool/marks.ts";
export type { AccountNews, ReachedKind } from "./quota/block.ts";
export type { Availability } from "./quota/availability.ts";
export type { Block, BlockKind } from "./quota/block.ts";
export type { Credits } from "./quota/limit.ts";
export type { Limit, LimitSource } from "./quota/limit.ts";
