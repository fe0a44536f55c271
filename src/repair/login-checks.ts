import type { Check } from "./check.ts";
import { configEncoding } from "./config/config-file-checks.ts";
import { configUnreadable } from "./config/config-unreadable.ts";
import { loginRestricted } from "./config/login-restricted.ts";
import { otherConfigBroken, providerWithoutOurLogin } from "./config/other-files.ts";
import { configDuplicateKey, configTypo } from "./config/syntax-checks.ts";
import { authFileBlank } from "./credentials/auth-file-blank.ts";
import { authFileHardLinked } from "./credentials/auth-file-hard-linked.ts";
import { authFileOlder } from "./credentials/auth-file-older.ts";
import { authFileUnreadable } from "./credentials/auth-file-unreadable.ts";
import { fileMounted } from "./credentials/file-mounted.ts";
import { lastRefreshMissing } from "./credentials/last-refresh-missing.ts";
import { flagged, loginFlagged } from "./credentials/login-flagged.ts";
import { loginExpired } from "./credentials/login-expired.ts";
import { loginUnknown } from "./credentials/login-unknown.ts";
import { notLoggedIn } from "./credentials/not-logged-in.ts";
import { refreshInterrupted } from "./credentials/refresh-interrupted.ts";
import { renewalUnclear } from "./credentials/renewal-unclear.ts";
import { tokenUntidy } from "./credentials/token-untidy.ts";
import { envOverride } from "./environment/env-override.ts";
import { processOnOldLogin } from "./processes/process-on-old-login.ts";

/** What may be wrong with the login that Codex would use now: what `status` and `report` tell. */
export const loginChecks: readonly Check[] = [
  notLoggedIn,
  authFileBlank,
  authFileUnreadable,
  authFileHardLinked,
  fileMounted,
  lastRefreshMissing,
  tokenUntidy,
  loginExpired,
  loginUnknown,
  authFileOlder,
  configEncoding,
  configTypo,
  configDuplicateKey,
  configUnreadable,
  otherConfigBroken,
  loginRestricted,
  envOverride,
  providerWithoutOurLogin,
  processOnOldLogin,
  refreshInterrupted,
  renewalUnclear,
  { ...loginFlagged, look: ({ snapshot }) => flagged(snapshot?.active ? [snapshot.active] : []) },
];
