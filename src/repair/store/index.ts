import type { Check } from "../check.ts";
import { backupUnreadable } from "./backup-unreadable.ts";
import { codeCacheOld } from "./code-cache-old.ts";
import { diskFull } from "./disk-full.ts";
import { entriesSetAside } from "./entries-set-aside.ts";
import { figuresDamaged } from "./figures-damaged.ts";
import { filesKeptAside } from "./files-kept-aside.ts";
import { filesLeftBehind } from "./files-left-behind.ts";
import { folderReadOnly } from "./folder-read-only.ts";
import { lockHeld } from "./lock-held.ts";
import { lockLeftOver } from "./lock-left-over.ts";
import { locksNotShared } from "./locks-not-shared.ts";
import { locksUnreliable } from "./locks-unreliable.ts";
import { placeUnusable } from "./place-unusable.ts";
import { poolForbidden } from "./pool-forbidden.ts";
import { poolOfAnotherHome } from "./pool-of-another-home.ts";
import { poolTooNew } from "./pool-too-new.ts";
import { poolUnreadable } from "./pool-unreadable.ts";
import { rescueTorn } from "./rescue-torn.ts";
import { rotationKilled, rotationSuspended } from "./rotation-stopped.ts";
import { sessionLogEndless } from "./session-log-endless.ts";
import { storeFolderForeign } from "./store-folder-foreign.ts";
import { storeOpen } from "./store-open.ts";

export const storeChecks: readonly Check[] = [
  folderReadOnly,
  placeUnusable,
  diskFull,
  lockLeftOver,
  lockHeld,
  rotationKilled,
  rotationSuspended,
  poolTooNew,
  storeFolderForeign,
  poolOfAnotherHome,
  poolForbidden,
  poolUnreadable,
  entriesSetAside,
  storeOpen,
  rescueTorn,
  filesLeftBehind,
  codeCacheOld,
  filesKeptAside,
  backupUnreadable,
  figuresDamaged,
  sessionLogEndless,
  locksUnreliable,
  locksNotShared,
];
