import { dayMs } from "../../quota/limit.ts";
import { htmlText } from "../../text/safe-text.ts";
import { counted, countText } from "../../text/times.ts";
import { dayName } from "./charts.ts";
import type { ReportFigures } from "./lines.ts";
import { calendarWeeks } from "./usage.ts";

/** Of a cell and the space behind it. */
const cell = 13;
const levels = 4;

/** The last half year, a column a week and a row a weekday: the darker, the more tokens. */
export function calendarSection({ usage }: ReportFigures): string {
  const { calendar, until } = usage;
  if (calendar.length === 0) return "<p>None in the session logs of this machine.</p>";
  const byDay = new Map(calendar.map(({ day, tokens }) => [day, tokens]));
  const sorted = calendar.map(({ tokens }) => tokens).toSorted((a, b) => a - b);
  const days = daysUntil(until);
  const cells = days.map((day, index) => {
    const tokens = byDay.get(day) ?? 0;
    const place = `x="${Math.floor(index / 7) * cell}" y="${14 + (index % 7) * cell}"`;
    const title = `${dayName(day)}: ${tokens === 0 ? "no tokens" : `${countText(tokens)} tokens`}`;
    return `<rect class="h${levelOf(tokens, sorted)}" ${place} width="11" height="11"><title>${htmlText(title)}</title></rect>`;
  });
  const months = days.flatMap((day, index) => {
    const isFirst = index % 7 === 0 && index > 0 && day.slice(5, 7) !== days[index - 7]?.slice(5, 7);
    const [, , month = ""] = dayName(day).split(" ");
    return isFirst ? [`<text x="${(index / 7) * cell}" y="9">${month}</text>`] : [];
  });
  const most = calendar.reduce((best, each) => (each.tokens > best.tokens ? each : best));
  const words = `${counted(calendar.length, "day")} with use; the most on ${dayName(most.day)}: ${countText(most.tokens)} tokens.`;
  const rows = calendar
    .toReversed()
    .map(({ day, tokens }) => `<tr><th scope="row">${dayName(day)}</th><td>${countText(tokens)}</td></tr>`);
  return [
    `<svg class="calendar" data-chart="calendar" viewBox="0 0 ${calendarWeeks * cell} ${14 + 7 * cell}" role="img" aria-label="${htmlText(`The last half year: ${words}`)}">${months.join("")}${cells.join("")}</svg>`,
    `<p>${htmlText(words)}</p>`,
    `<details><summary>Each day</summary><table data-table="calendar"><thead><tr><th scope="col">day</th><th scope="col">tokens</th></tr></thead><tbody>${rows.join("")}</tbody></table></details>`,
  ].join("\n");
}

/** From the Monday of the first week. As dates without a clock, so that no change of the clock moves a day. */
function daysUntil(until: string): string[] {
  const lastMs = Date.parse(`${until}T00:00:00Z`);
  const weekday = (new Date(lastMs).getUTCDay() + 6) % 7;
  const firstMs = lastMs - (weekday + (calendarWeeks - 1) * 7) * dayMs;
  const count = Math.round((lastMs - firstMs) / dayMs) + 1;
  return Array.from({ length: count }, (_, index) =>
    new Date(firstMs + index * dayMs).toISOString().slice(0, 10),
  );
}

/** Which quarter of the days with use it belongs to; 0 without any. */
function levelOf(tokens: number, sorted: readonly number[]): number {
  if (tokens === 0) return 0;
  const below = sorted.filter((each) => each < tokens).length;
  return Math.min(levels, 1 + Math.floor((below / sorted.length) * levels));
}
