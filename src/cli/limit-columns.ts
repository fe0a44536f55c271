import { mainLimitId } from "../accounts/limit.ts";
import { clockText, durationText, relativeText } from "../ui/time.ts";
import type { Ui } from "../ui/ui.ts";
import { creditsText } from "./account-credits.ts";
import type { CreditsReport } from "./account-credits.ts";
import type { LimitReport } from "./account-limits.ts";

type Limits = readonly LimitReport[];

/** What an account is served by. */
interface Quota {
  readonly limits: Limits;
  readonly credits: CreditsReport | null;
}

/** Columns about quotas for a table of accounts: none for what no account has a figure of. */
export interface LimitColumns {
  head: string[];
  cells: (quota: Quota) => string[];
  /** How many columns of the terminal they take at most. */
  width: number;
}

const dayMinutes = 24 * 60;
const wideColumns = 120;
/** An older figure shows its age. */
const freshMs = 15 * 60_000;

export function limitColumns(quotas: readonly Quota[], ui: Pick<Ui, "columns" | "nowMs">): LimitColumns {
  const all = quotas.map(({ limits }) => limits);
  const isAnyOnCredits = quotas.some(({ credits }) => creditsText(credits) !== "");
  const kinds = [isShort, isLong].filter((isKind) => all.some((limits) => limits.some(isKind)));
  const isAnyStale = all.some((limits) => ageText(limits, ui.nowMs) !== "");
  const names = kinds.map((isKind) => windowName(all.flat().find(isKind)));
  const head = [...names, ...(isAnyOnCredits ? ["CREDITS"] : []), ...(isAnyStale ? ["SEEN"] : [])];
  const cells = ({ limits, credits }: Quota) => [
    ...kinds.map((isKind) => limitText(limits.find(isKind), ui)),
    ...(isAnyOnCredits ? [creditsText(credits)] : []),
    ...(isAnyStale ? [ageText(limits, ui.nowMs)] : []),
  ];
  const width = Math.max(0, ...quotas.map((quota) => cells(quota).join("    ").length));
  return { head, cells, width };
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

/** "63 %, in 2 h 10 min", where there is room "63 %, 14:05 in 2 h 10 min": what remains, and when it is full again. */
function limitText(
  limit: LimitReport | undefined,
  { columns, nowMs }: Pick<Ui, "columns" | "nowMs">,
): string {
  if (!limit) return "";
  const percent = `${Math.floor(limit.remainingPercent)} %`;
  const { resetsAt } = limit;
  if (resetsAt === null) return percent;
  const clock = columns >= wideColumns ? `${clockText(resetsAt, nowMs)} ` : "";
  return `${percent}, ${clock}${relativeText(resetsAt, nowMs)}`;
}

function ageText(limits: Limits, nowMs: number): string {
  const times = limits.filter(({ limitId }) => limitId === mainLimitId).map(({ observedAt }) => observedAt);
  const oldest = times.sort()[0];
  return oldest !== undefined && nowMs - Date.parse(oldest) > freshMs ? relativeText(oldest, nowMs) : "";
}
