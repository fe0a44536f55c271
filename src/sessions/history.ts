import { historyLengthMs, type HistoryStep, historySteps } from "../quota/history.ts";
import { type Limit, mergeLimits } from "../quota/limit.ts";
import { listSessionFiles, type SessionFile } from "./files.ts";
import { type Attribute, attributeToCreator, haveWindowsJumped, type SessionAccount } from "./limits.ts";
import { parseSessionHead, parseTokenCount, type TokenCountLine } from "./lines.ts";
import { type LogFile, withLog } from "./log-file.ts";
import { formatReports, type Observation, parseReports, type ReportedLog } from "./report-index.ts";
import type { IndexStorage } from "./scan.ts";

export interface SessionHistoryOptions {
  readonly homes: readonly string[];
  readonly nowMs: number;
  /** The id under which the store keeps an account; null for one that it does not know. */
  readonly idOf: (account: SessionAccount) => string | null;
  readonly attribute?: Attribute;
  /** Keeps what the logs reported, so that only the ones that changed are read again. */
  readonly storage?: IndexStorage;
}

const needles = ['"token_count"'];

/** Six weeks of usage history from the local logs, so that a new installation can forecast at once. */
export function readSessionHistory(options: SessionHistoryOptions): HistoryStep[] {
  const { nowMs, idOf, attribute = attributeToCreator() } = options;
  const byAccount = new Map<string, Observation[]>();
  for (const { head, observations } of readLogs(options)) {
    for (const observation of observations) {
      if (observation.atMs > nowMs) continue;
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

function readLogs({ homes, nowMs, storage }: SessionHistoryOptions): ReportedLog[] {
  const before = parseReports(storage?.read() ?? null);
  const after = new Map<string, ReportedLog>();
  let readFiles = 0;
  for (const file of listSessionFiles(homes)) {
    if (file.mtimeMs <= nowMs - historyLengthMs) continue;
    const known = before.get(file.name);
    const isSame = known?.ino === file.ino && known.size === file.size && known.mtimeMs === file.mtimeMs;
    after.set(file.name, isSame ? known : readObservations(file));
    if (!isSame) readFiles++;
  }
  if (readFiles > 0 || after.size !== before.size) storage?.write(formatReports(after));
  return [...after.values()];
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

function readObservations(file: SessionFile): ReportedLog {
  const { ino, size, mtimeMs } = file;
  const read = withLog(file, (log) => {
    const head = parseSessionHead(log.head().split("\n", 1)[0] ?? "");
    return { head, observations: head === null ? [] : changedLimits(log) };
  });
  return { ino, size, mtimeMs, ...(read ?? { head: null, observations: [] }) };
}

/** The reports that say something new, up to the point where they are about another account. */
function changedLimits(log: LogFile): Observation[] {
  const observations: Observation[] = [];
  let before: TokenCountLine | null = null;
  for (const text of log.linesFrom(0, needles)) {
    const line = parseTokenCount(text);
    if (line === null || line.limits.length === 0) continue;
    if (before !== null && haveWindowsJumped(before, line)) break;
    if (before === null || !isSame(before.limits, line.limits)) {
      observations.push({ atMs: line.atMs, limits: line.limits });
    }
    before = line;
  }
  return observations;
}

function isSame(before: readonly Limit[], after: readonly Limit[]): boolean {
  const text = (limits: readonly Limit[]) =>
    limits.map(({ limitId, window, usedPercent }) => `${limitId} ${window} ${usedPercent}`).join();
  return text(before) === text(after);
}
