import type { Check } from "../check.ts";
import { accountDuplicate } from "./account-duplicate.ts";
import { accountExpired } from "./account-expired.ts";
import { accountIdMismatch } from "./account-id-mismatch.ts";
import { authFileBlank } from "./auth-file-blank.ts";
import { authFileForbidden } from "./auth-file-forbidden.ts";
import { authFileHardLinked } from "./auth-file-hard-linked.ts";
import { authFileMode } from "./auth-file-mode.ts";
import { authFileNewer } from "./auth-file-newer.ts";
import { authFileNotRegular } from "./auth-file-not-regular.ts";
import { authFileOlder } from "./auth-file-older.ts";
import { authFileUnreadable } from "./auth-file-unreadable.ts";
import { authLinkBroken } from "./auth-link-broken.ts";
import { authLockBlocked } from "./auth-lock-blocked.ts";
import { fileMounted } from "./file-mounted.ts";
import { fileOfAnotherUser } from "./file-of-another-user.ts";
import { lastRefreshMissing } from "./last-refresh-missing.ts";
import { loginAmbiguous } from "./login-ambiguous.ts";
import { loginExpired } from "./login-expired.ts";
import { loginFlagged } from "./login-flagged.ts";
import { loginUnknown } from "./login-unknown.ts";
import { notLoggedIn } from "./not-logged-in.ts";
import { refreshInterrupted } from "./refresh-interrupted.ts";
import { renewalDue } from "./renewal-due.ts";
import { renewalUnclear } from "./renewal-unclear.ts";
import { seatsOfOneEmail } from "./seats-of-one-email.ts";
import { tokenUntidy } from "./token-untidy.ts";

/** What keeps the file from being read or written comes first: the mends of the others write it. */
export const credentialChecks: readonly Check[] = [
  fileOfAnotherUser,
  authFileForbidden,
  authFileNotRegular,
  authLinkBroken,
  authLockBlocked,
  authFileHardLinked,
  fileMounted,
  authFileMode,
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
  seatsOfOneEmail,
];
