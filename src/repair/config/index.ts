import type { Check } from "../check.ts";
import { approvalPolicyInvalid } from "./approval-policy-invalid.ts";
import { codexRefuses } from "./codex-refuses.ts";
import { baseUrlDead, chatgptBaseUrlPlain } from "./base-url-checks.ts";
import { configEncoding, configFileOpen, configLinkDangling } from "./config-file-checks.ts";
import { configUnreadable } from "./config-unreadable.ts";
import { configValueInvalid } from "./config-value-invalid.ts";
import { credentialsStoreElsewhere, credentialsStoreInvalid } from "./credentials-store.ts";
import { keyIgnored } from "./key-ignored.ts";
import { legacyProfile } from "./legacy-profile.ts";
import { loginRestricted } from "./login-restricted.ts";
import { mcpServerInvalid } from "./mcp-server-invalid.ts";
import { migrationModified } from "./migration-modified.ts";
import { modelUnknown } from "./model-unknown.ts";
import { namedFileMissing } from "./named-file-missing.ts";
import { otherConfigBroken, projectKeyIgnored, providerWithoutOurLogin } from "./other-files.ts";
import { profileFileBroken } from "./profile-file-broken.ts";
import {
  providerKeyMissing,
  providerNameless,
  providerReserved,
  providerUnknown,
} from "./provider-checks.ts";
import { sandboxModeInvalid } from "./sandbox-mode-invalid.ts";
import { configDuplicateKey, configTypo } from "./syntax-checks.ts";
import { wireApiRetired } from "./wire-api-retired.ts";

/** Syntax first: a text that parses again shows what else is wrong with it. */
export const configChecks: readonly Check[] = [
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
