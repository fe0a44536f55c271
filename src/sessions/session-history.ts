import { historyLengthMs, historySteps } from "../accounts/history.ts";
import type { HistoryStep } from "../accounts/history.ts";
import { mergeLimits } from "../accounts/limit.ts";
import type { Limit } from "../accounts/limit.ts";
import { attributeToCreator, haveWindowsJumped } from "./attribution.ts";
import type { Attribute, SessionAccount } from "./attribution.ts";
import { withLog } from "./log-file.ts";
import type { LogFile } from "./log-file.ts";
import { listSessionFiles } from "./session-files.ts";
import type { SessionFile } from "./session-files.ts";
import { parseSessionHead, parseTokenCount } from "./session-lines.ts";
import type { SessionHead, TokenCountLine } from "./session-lines.ts";

export interface SessionHistoryOptions {
  readonly homes: readonly string[];
  readonly nowMs: number;
  /** The id under which the store keeps an account; null for one that it does not know. */
  readonly idOf: (account: SessionAccount) => string | null;
  readonly attribute?: Attribute;
}

interface Observation {
  readonly atMs: number;
  readonly limits: readonly Limit[];
}

const needles = ['"token_count"'];

/**
 * Six weeks of usage history from the local logs, so that a new installation can forecast at once. It reads all of
 * them: for the first run only, later steps come from live reports.
 */
export function readSessionHistory(options: SessionHistoryOptions): HistoryStep[] {
  const { homes, nowMs, idOf, attribute = attributeToCreator() } = options;
  const byAccount = new Map<string, Observation[]>();
  for (const file of listSessionFiles(homes)) {
    if (file.mtimeMs <= nowMs - historyLengthMs) continue;
    const { head, observations } = readObservations(file);
    for (const observation of observations) {
      const account = head === null ? null : attribute(head, observation.atMs);
      const id = account === null ? null : idOf(account);
      if (id === null) continue;
      const mine = byAccount.get(id) ?? [];
      mine.push(observation);
      byAccount.set(id, mine);
    }
  }
  return [...byAccount].flatMap(([id, observations]) => stepsOf(id, observations));
}

/** Sessions run side by side, so their reports are put in order first. */
function stepsOf(id: string, observations: readonly Observation[]): HistoryStep[] {
  const steps: HistoryStep[] = [];
  let known: readonly Limit[] = [];
  for (const { limits } of observations.toSorted((a, b) => a.atMs - b.atMs)) {
    steps.push(...historySteps(id, known, limits));
    known = mergeLimits(known, limits);
  }
  return steps;
}

function readObservations(file: SessionFile): { head: SessionHead | null; observations: Observation[] } {
  const read = withLog(file, (log) => {
    const head = parseSessionHead(log.head().split("\n", 1)[0] ?? "");
    return { head, observations: head === null ? [] : changedLimits(log) };
  });
  return read ?? { head: null, observations: [] };
}

/** The reports that say something new, up to the point where they are about another account. */
function changedLimits(log: LogFile): Observation[] {
  const observations: Observation[] = [];
  let before: TokenCountLine | null = null;
  for (const text of log.linesFrom(0, needles)) {
    const line = parseTokenCount(text);
    if (line === null || line.limits.length === 0) continue;
    if (before !== null && haveWindowsJumped(before, line)) break;
    if (before === null || !isSame(before.limits, line.limits)) observations.push(line);
    before = line;
  }
  return observations;
}

function isSame(before: readonly Limit[], after: readonly Limit[]): boolean {
  const text = (limits: readonly Limit[]) =>
    limits.map(({ limitId, window, usedPercent }) => `${limitId} ${window} ${usedPercent}`).join();
  return text(before) === text(after);
}
