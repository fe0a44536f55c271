import type { Limit } from "../quota/limit.ts";
import { field, isRecord, jsonOrNull, readList, readNumber, readText } from "../text/json.ts";
import type { SessionHead } from "./lines.ts";

/** The limits that a log reported at a time. */
export interface Observation {
  readonly atMs: number;
  readonly limits: readonly Limit[];
}

/** A log, and what it reported while it had this size. */
export interface ReportedLog {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly head: SessionHead | null;
  readonly observations: readonly Observation[];
}

const version = 1;

/** Limits as short lists: six weeks of them are many. */
export function formatReports(logs: ReadonlyMap<string, ReportedLog>): string {
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
