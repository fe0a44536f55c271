import type { DoctorCheck } from "./check.ts";
import {
  authFileBlank,
  authFileOlder,
  authFileUnreadable,
  lastRefreshMissing,
} from "./checks/auth-content.ts";
import { authFileHardLinked, fileMounted, tokenUntidy } from "./checks/auth-file.ts";
import { configDuplicateKey, configEncoding, configTypo, configUnreadable } from "./checks/config-file.ts";
import { loginRestricted } from "./checks/config-keys.ts";
import { otherConfigBroken, providerWithoutOurLogin } from "./checks/config-layers.ts";
import { credentialsStoreElsewhere } from "./checks/config-values.ts";
import {
  flagged,
  loginExpired,
  loginFlagged,
  notLoggedIn,
  refreshInterrupted,
  renewalUnclear,
} from "./checks/login.ts";
import { loginUnknown } from "./checks/login-unknown.ts";
import { processOnOldLogin } from "./checks/processes.ts";
import { envOverride } from "./checks/variables.ts";

/** What may be wrong with the login that Codex would use now: what `status` and `report` tell. */
export const loginChecks: readonly DoctorCheck[] = [
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
  {
    ...credentialsStoreElsewhere,
    look: (facts) => (facts.live?.refusal ? credentialsStoreElsewhere.look(facts) : []),
  },
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
  {
    ...loginFlagged,
    look: ({ snapshot }) => flagged(snapshot?.active ? [snapshot.active] : [], snapshot?.pool.accounts ?? []),
  },
];
