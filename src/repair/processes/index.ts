import type { Check } from "../check.ts";
import { processOnOldLogin } from "./process-on-old-login.ts";

export const processChecks: readonly Check[] = [processOnOldLogin];
