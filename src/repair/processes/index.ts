import type { Check } from "../check.ts";
import { codexMissing, codexSeveral, codexVersion } from "./codex-on-path.ts";
import { baseUrlForeign } from "./base-url-foreign.ts";
import { loginPorts } from "./login-ports.ts";
import { processOnOldLogin } from "./process-on-old-login.ts";

export const processChecks: readonly Check[] = [
  processOnOldLogin,
  loginPorts,
  baseUrlForeign,
  codexMissing,
  codexSeveral,
  codexVersion,
];
