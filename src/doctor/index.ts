// Longer than 250 lines: one list, a row for each check.
import type { DoctorCheck } from "./check.ts";
import { accountDuplicate, accountExpired, accountMoving, seatsOfOneEmail } from "./checks/accounts.ts";
import {
  accountIdMismatch,
  authFileBlank,
  authFileNewer,
  authFileOlder,
  authFileUnreadable,
  lastRefreshMissing,
} from "./checks/auth-content.ts";
import { authFileUnread, filesKeptAside, loginUnknown } from "./checks/login-unknown.ts";
import {
  authFileForbidden,
  authFileHardLinked,
  authFileMode,
  authFileNotRegular,
  authLinkBroken,
  authLockBlocked,
  fileMounted,
  fileOfAnotherUser,
  tokenUntidy,
} from "./checks/auth-file.ts";
import { clockBehind, clockSkewed } from "./checks/clock.ts";
import {
  codexHomeMissing,
  codexHomeOnWindows,
  codexHomeOpen,
  codexHomeRelative,
  codexHomeTemporary,
  homeOfAnother,
} from "./checks/codex-home.ts";
import {
  configDuplicateKey,
  configEncoding,
  configFileOpen,
  configLinkDangling,
  configTypo,
  configUnreadable,
} from "./checks/config-file.ts";
import {
  keyIgnored,
  legacyProfile,
  loginRestricted,
  modelUnknown,
  namedFileMissing,
  profileFileBroken,
} from "./checks/config-keys.ts";
import {
  codexRefuses,
  otherConfigBroken,
  projectKeyIgnored,
  providerWithoutOurLogin,
} from "./checks/config-layers.ts";
import {
  baseUrlDead,
  chatgptBaseUrlPlain,
  mcpServerInvalid,
  providerKeyMissing,
  providerNameless,
  providerReserved,
  providerUnknown,
} from "./checks/config-providers.ts";
import {
  approvalPolicyInvalid,
  configValueInvalid,
  credentialsStoreElsewhere,
  credentialsStoreInvalid,
  sandboxModeInvalid,
  wireApiRetired,
} from "./checks/config-values.ts";
import { migrationModified, sqliteHome } from "./checks/databases.ts";
import {
  codeCacheOld,
  diskFull,
  filesLeftBehind,
  folderReadOnly,
  sessionLogEndless,
  storeFolderForeign,
  storeOpen,
} from "./checks/disk.ts";
import {
  gatewayDatabaseTooNew,
  gatewayDatabaseUnreadable,
  gatewayKilled,
  gatewayOpen,
  gatewayPortHeld,
} from "./checks/gateway.ts";
import { lockHeld, lockLeftOver, locksNotShared, locksUnreliable } from "./checks/locks.ts";
import { loginRefused, workspaceUnroutable } from "./checks/login-refused.ts";
import {
  loginAmbiguous,
  loginExpired,
  loginFlagged,
  notLoggedIn,
  refreshInterrupted,
  renewalDue,
  renewalUnclear,
} from "./checks/login.ts";
import { proxyDead, proxyLoopback, proxySet, proxyUnsupported } from "./checks/network-proxy.ts";
import {
  networkIntercepted,
  networkServerError,
  networkUnreachable,
  websocketBlocked,
} from "./checks/network.ts";
import { codexHomeUnusable, folderRuleInvalid, placeUnusable } from "./checks/places.ts";
import {
  backupUnreadable,
  entriesUnreadable,
  figuresDamaged,
  fileUnsealed,
  poolForbidden,
  poolOfAnotherHome,
  poolTooNew,
  poolUnreadable,
  sealKey,
  unsavedTorn,
} from "./checks/pool.ts";
import {
  codexMissing,
  codexSeveral,
  codexVersion,
  loginPorts,
  processOnOldLogin,
} from "./checks/processes.ts";
import { baseUrlForeign, rotationKilled, rotationSuspended } from "./checks/rotation.ts";
import { baseUrlIgnored, caFile, envOverride, openaiKeyIgnored, urlOverride } from "./checks/variables.ts";

/** Syntax first: a text that parses again shows what else is wrong with it. */
const configChecks: readonly DoctorCheck[] = [
  configFileOpen,
  configLinkDangling,
  configEncoding,
  configTypo,
  configDuplicateKey,
  configUnreadable,
  otherConfigBroken,
  configValueInvalid,
  sandboxModeInvalid,
  approvalPolicyInvalid,
  credentialsStoreInvalid,
  credentialsStoreElsewhere,
  loginRestricted,
  legacyProfile,
  wireApiRetired,
  providerReserved,
  providerUnknown,
  providerNameless,
  providerKeyMissing,
  providerWithoutOurLogin,
  mcpServerInvalid,
  namedFileMissing,
  baseUrlDead,
  chatgptBaseUrlPlain,
  modelUnknown,
  codexRefuses,
  keyIgnored,
  projectKeyIgnored,
  profileFileBroken,
  migrationModified,
];

/** What keeps the file from being read or written comes first: the mends of the others write it. */
const credentialChecks: readonly DoctorCheck[] = [
  fileOfAnotherUser,
  authFileForbidden,
  authFileNotRegular,
  authLinkBroken,
  authLockBlocked,
  authFileHardLinked,
  fileMounted,
  authFileMode,
  authFileUnread,
  notLoggedIn,
  authFileBlank,
  authFileUnreadable,
  accountDuplicate,
  loginUnknown,
  accountIdMismatch,
  lastRefreshMissing,
  tokenUntidy,
  authFileOlder,
  authFileNewer,
  loginAmbiguous,
  loginExpired,
  renewalDue,
  refreshInterrupted,
  renewalUnclear,
  loginFlagged,
  accountExpired,
  accountMoving,
  seatsOfOneEmail,
];

const environmentChecks: readonly DoctorCheck[] = [
  codexHomeMissing,
  codexHomeUnusable,
  codexHomeRelative,
  codexHomeTemporary,
  codexHomeOnWindows,
  codexHomeOpen,
  homeOfAnother,
  folderRuleInvalid,
  sqliteHome,
  envOverride,
  urlOverride,
  openaiKeyIgnored,
  baseUrlIgnored,
  proxyLoopback,
  proxySet,
  proxyUnsupported,
  caFile,
  clockBehind,
];

const networkChecks: readonly DoctorCheck[] = [
  proxyDead,
  networkUnreachable,
  networkIntercepted,
  networkServerError,
  websocketBlocked,
  clockSkewed,
  loginRefused,
  workspaceUnroutable,
];

const processChecks: readonly DoctorCheck[] = [
  processOnOldLogin,
  loginPorts,
  baseUrlForeign,
  codexMissing,
  codexSeveral,
  codexVersion,
];

const storeChecks: readonly DoctorCheck[] = [
  sealKey,
  folderReadOnly,
  placeUnusable,
  diskFull,
  lockLeftOver,
  lockHeld,
  rotationKilled,
  rotationSuspended,
  gatewayPortHeld,
  gatewayKilled,
  gatewayDatabaseTooNew,
  gatewayDatabaseUnreadable,
  gatewayOpen,
  poolTooNew,
  storeFolderForeign,
  poolOfAnotherHome,
  poolForbidden,
  poolUnreadable,
  entriesUnreadable,
  fileUnsealed,
  storeOpen,
  unsavedTorn,
  filesLeftBehind,
  codeCacheOld,
  filesKeptAside,
  backupUnreadable,
  figuresDamaged,
  sessionLogEndless,
  locksUnreliable,
  locksNotShared,
];

/** Every fault that is known, in the order in which they are looked for and mended. */
export const checks: readonly DoctorCheck[] = [
  ...storeChecks,
  ...credentialChecks,
  ...configChecks,
  ...environmentChecks,
  ...processChecks,
  ...networkChecks,
];
