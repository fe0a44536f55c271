import { htmlText } from "../../text/safe-text.ts";

/** Text that is HTML already. Only `html` makes it, so that nothing from outside gets in without being escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | readonly Markup[];

/** A template of a page: what is put in is text, unless it was made here too. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = compact.get(strings) ?? strings.map(withoutLayout);
  compact.set(strings, texts);
  return new Markup(
    texts.map((text, at) => text + (at < parts.length ? textOf(parts[at] ?? null) : "")).join(""),
  );
}

/** Each template is made compact once. */
const compact = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The line breaks are for who reads the source. One that begins the text of a textarea is no part of it. */
function withoutLayout(text: string): string {
  return text.replace(/>\n$/, ">").replace(/\s*\n\s*/g, " ");
}

export const nothing = html``;

function textOf(part: Part): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "string") return htmlText(part);
  if (typeof part === "number") return String(part);
  return part.map(({ text }) => text).join("");
}
