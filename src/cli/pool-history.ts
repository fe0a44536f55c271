import { parseHistory } from "../accounts/history.ts";
import type { HistoryStep } from "../accounts/history.ts";
import { binHistory } from "../accounts/history-bins.ts";
import { mainLimitId } from "../accounts/limit.ts";
import type { UsageHistory } from "../accounts/usage-track.ts";
import { attributeToCreator } from "../sessions/attribution.ts";
import { readSessionHistory } from "../sessions/session-history.ts";
import { readTextIfReadable } from "../store/files.ts";
import { sessionCache } from "../store/session-cache.ts";
import type { Context } from "./context.ts";
import type { PoolState } from "./pool-state.ts";
import { seatFinder } from "./session-figures.ts";

export type HistoryOf = (accountId: string, windowMinutes: number) => UsageHistory;

/** How the windows of each account were used in the last six weeks, from live reports and from the session logs. */
export function readPoolHistory(ctx: Context, { snapshot, nowMs }: PoolState): HistoryOf {
  const { fs, store } = ctx;
  const live = parseHistory(readTextIfReadable(fs, store.paths.historyFile) ?? "");
  const logged = readSessionHistory({
    homes: [store.paths.codexHome],
    nowMs,
    idOf: seatFinder(snapshot.pool.accounts),
    attribute: attributeToCreator(store.proxiedSessions()),
    storage: sessionCache(fs, store.paths, "history.json"),
  });
  const known = new Map<string, UsageHistory>();
  return (accountId, windowMinutes) => {
    const name = `${accountId} ${windowMinutes}`;
    const key = { accountId, limitId: mainLimitId, windowMinutes };
    const history = known.get(name) ?? binHistory(fuller(live, logged, key), key, nowMs, utcOffsetMinutes);
    known.set(name, history);
    return history;
  };
}

/** Both tell of the same use, so they are not added up: whichever saw more of it counts. */
function fuller(
  live: readonly HistoryStep[],
  logged: readonly HistoryStep[],
  key: { accountId: string; windowMinutes: number },
): readonly HistoryStep[] {
  const seen = (steps: readonly HistoryStep[]) =>
    steps
      .filter(
        ({ accountId, windowMinutes }) => accountId === key.accountId && windowMinutes === key.windowMinutes,
      )
      .reduce((sum, { percent }) => sum + percent, 0);
  return seen(live) > seen(logged) ? live : logged;
}

function utcOffsetMinutes(atMs: number): number {
  return -new Date(atMs).getTimezoneOffset();
}
