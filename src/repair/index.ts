import type { Check } from "./check.ts";
import { configChecks } from "./config/index.ts";
import { credentialChecks } from "./credentials/index.ts";
import { environmentChecks } from "./environment/index.ts";
import { networkChecks } from "./network/index.ts";
import { processChecks } from "./processes/index.ts";
import { storeChecks } from "./store/index.ts";

/** Every fault that is known, in the order in which they are looked for and mended. */
export const checks: readonly Check[] = [
  ...storeChecks,
  ...credentialChecks,
  ...configChecks,
  ...environmentChecks,
  ...processChecks,
  ...networkChecks,
];
