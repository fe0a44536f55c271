import { htmlText } from "../../text/safe-text.ts";
import { clockText, relativeText, windowName } from "../../text/times.ts";
import { days, type PoolFigures, poolWords } from "../../ui/pool-lines.ts";
import type { Ui } from "../../ui/ui.ts";

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
