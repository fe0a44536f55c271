/**
 * Beside the C0 controls: C1 controls, zero-width and other invisible characters, line and paragraph separators, bidi marks
 * and overrides, byte order mark, and the tags behind the last plane of letters.
 */
const hidden = String.raw`\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}`;
const dangerous = new RegExp(String.raw`[\u0000-\u001f${hidden}]`, "gu");
const hiddenInJson = new RegExp(`[${hidden}]`, "gu");

/**
 * Text that came from a token, a file or a server, fit for a terminal: what could move the cursor, hide text or turn
 * its direction is shown as an escape.
 */
export function safeText(text: string): string {
  return text.replace(dangerous, escaped);
}

/** The same, of text whose lines and tabs are meant. */
export function safeLines(text: string): string {
  return text.replaceAll(/[^\n\t]+/g, safeText);
}

/** For a line that is made of our words and of foreign text: what is put in is escaped. */
export function safe(words: TemplateStringsArray, ...foreign: readonly unknown[]): string {
  return String.raw({ raw: words }, ...foreign.map((each) => safeText(String(each))));
}

/**
 * A report as it is handed to what makes text of it: every string in it is fit for a terminal, so that nothing that
 * prints one can forget it. Under these keys the lines of a string are meant.
 */
export function safeReport<Report>(report: Report): Report {
  return isHarmless(report) ? report : (safeValue(report, "") as Report);
}

const ofLines = new Set(["output", "hint"]);

/** Nearly every report is, and is not copied. */
function isHarmless(value: unknown): boolean {
  if (typeof value === "string") return value.search(dangerous) === -1;
  if (typeof value !== "object" || value === null) return true;
  for (const part of Object.values(value)) if (!isHarmless(part)) return false;
  return true;
}

function safeValue(value: unknown, key: string): unknown {
  if (typeof value === "string") return ofLines.has(key) ? safeLines(value) : safeText(value);
  if (Array.isArray(value)) return value.map((each) => safeValue(each, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [safeText(name), safeValue(each, name)]),
  );
}

/** A document as text in which nothing acts on a terminal either; whoever parses it gets every character. */
export function jsonText(document: object): string {
  // C0 controls are escaped by JSON itself; the line breaks that are left are those of the layout.
  const text = JSON.stringify(document, null, 2);
  return `${isPlainAscii(text) ? text : text.replace(hiddenInJson, escaped)}\n`;
}

/** Nearly every document is, and looking through a long one letter by letter takes longer than making it. */
function isPlainAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length && !text.includes("\u007f");
}

/** In UTF-16, as JSON writes it. */
function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Text from outside, fit for an element or a quoted attribute of a page. */
export function htmlText(text: string): string {
  return safeText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
