import type { Check } from "../check.ts";
import { authFileBlank } from "./auth-file-blank.ts";
import { authFileHardLinked } from "./auth-file-hard-linked.ts";
import { authFileMode } from "./auth-file-mode.ts";
import { authFileOlder } from "./auth-file-older.ts";
import { authFileUnreadable } from "./auth-file-unreadable.ts";
import { lastRefreshMissing } from "./last-refresh-missing.ts";
import { loginExpired } from "./login-expired.ts";
import { loginFlagged } from "./login-flagged.ts";
import { loginUnknown } from "./login-unknown.ts";
import { notLoggedIn } from "./not-logged-in.ts";
import { refreshInterrupted } from "./refresh-interrupted.ts";

export const credentialChecks: readonly Check[] = [
  notLoggedIn,
  authFileBlank,
  authFileUnreadable,
  authFileHardLinked,
  authFileMode,
  lastRefreshMissing,
  loginExpired,
  loginUnknown,
  authFileOlder,
  refreshInterrupted,
  loginFlagged,
];
