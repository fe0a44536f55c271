import type { Check } from "../check.ts";
import { poolUnreadable } from "./pool-unreadable.ts";

export const storeChecks: readonly Check[] = [poolUnreadable];
