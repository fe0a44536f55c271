import { html, type Markup } from "./markup.ts";

/** How full something is. Drawn, because a style of its own would need a wider policy. */
export function meter(label: string, percent: number, level: "good" | "low" | "bad"): Markup {
  const shown = Math.max(0, Math.min(100, Math.round(percent * 10) / 10));
  return html`<svg
    class="gauge ${level}"
    viewBox="0 0 100 1"
    preserveAspectRatio="none"
    role="meter"
    aria-label="${label}"
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow="${shown}"
  >
    <rect width="${shown}" height="1" />
  </svg>`;
}

export interface Bar {
  /** What this bar stands for, with its figures. */
  readonly title: string;
  /** From below, in the order of the colours. */
  readonly parts: readonly number[];
}

const heightUnits = 100;
const barUnits = 10;

/** Stacked bars. All words stand beside the drawing, which may be stretched. */
export function barChart(label: string, bars: readonly Bar[]): Markup {
  const most = Math.max(...bars.map(({ parts }) => sum(parts)), 0);
  const drawn = bars.flatMap(({ title, parts }, index) => {
    if (sum(parts) === 0) return [];
    let top = heightUnits;
    const rects = parts.flatMap((part, color) => {
      if (part === 0) return [];
      const height = (part / most) * heightUnits;
      top -= height;
      return [
        html`<rect
          class="c${color}"
          x="${index * barUnits + 1}"
          y="${round(top)}"
          width="${barUnits - 2}"
          height="${round(height)}"
        />`,
      ];
    });
    return [html`<g><title>${title}</title>${rects}</g>`];
  });
  return html`<svg
    class="usage"
    viewBox="0 0 ${bars.length * barUnits} ${heightUnits}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${drawn}
  </svg>`;
}

export function legend(names: readonly string[]): Markup {
  const items = names.map((name, color) => html`<span><i class="c${color}"></i>${name}</span>`);
  return html`<p class="legend">${items}</p>`;
}

export interface Mark {
  /** From 0 to 1 on the axis. */
  readonly at: number;
  readonly title: string;
  readonly isLong: boolean;
}

/** One line of a timeline: until when nothing comes, and where quota comes back. */
export function timeline(label: string, marks: readonly Mark[], blockedUntil: number): Markup {
  const days = [1, 2, 3, 4, 5, 6].map(
    (day) => html`<path class="tick" d="M${round((day / 7) * 700)} 0v12" />`,
  );
  const blocked =
    blockedUntil > 0 ? html`<rect class="blocked" width="${round(blockedUntil * 700)}" height="12" />` : null;
  const points = marks.map(
    ({ at, title, isLong }) =>
      html`<path class="${isLong ? "long" : "short"}" d="M${round(at * 700)} 0v12"
        ><title>${title}</title></path
      >`,
  );
  return html`<svg
    class="line"
    viewBox="0 0 700 12"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${days}${blocked}${points}
  </svg>`;
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
