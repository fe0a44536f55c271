import type { Check } from "../check.ts";
import { configUnreadable } from "./config-unreadable.ts";
import { loginRestricted } from "./login-restricted.ts";

export const configChecks: readonly Check[] = [configUnreadable, loginRestricted];
