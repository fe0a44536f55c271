import { mainLimitId } from "../quota/limit.ts";
import { clockText, durationText, relativeText } from "../text/times.ts";
import type { Cell, Column } from "../ui/table.ts";
import { type CreditsReport, creditsText, type LimitReport } from "./account.ts";

type Limits = readonly LimitReport[];

/** What an account is served by. */
interface Quota {
  readonly limits: Limits;
  readonly credits: CreditsReport | null;
}

/** Columns about quotas for a table of accounts: none for what no account has a figure of. */
export interface LimitColumns {
  /** `name`: of a window, for a sentence that says itself that something is left. */
  columns: (Column & { name?: string })[];
  cells: (quota: Quota) => Cell[];
}

const dayMinutes = 24 * 60;
/** An older figure shows its age. */
const freshMs = 15 * 60_000;

/** The steps of a table at which they become shorter: without the clock, then without the reset, then ages without "ago". */
const limitSteps = { clock: 1, reset: 4, ago: 5 };

export function limitColumns(quotas: readonly Quota[], nowMs: number): LimitColumns {
  const all = quotas.map(({ limits }) => limits);
  const isAnyOnCredits = quotas.some(({ credits }) => creditsText(credits) !== "");
  const kinds = [isShort, isLong].filter((isKind) => all.some((limits) => limits.some(isKind)));
  const isAnyStale = all.some((limits) => ageText(limits, nowMs) !== "");
  const { clock, reset, ago } = limitSteps;
  const columns = [
    ...kinds.map((isKind) => {
      const name = windowName(all.flat().find(isKind));
      return { title: `${name} LEFT`, name, loses: "resets", shorten: [clock, reset] };
    }),
    ...(isAnyOnCredits ? [{ title: "CREDITS" }] : []),
    ...(isAnyStale ? [{ title: "SEEN", shorten: [reset, ago] }] : []),
  ];
  const cells = ({ limits, credits }: Quota) => [
    ...kinds.map((isKind) => limitForms(limits.find(isKind), nowMs)),
    ...(isAnyOnCredits ? [creditsText(credits)] : []),
    ...(isAnyStale ? [ageForms(ageText(limits, nowMs))] : []),
  ];
  return { columns, cells };
}

/** "5 H 63 % left, resets in 2 h 10 min; WEEK 19 % left": the same on one line. */
export function limitLine(quota: Quota, nowMs: number): string {
  const { columns, cells } = limitColumns([quota], nowMs);
  const texts = cells(quota).map((cell) =>
    typeof cell === "string" ? cell : inWords(cell[1] ?? cell[0] ?? ""),
  );
  return columns.map(({ title, name = title }, index) => `${name} ${texts[index] ?? ""}`).join("; ");
}

/** A cell that has no title above it. */
function inWords(cell: string): string {
  return cell.replace(/ %(?:, (?=in )|$)/, (found) => (found === " %" ? " % left" : " % left, resets "));
}

// The main limit decides about an account; which slot holds which window differs between plans, so length decides.
function isLong(limit: LimitReport): boolean {
  return limit.limitId === mainLimitId && minutesOf(limit) >= dayMinutes;
}

function isShort(limit: LimitReport): boolean {
  return limit.limitId === mainLimitId && minutesOf(limit) < dayMinutes;
}

function minutesOf({ windowMinutes, window }: LimitReport): number {
  return windowMinutes ?? (window === "secondary" ? 7 * dayMinutes : 300);
}

function windowName(limit: LimitReport | undefined): string {
  const minutes = limit ? minutesOf(limit) : 0;
  return minutes === 7 * dayMinutes ? "WEEK" : durationText(minutes * 60_000).toUpperCase();
}

/** "63 %, 14:05 in 2 h 10 min", "63 %, in 2 h 10 min", "63 %": what remains, and when it is full again. */
function limitForms(limit: LimitReport | undefined, nowMs: number): readonly string[] {
  if (!limit) return [""];
  const percent = `${Math.floor(limit.remainingPercent)} %`;
  const { resetsAt } = limit;
  if (resetsAt === null) return [percent];
  const back = relativeText(resetsAt, nowMs);
  return [`${percent}, ${clockText(resetsAt, nowMs)} ${back}`, `${percent}, ${back}`, percent];
}

/** "1 h 5 min ago", "1 h ago", "1 h". */
function ageForms(age: string): readonly string[] {
  const [short = ""] = /^\d+ \w+/.exec(age) ?? [];
  return [age, short === "" ? age : `${short} ago`, short];
}

function ageText(limits: Limits, nowMs: number): string {
  const times = limits.filter(({ limitId }) => limitId === mainLimitId).map(({ observedAt }) => observedAt);
  const oldest = times.sort()[0];
  return oldest !== undefined && nowMs - Date.parse(oldest) > freshMs ? relativeText(oldest, nowMs) : "";
}
