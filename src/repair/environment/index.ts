import type { Check } from "../check.ts";
import { envOverride } from "./env-override.ts";

export const environmentChecks: readonly Check[] = [envOverride];
