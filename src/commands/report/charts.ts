import { htmlText } from "../../text/safe-text.ts";
import { clockText, countText } from "../../text/times.ts";
import type { Course, ReportFigures, TokenFigures } from "./lines.ts";

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
export function dayName(day: string): string {
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
