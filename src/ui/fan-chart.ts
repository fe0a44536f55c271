import { htmlText } from "./html.ts";
import type { Course } from "./report-figures.ts";
import { clockText } from "./time.ts";

type Point = Course["points"][number];

/** What is left of a window until its reset: the band holds four of five likely futures, the line is the middle. */
export function fanChart({ accountId, kind, points }: Course, nowMs: number): string {
  const last = points.at(-1);
  if (last === undefined) return "";
  const at = (pick: (point: Point) => number) =>
    points.map((point, index) => place(index, pick(point), points));
  const band = [...at(({ p90 }) => p90), ...at(({ p10 }) => p10).reverse()].join(" ");
  const label = `Left at the reset: ${last.p50} %, from ${last.p10} to ${last.p90} % in four of five likely futures`;
  return [
    `<svg class="fan" data-chart="fan" data-account="${htmlText(accountId)}" data-kind="${htmlText(kind)}" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="${htmlText(label)}">`,
    `<title>${htmlText(label)}</title>`,
    `<polygon class="band" points="${band}"/><polyline class="middle" points="${at(({ p50 }) => p50).join(" ")}"/></svg>`,
    `<p class="ends"><span>now</span><span>${htmlText(leftText(last))}</span><span>${htmlText(clockText(last.at, nowMs))}</span></p>`,
  ].join("");
}

function leftText({ p10, p90 }: Point): string {
  const [from, to] = [Math.round(p10), Math.round(p90)];
  return from === to ? `${from} % left then` : `${from} to ${to} % left then`;
}

function place(index: number, percent: number, points: readonly Point[]): string {
  const x = (index / Math.max(1, points.length - 1)) * 100;
  return `${Math.round(x * 100) / 100},${Math.round((100 - percent) * 100) / 100}`;
}
