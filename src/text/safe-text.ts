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

const mark = "[redacted]";
// A run that could be a token. Matching is greedy with nothing behind it, so the scan is linear.
const run = /[A-Za-z0-9_.~+=%-]{12,}/g;
const secretField =
  /("(?:access_token|refresh_token|id_token|api_key|apiKey|OPENAI_API_KEY|personal_access_token|code_verifier|authorization|cookie)"\s*:\s*")[^"]*/gi;
const secretParameter =
  /([?&]code|\b(?:access_token|refresh_token|id_token|client_secret|code_verifier|api_key))=[^\s&"']+/gi;
const bearer = /\b(bearer)[ \t]+[^\s"',;]+/gi;
const basic = /\b(basic)[ \t]+[A-Za-z0-9+/=]{8,}/gi;
const cookieHeader = /\b((?:set-)?cookie):[^\n]*/gi;

/** The text with every token, key, cookie and authorization value replaced. Ids of requests stay readable. */
export function redact(text: string): string {
  return text
    .replace(secretField, `$1${mark}`)
    .replace(secretParameter, `$1=${mark}`)
    .replace(cookieHeader, `$1: ${mark}`)
    .replace(bearer, `$1 ${mark}`)
    .replace(basic, `$1 ${mark}`)
    .replace(run, (found) => (isSecret(found) ? mark : found));
}

function isSecret(found: string): boolean {
  const start = found.replace(/^[.~+=%-]+/, "");
  if (/^(?:sk|rt|sess)[-_]/.test(start)) return true;
  if (/^at[-_]/.test(start) && start.length >= 20) return true;
  // "eyJ" opens the header of a JWT; the others are that, "rt_", "rt-", "sk-" and "at-" once more in base64.
  if (/^(?:eyJ|ZXlK|cnRf|cnQt|c2st|YXQt)/.test(start)) return true;
  return isOpaque(start) || /=(?:sk|rt|at)[-_]|=eyJ/.test(start);
}

/** Long, and of a mixture that no word, id or path segment has. */
function isOpaque(text: string): boolean {
  return text.length >= 48 && /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
}
