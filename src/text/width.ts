const styles = /\u001b\[[\d;]*m/g;

/**
 * Finds what a reader sees as one letter: joined emoji, a flag, a letter with its accents. Made when text is first not
 * ASCII, because to make the first one takes as long as half a Node.
 */
let segmenter: Intl.Segmenter | undefined;

/** No line of a terminal is as long; to join the letters of longer text takes more time than in proportion. */
const longestJoined = 2000;

function lettersOf(text: string): string[] {
  if (text.length > longestJoined || isPlain(text)) return Array.from(text);
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** How many columns a text takes; colours take none. */
export function displayWidth(text: string): number {
  if (isPlain(text)) return text.length;
  return lettersOf(text.replaceAll(styles, "")).reduce((sum, letter) => sum + letterWidth(letter), 0);
}

function isPlain(text: string): boolean {
  return /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2026\u2500-\u259f]*$/.test(text);
}

// Made when text is first not ASCII: to make the pattern of all marks takes 0.1 ms.
function letterWidth(letter: string): number {
  if (/^[\p{Mark}\u200b-\u200f]*$/u.test(letter)) return 0;
  // The last one asks for a picture where a letter would do.
  return isWide(letter) || letter.includes("\u{fe0f}") ? 2 : 1;
}

/** Hangul, CJK, full-width forms, emoji. */
function isWide(letter: string): boolean {
  return /[\u1100-\u115f\u231a\u231b\u23e9-\u23ec\u2614\u2615\u26a1\u2705\u274c\u2728\u2753-\u2755\u2757\u2b50\u2b55\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    letter,
  );
}

/** Shortens to `columns` by leaving out the middle: both ends tell names apart. Of an e-mail the domain stays while it can. */
export function cutMiddle(text: string, columns: number, ellipsis: string): string {
  if (displayWidth(text) <= columns) return text;
  // "ada@x.example (row 2)": the row tells two of a name apart.
  const [, name = text, rest = ""] = /^(.+)( \([^()]*\))$/u.exec(text) ?? /^([^@]+)(@.*)$/u.exec(text) ?? [];
  const room = columns - displayWidth(rest);
  if (rest !== "" && room >= shortestName) return cutMiddle(name, room, ellipsis) + rest;
  const kept = Math.max(0, columns - ellipsis.length);
  const all = lettersOf(text);
  return start(all, Math.ceil(kept / 2)) + ellipsis + start(all.toReversed(), Math.floor(kept / 2), true);
}

const shortestName = 5;

function start(all: readonly string[], columns: number, isReversed = false): string {
  const kept: string[] = [];
  let width = 0;
  for (const letter of all) {
    width += letterWidth(letter);
    if (width > columns) break;
    kept.push(letter);
  }
  return (isReversed ? kept.reverse() : kept).join("");
}
