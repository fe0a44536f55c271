import { dayMs } from "../../quota/limit.ts";
import { htmlText } from "../../text/safe-text.ts";
import { clockText, counted, countText, relativeText, windowName } from "../../text/times.ts";
import { days, type PoolFigures, poolWords } from "../../ui/pool-lines.ts";
import type { Ui } from "../../ui/ui.ts";
import type { Course, ReportFigures, TokenFigures } from "./lines.ts";
import { calendarWeeks } from "./usage.ts";

/** Colours of the page; the accounts beyond share the last. */
const colors = 6;
/** So many bars are told apart on a phone; of a longer time each is a week. */
const mostBars = 62;
const mostTicks = 6;
const mostNamed = 6;

interface Bar {
  first: string;
  last: string;
  tokens: number;
  /** Of each account, in the order of the colours. */
  parts: number[];
}

/** Tokens a day as stacked bars, one colour an account. Each bar has its figures for a pointer, a keyboard and a reader. */
export function usageChart({ usage }: ReportFigures): string {
  const { accounts } = usage;
  const bars = barsOf(usage);
  const top = roundUp(Math.max(...bars.map((bar) => bar.tokens), 1));
  const drawn = bars.map((bar) => barItem(bar, accounts, top));
  const step = Math.ceil(bars.length / mostTicks);
  const ticks = bars.flatMap(({ first }, index) => {
    const place = `left:${round((index / bars.length) * 100)}%`;
    return index % step === 0 ? [`<span style="${place}">${htmlText(dayName(first).slice(4))}</span>`] : [];
  });
  const label = `Tokens a day from ${usage.since} to ${usage.until}`;
  return [
    `<div class="bars"><p class="scale"><span>${countText(top)}</span><span>${countText(top / 2)}</span><span>0</span></p>`,
    `<ol data-chart="usage" aria-label="${htmlText(label)}">${drawn.join("")}</ol>`,
    `<p class="axis" aria-hidden="true">${ticks.join("")}</p></div>`,
    `<p class="legend">${accounts.map(({ name }, color) => legend(name, color)).join(" ")}</p>`,
  ].join("\n");
}

function barsOf({ days, rows, accounts }: ReportFigures["usage"]): Bar[] {
  const length = days.length > mostBars ? 7 : 1;
  const place = new Map(days.map(({ day }, index) => [day, Math.floor(index / length)]));
  const color = new Map(accounts.map(({ accountId }, index) => [accountId, index]));
  const bars = Array.from({ length: Math.ceil(days.length / length) }, (_, index): Bar => {
    const [first, last] = [
      days[index * length]?.day,
      days[Math.min(days.length, (index + 1) * length) - 1]?.day,
    ];
    return { first: first ?? "", last: last ?? "", tokens: 0, parts: accounts.map(() => 0) };
  });
  for (const row of rows) {
    const bar = bars[place.get(row.day) ?? -1];
    const part = color.get(row.accountId);
    if (bar === undefined || part === undefined) continue;
    bar.tokens += tokens(row);
    bar.parts[part] = (bar.parts[part] ?? 0) + tokens(row);
  }
  return bars;
}

function barItem(
  { first, last, tokens, parts }: Bar,
  accounts: readonly { name: string }[],
  top: number,
): string {
  const data = `data-day="${htmlText(first)}" data-tokens="${tokens}"`;
  if (tokens === 0) return `<li ${data}></li>`;
  const own = parts.flatMap((part, index) => (part > 0 ? [{ part, index }] : []));
  const heights = Array.from({ length: colors }, () => 0);
  for (const { part, index } of own) heights[colorOf(index)] = (heights[colorOf(index)] ?? 0) + part;
  const blocks = heights.map((part, color) =>
    part === 0 ? "" : `<i class="c${color}" style="height:${round((part / top) * 100)}%"></i>`,
  );
  const named = own
    .toSorted((a, b) => b.part - a.part)
    .slice(0, mostNamed)
    .map(({ part, index }) => `${accounts[index]?.name ?? ""} ${countText(part)}`);
  if (own.length > mostNamed) named.push(`${own.length - mostNamed} more`);
  const when = first === last ? dayName(first) : `${dayName(first)} to ${dayName(last)}`;
  const tip = `${when}: ${countText(tokens)} tokens; ${named.join("; ")}`;
  const id = `on-${htmlText(first)}`;
  // Not the item itself: a reader tells the figures only of what has a role of its own.
  return `<li ${data}><div role="img" tabindex="0" aria-labelledby="${id}">${blocks.join("")}<span class="tip" id="${id}">${htmlText(tip)}</span></div></li>`;
}

/** "Mon 30 Nov" */
function dayName(day: string): string {
  const [weekday, month, date] = new Date(`${day}T12:00:00`).toDateString().split(" ");
  return `${weekday} ${date} ${month}`;
}

/** To 1, 2, 2.5 or 5 and zeros. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * unit >= value) ?? 10) * unit;
}

function legend(name: string, color: number): string {
  return `<span><i class="c${colorOf(color)}"></i>${htmlText(name)}</span>`;
}

function colorOf(index: number): number {
  return Math.min(index, colors - 1);
}

function tokens({ inputTokens, outputTokens }: TokenFigures): number {
  return inputTokens + outputTokens;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

type Point = Course["points"][number];

/** What is left of a window until its reset: the band holds four of five likely futures, the line is the middle. */
export function fanChart({ accountId, kind, points }: Course, nowMs: number): string {
  const last = points.at(-1);
  if (last === undefined) return "";
  const at = (pick: (point: Point) => number) =>
    points.map((point, index) => `${index},${Math.round((100 - pick(point)) * 10) / 10}`);
  const band = [...at(({ p90 }) => p90), ...at(({ p10 }) => p10).reverse()].join(" ");
  const label = `Left at the reset: ${last.p50} %, from ${last.p10} to ${last.p90} % in four of five likely futures`;
  return [
    `<svg class="fan" data-chart="fan" data-account="${htmlText(accountId)}" data-kind="${htmlText(kind)}" viewBox="0 0 ${Math.max(1, points.length - 1)} 100" preserveAspectRatio="none" role="img">`,
    `<title>${htmlText(label)}</title>`,
    `<polygon class="band" points="${band}"/><polyline class="middle" points="${at(({ p50 }) => p50).join(" ")}"/></svg>`,
    `<p class="ends"><span>now</span><span>${htmlText(leftText(last))}</span><span>${htmlText(clockText(last.at, nowMs))}</span></p>`,
  ].join("");
}

function leftText({ p10, p90 }: Point): string {
  const [from, to] = [Math.round(p10), Math.round(p90)];
  return from === to ? `${from} % left then` : `${from} to ${to} % left then`;
}

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

/** Marks nearer than this, in percent of the strip, would cover each other. */
const markPercent = 4;

/** The time to the horizon as a strip: the days, whose windows reset, and when no account can probably be used. */
export function timelineSection(pool: PoolFigures, ui: Ui): string {
  const { refills, gaps, horizonMs, dryPercent } = pool;
  const { nowMs } = ui;
  const words = `<p>${htmlText(poolWords(pool, ui))}</p>`;
  if (refills.length === 0 && gaps.length === 0) return words;
  const placeOf = (time: string | number) =>
    Math.min(100, Math.max(0, ((new Date(time).getTime() - nowMs) / horizonMs) * 100));
  const at = (percent: number) => `left:${percent.toFixed(2)}%`;
  const holes = gaps.map(({ from, until }) => {
    const [start, end] = [placeOf(from), until === null ? 100 : placeOf(until)];
    return `<i class="gap" style="${at(start)};width:${Math.max(0.5, end - start).toFixed(2)}%"></i>`;
  });
  const names = days(nowMs, horizonMs)
    .filter(({ atMs }) => placeOf(atMs) < 100 - 2 * markPercent)
    .map(({ atMs, name }) => `<span class="day" style="${at(placeOf(atMs))}">${name}</span>`);
  const shown = refills.filter((refill) => Date.parse(refill.at) < nowMs + horizonMs);
  const marks = Object.entries(byPlace(shown, placeOf)).map(([place, together]) => {
    const title = together.map((refill) => resetWords(refill, nowMs)).join("\n");
    const rows = [...new Set(together.map(({ row }) => row))].join(" ");
    return `<b class="mark" style="${at(Number(place) * markPercent)}" title="${htmlText(title)}">${rows}</b>`;
  });
  const rows = shown.map(({ row, name, windowMinutes, at: time, refillPercent }) => {
    // On a phone the last cell breaks between its two parts.
    const cells = [
      [windowName(windowMinutes)],
      [`${Math.round(refillPercent)} %`],
      [`${clockText(time, nowMs)},`, relativeText(time, nowMs)],
    ].map((parts) => parts.map((part) => `<span>${htmlText(part)}</span>`).join(" "));
    return `<tr><th scope="row">${row} ${htmlText(name)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const legend = gaps.length > 0 ? ' <i class="gap"></i> probably nothing left' : "";
  return [
    words,
    `<div class="week${dryPercent === null ? "" : " covered"}" data-chart="timeline" aria-hidden="true">${holes.join("")}${names.join("")}${marks.join("")}</div>`,
    `<p class="dim">A number: the row of an account whose window resets then.${legend}</p>`,
    `<details><summary>Every reset</summary><div class="wide"><table data-table="resets"><thead><tr><th scope="col">account</th><th scope="col">window</th><th scope="col">comes back</th><th scope="col">resets</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details>`,
  ].join("\n");
}

type Refill = PoolFigures["refills"][number];

function byPlace(refills: readonly Refill[], placeOf: (time: string) => number): Record<string, Refill[]> {
  const places: Record<string, Refill[]> = {};
  for (const refill of refills) (places[Math.floor(placeOf(refill.at) / markPercent)] ??= []).push(refill);
  return places;
}

function resetWords({ row, name, windowMinutes, at }: Refill, nowMs: number): string {
  return `${row} ${name}, ${windowName(windowMinutes)}: ${clockText(at, nowMs)}`;
}
