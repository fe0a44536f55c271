import type { Check } from "../check.ts";
import { baseUrlIgnored } from "./base-url-ignored.ts";
import { caFile } from "./ca-file.ts";
import { clockBehind } from "./clock-behind.ts";
import { codexHomeMissing } from "./codex-home-missing.ts";
import { codexHomeOnWindows } from "./codex-home-on-windows.ts";
import { codexHomeOpen } from "./codex-home-open.ts";
import { codexHomeRelative } from "./codex-home-relative.ts";
import { codexHomeTemporary } from "./codex-home-temporary.ts";
import { codexHomeUnusable } from "./codex-home-unusable.ts";
import { envOverride } from "./env-override.ts";
import { folderRuleInvalid } from "./folder-rule-invalid.ts";
import { homeOfAnother } from "./home-of-another.ts";
import { openaiKeyIgnored } from "./openai-key-ignored.ts";
import { proxyLoopback, proxySet } from "./proxy-loopback.ts";
import { proxyUnsupported } from "./proxy-unsupported.ts";
import { sqliteHome } from "./sqlite-home.ts";
import { urlOverride } from "./url-override.ts";

export const environmentChecks: readonly Check[] = [
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
