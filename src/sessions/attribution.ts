import { findWindows, hasStarted, minuteMs, windowEndMs } from "../accounts/limit.ts";
import type { Limit } from "../accounts/limit.ts";
import type { SessionHead, TokenCountLine } from "./session-lines.ts";

// Whose figures a session log holds. The log names only the account that began the session, so that account is
// right unless
// - a rotating proxy stood between: our own inserts itself below the provider `openai` and leaves no mark in the log,
//   so the caller passes the ids of the sessions that it served; any other model provider is a foreign one;
// - the session was resumed under another login: nothing in the log says so (seen with 0.169.0), but the windows
//   of two accounts end at different times, so a log whose windows jump belongs to nobody.
// A caller that knows when which login was active can say better, and passes its own `Attribute`.

export interface SessionAccount {
  readonly accountId: string;
  readonly userId: string | null;
}

/** The account that a session used at a time, or null when that is not certain. */
export type Attribute = (session: SessionHead, atMs: number) => SessionAccount | null;

const directProvider = "openai";
/** Resets are whole seconds, computed anew for each report. */
const sameResetMs = 5 * minuteMs;

/** The creator of the session, unless a proxy is known or likely. `proxiedSessionIds` come from the proxy's records. */
export function attributeToCreator(proxiedSessionIds: ReadonlySet<string> = new Set()): Attribute {
  return ({ sessionId, accountId, userId, modelProvider }) => {
    if (accountId === null || proxiedSessionIds.has(sessionId)) return null;
    return modelProvider === null || modelProvider === directProvider ? { accountId, userId } : null;
  };
}

/** Whether two reports of one session cannot be about the same account, oldest first. */
export function haveWindowsJumped(before: TokenCountLine, after: TokenCountLine): boolean {
  const from = findWindows(before.limits);
  const to = findWindows(after.limits);
  return hasJumped(from.short, to.short) || hasJumped(from.long, to.long);
}

/** A window keeps its end until it has passed; an unused one moves ahead with every report. */
function hasJumped(before: Limit | null, after: Limit | null): boolean {
  if (before?.resetsAtMs === undefined || before.resetsAtMs === null) return false;
  if (after?.resetsAtMs === undefined || after.resetsAtMs === null) return false;
  const aheadMs = windowEndMs(after) - windowEndMs(before);
  if (aheadMs < -sameResetMs) return true;
  return aheadMs > sameResetMs && before.usedPercent > 0 && hasStarted(before, after.observedAtMs);
}
