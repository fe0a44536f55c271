import { clockText, durationText, lastsText, windowName } from "../text/times.ts";
import { percentText, type Range } from "./forecast-lines.ts";
import type { Ui } from "./ui.ts";

/** When the quota of the whole pool ends and comes back. */
export interface PoolFigures {
  isDry: boolean;
  accounts: number;
  horizonMs: number;
  dryPercent: number | null;
  dryInMs: Range | null;
  refills: readonly { row: number; name: string; at: string; windowMinutes: number; refillPercent: number }[];
  gaps: readonly { from: string; until: string | null; name: string | null }[];
}

/** The timeline, where it is a terminal, what it says in words, and what its signs mean. */
export function poolLines(pool: PoolFigures, ui: Ui): string[] {
  const legend = timelineLegend(pool, ui);
  return [...timelineLines(pool, ui), poolWords(pool, ui), ...(legend === "" ? [] : [ui.dim(legend)])];
}

/** Until when there is quota, and what comes back first. */
export function poolWords(pool: PoolFigures, ui: Ui): string {
  const [refill] = pool.refills;
  const next =
    refill === undefined || pool.isDry
      ? ""
      : ` Next refill: ${refill.name}, ${windowName(refill.windowMinutes)} window, ${clockText(refill.at, ui.nowMs)}.`;
  return `Pool: ${poolText(pool, ui)}.${next}`;
}

function poolText(pool: PoolFigures, ui: Ui): string {
  const { isDry, dryPercent, dryInMs, horizonMs, gaps } = pool;
  const [gap] = gaps;
  if (isDry) return `${ui.yellow("dry")}${gap ? backText(gap, ui) : ""}`;
  if (dryPercent === null || dryInMs === null) return "too little history to say when it runs dry";
  const horizon = `the next ${durationText(horizonMs)}`;
  const risk = `${percentText(dryPercent)} % risk`;
  if (gap) {
    const others = gaps.length - 1;
    const more =
      others === 0 ? "" : others === 1 ? ", then dry once more" : `, then dry ${others} more times`;
    const covered = `covered until about ${clockText(gap.from, ui.nowMs)}${backText(gap, ui)}${more}`;
    return `${covered} (${risk} of running dry in ${horizon})`;
  }
  const lasts = lastsText(dryInMs, horizonMs, "then");
  return lasts === "until then"
    ? `covered for ${horizon} (${risk} of running dry)`
    : `probably covered for ${horizon}; it may run dry in ${lasts} (${risk})`;
}

function backText({ until, name }: PoolFigures["gaps"][number], { nowMs }: Ui): string {
  return until === null ? "" : `, back ${clockText(until, nowMs)} when ${name ?? ""} resets`;
}

/** What the signs of the line mean; an empty text where there is no line. */
export function timelineLegend(pool: PoolFigures, ui: Ui): string {
  if (!ui.isTerminal || !isShown(pool)) return "";
  const dry = pool.gaps.length > 0 ? `; ${signs(ui).gap}: probably nothing left` : "";
  const tall = pool.accounts > 9 ? ", or a row above 9" : "";
  return `A digit: the row of an account whose window resets then; +: several${tall}${dry}.`;
}

function isShown({ refills, gaps }: PoolFigures): boolean {
  return refills.length > 0 || gaps.length > 0;
}

/**
 * The time to the horizon as one line: the row of an account where a window of it resets, `+` where several do, the days
 * by name, and stretches in which no account can be used.
 */
export function timelineLines(pool: PoolFigures, ui: Ui): string[] {
  if (!ui.isTerminal || !isShown(pool)) return [];
  const { refills, gaps, horizonMs } = pool;
  const { nowMs } = ui;
  const width = Math.max(10, ui.columns);
  const placeOf = (atMs: number) => Math.max(0, Math.floor(((atMs - nowMs) / horizonMs) * width));
  const { covered, gap, unknown } = signs(ui);
  const isKnown = pool.dryPercent !== null;
  const cells = Array.from({ length: width }, (): [string, Paint] =>
    isKnown ? [covered, ui.green] : [unknown, ui.dim],
  );
  for (const { from, until } of gaps) {
    const start = placeOf(Date.parse(from));
    const end = until === null ? width : Math.max(placeOf(Date.parse(until)), start + 1);
    for (let place = start; place < Math.min(end, width); place += 1) cells[place] = [gap, ui.red];
  }
  const marks = new Map<number, string>();
  for (const { row, at } of refills) {
    const place = placeOf(Date.parse(at));
    if (place < width) marks.set(place, marks.has(place) || row > 9 ? "+" : String(row));
  }
  for (const { atMs, name } of days(nowMs, horizonMs)) {
    const places = Array.from(name, (_, index) => placeOf(atMs) + index);
    if (!places.every((each) => each < width && !marks.has(each))) continue;
    for (const [index, each] of places.entries()) cells[each] = [name.charAt(index), ui.dim];
  }
  for (const [place, mark] of marks) cells[place] = [mark, ui.bold];
  return [painted(cells)];
}

type Paint = (text: string) => string;

function signs({ isUnicode }: Pick<Ui, "isUnicode">): { covered: string; gap: string; unknown: string } {
  return isUnicode ? { covered: "━", gap: "╌", unknown: "─" } : { covered: "=", gap: ".", unknown: "-" };
}

/** The midnights of the local zone, where a day need not have 24 hours. */
export function days(nowMs: number, horizonMs: number): { atMs: number; name: string }[] {
  const now = new Date(nowMs);
  const found = [];
  for (let day = 1; ; day += 1) {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + day);
    if (date.getTime() >= nowMs + horizonMs) return found;
    found.push({ atMs: date.getTime(), name: date.toDateString().slice(0, 3) });
  }
}

function painted(cells: readonly [string, Paint][]): string {
  let line = "";
  let run = "";
  for (const [index, [sign, paint]] of cells.entries()) {
    run += sign;
    if (cells[index + 1]?.[1] === paint) continue;
    line += paint(run);
    run = "";
  }
  return line;
}
