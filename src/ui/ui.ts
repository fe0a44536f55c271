import type { ChalkInstance } from "chalk";
import type { Context } from "../context.ts";

type Paint = (text: string) => string;

/** What rendering may know and use: styles of the stream, its width, the time. */
export interface Ui {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
  columns: number;
  /** False for a pipe or a file: there nothing is cut, wrapped or padded. */
  isTerminal: boolean;
  /** False where the locale is not UTF-8: then only ASCII is printed. */
  isUnicode: boolean;
  nowMs: number;
}

interface UiSettings {
  colorLevel: 0 | 1 | 2 | 3;
  columns: number;
  isTerminal: boolean;
  isUnicode: boolean;
  nowMs: number;
}

/** chalk is loaded only where the stream really has colours. */
export async function makeUi({ colorLevel, ...settings }: UiSettings): Promise<Ui> {
  if (colorLevel === 0) return { ...plain, ...settings };
  const { Chalk } = await import("chalk");
  return { ...painted(new Chalk({ level: colorLevel })), ...settings };
}

function same(text: string): string {
  return text;
}

const plain = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

function painted({ bold, dim, red, green, yellow, cyan }: ChalkInstance) {
  return { bold, dim, red, green, yellow, cyan };
}

/** Whether text beyond ASCII arrives: the locale is UTF-8, or it is Windows Terminal. */
export function isUnicodeLocale(env: Context["env"]): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale) || env["WT_SESSION"] !== undefined;
}

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
