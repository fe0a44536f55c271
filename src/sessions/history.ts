import { historyLengthMs, type HistoryStep, historySteps } from "../quota/history.ts";
import { type Limit, mergeLimits } from "../quota/limit.ts";
import { listSessionFiles, type LogFile, type SessionFile, withLog } from "./log-file.ts";
import { type Attribute, attributeToCreator, haveWindowsJumped, type SessionAccount } from "./limits.ts";
import { parseSessionHead, parseTokenCount, type SessionHead, type TokenCountLine } from "./lines.ts";
import type { IndexStorage } from "./scan.ts";
import { field, isRecord, jsonOrNull, readList, readNumber, readText } from "../text/json.ts";

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

/** The limits that a log reported at a time. */
interface Observation {
  readonly atMs: number;
  readonly limits: readonly Limit[];
}

/** A log, and what it reported while it had this size. */
interface ReportedLog {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly head: SessionHead | null;
  readonly observations: readonly Observation[];
}

const version = 1;

/** Limits as short lists: six weeks of them are many. */
function formatReports(logs: ReadonlyMap<string, ReportedLog>): string {
  const files = [...logs].map(([name, { observations, ...log }]) => {
    const reports = observations.map(({ atMs, limits }) => [atMs, ...limits.map(packLimit)]);
    return [name, { ...log, reports }];
  });
  return JSON.stringify({ version, files: Object.fromEntries(files) as unknown });
}

function packLimit({ limitId, window, usedPercent, windowMinutes, resetsAtMs }: Limit): unknown[] {
  return [limitId, window, usedPercent, windowMinutes, resetsAtMs];
}

/** By file name. An index that is missing, damaged or of another version is empty. */
export function parseReports(text: string | null): Map<string, ReportedLog> {
  const value = text === null ? null : jsonOrNull(text);
  const files = field(value, "files");
  if (field(value, "version") !== version || !isRecord(files)) return new Map();
  return new Map(Object.entries(files).map(([name, log]) => [name, readLog(log)]));
}

function readLog(log: unknown): ReportedLog {
  const number = (name: string) => readNumber(field(log, name)) ?? -1;
  return {
    ino: number("ino"),
    size: number("size"),
    mtimeMs: number("mtimeMs"),
    head: readHead(field(log, "head")),
    observations: readList(field(log, "reports")).map(readReport),
  };
}

function readHead(head: unknown): SessionHead | null {
  const sessionId = readText(field(head, "sessionId"));
  if (sessionId === null) return null;
  return {
    sessionId,
    accountId: readText(field(head, "accountId")),
    userId: readText(field(head, "userId")),
    modelProvider: readText(field(head, "modelProvider")),
    folder: readText(field(head, "folder")),
    startedAtMs: readNumber(field(head, "startedAtMs")) ?? 0,
  };
}

function readReport(report: unknown): Observation {
  const [at, ...limits] = readList(report);
  const atMs = readNumber(at) ?? 0;
  return { atMs, limits: limits.map((limit) => unpackLimit(readList(limit), atMs)) };
}

function unpackLimit([limitId, window, used, minutes, resets]: readonly unknown[], atMs: number): Limit {
  return {
    limitId: readText(limitId) ?? "",
    window: readText(window) ?? "",
    usedPercent: readNumber(used) ?? 0,
    windowMinutes: readNumber(minutes),
    resetsAtMs: readNumber(resets),
    observedAtMs: atMs,
    source: "session",
  };
}
