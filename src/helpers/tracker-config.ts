import { isAmount, isCallable, isNumber, isRecord } from "./argument-checks.ts";

/** Epoch ms. */
export type Clock = () => number;

/** The present at each call, also where the clock of the process was replaced after this was loaded. */
export const presentMs: Clock = () => Date.now();

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  now: isCallable,
  successDelta: isNumber,
  rateLimitDelta: isNumber,
  failureDelta: isNumber,
  maxScore: isNumber,
  minScore: isNumber,
  passiveRecoveryPerHour: isAmount,
  maxTokens: isAmount,
  tokensPerMinute: isAmount,
};

/** What was given over what holds otherwise. Throws TypeError for a name that is none, and a value that is no number. */
export function configured<C extends { now: Clock }>(tracker: string, defaults: C, given: Partial<C>): C {
  if (!isRecord(given)) throw new TypeError(`${tracker} requires a configuration that is an object`);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!(name in defaults)) throw new TypeError(`${tracker} has no setting ${name}`);
    if (!checks[name]?.(value)) throw new TypeError(`${tracker} requires a valid ${name}`);
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaults, ...set };
}
