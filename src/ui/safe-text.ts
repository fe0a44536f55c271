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

/** A document as text in which nothing acts on a terminal either; whoever parses it gets every character. */
export function jsonText(document: object): string {
  // C0 controls are escaped by JSON itself; the line breaks that are left are those of the layout.
  return `${JSON.stringify(document, null, 2).replace(hiddenInJson, escaped)}\n`;
}

/** In UTF-16, as JSON writes it. */
function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
