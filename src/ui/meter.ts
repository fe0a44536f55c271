import type { Ui } from "./ui.ts";

type Look = Pick<Ui, "green" | "yellow" | "red" | "isUnicode">;

/** What is left, as a bar: `██████░░░░`, or `######----` in ASCII. Anything left shows at least one step. */
export function meter(remainingPercent: number, columns: number, ui: Look): string {
  const [full, empty] = ui.isUnicode ? ["█", "░"] : ["#", "-"];
  const share = Math.min(100, Math.max(0, remainingPercent)) / 100;
  const steps = share > 0 ? Math.min(columns, Math.max(1, Math.round(share * columns))) : 0;
  return paintByLevel(remainingPercent, ui)(full.repeat(steps)) + empty.repeat(columns - steps);
}

/** Green while there is plenty, yellow under a quarter, red under a tenth. */
function paintByLevel(remainingPercent: number, { green, yellow, red }: Look): (text: string) => string {
  if (remainingPercent < 10) return red;
  return remainingPercent < 25 ? yellow : green;
}
