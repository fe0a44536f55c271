import { countText } from "./count-text.ts";
import { htmlText } from "./html.ts";
import type { ReportFigures, TokenFigures } from "./report-figures.ts";

const heightUnits = 100;
const dayUnits = 10;
/** Colours of the page; the accounts beyond share the last. */
const colors = 6;

/** Tokens a day as stacked bars, one colour an account. All words stand beside the drawing, which may be stretched. */
export function usageChart({ usage }: ReportFigures): string {
  const { days, rows, accounts } = usage;
  const totals = days.map(tokens);
  const most = Math.max(...totals, 1);
  const bars = days.map(({ day }, index) => {
    let top = heightUnits;
    const parts = accounts.map(({ accountId }, color) => {
      const own = rows.filter((row) => row.day === day && row.accountId === accountId);
      const height = (own.reduce((sum, row) => sum + tokens(row), 0) / most) * heightUnits;
      top -= height;
      return height === 0 ? "" : rect({ index, top, height, color });
    });
    const title = `${day}: ${countText(totals[index] ?? 0)} tokens`;
    return `<g data-day="${htmlText(day)}" data-tokens="${totals[index] ?? 0}"><title>${htmlText(title)}</title>${parts.join("")}</g>`;
  });
  const size = `0 0 ${days.length * dayUnits} ${heightUnits}`;
  const label = `Tokens a day from ${usage.since} to ${usage.until}, at most ${countText(most)}`;
  return [
    `<p class="scale">${countText(most)} tokens</p>`,
    `<svg class="usage" data-chart="usage" viewBox="${size}" preserveAspectRatio="none" role="img" aria-label="${htmlText(label)}">${bars.join("")}</svg>`,
    `<p class="ends"><span>${htmlText(usage.since)}</span><span>${htmlText(usage.until)}</span></p>`,
    `<p class="legend">${accounts.map(({ name }, color) => legend(name, color)).join(" ")}</p>`,
  ].join("\n");
}

function rect({
  index,
  top,
  height,
  color,
}: {
  index: number;
  top: number;
  height: number;
  color: number;
}): string {
  const place = `x="${index * dayUnits + 1}" y="${round(top)}" width="${dayUnits - 2}" height="${round(height)}"`;
  return `<rect class="c${colorOf(color)}" ${place}/>`;
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
