/** What TOML takes behind a backslash in a text in double quotes. */
const escape = /^(?:[btnfr"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/;

interface Quoted {
  start: number;
  /** Behind the closing quote. */
  end: number;
  content: string;
}

/**
 * The line with its Windows paths as they were meant. A text in double quotes whose backslashes mean nothing to TOML is
 * one, and then every other text of the line that begins like one. Unchanged where there is none.
 */
export function withPathsMeant(line: string): string {
  for (const texts of [quotedTexts(line, false), quotedTexts(line, true)]) {
    if (texts === null || !texts.some(({ content }) => hasWrongEscape(content))) continue;
    const meant = texts.filter(({ content }) => hasWrongEscape(content) || beginsLikePath(content));
    return meant.reduceRight(
      (text, { start, end, content }) => text.slice(0, start) + literal(content) + text.slice(end),
      line,
    );
  }
  return line;
}

/**
 * The texts in double quotes of a line; null where one is not closed. With `endsInBackslash` a quote behind a backslash
 * closes its text when a comma, a bracket or the end of the line follows, as in "C:\dir\".
 */
function quotedTexts(line: string, endsInBackslash: boolean): Quoted[] | null {
  const texts: Quoted[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const quote = line[at];
    if (quote === "#") break;
    if (quote !== '"' && quote !== "'") continue;
    const end = quote === "'" ? line.indexOf("'", at + 1) : closingQuote(line, at + 1, endsInBackslash);
    if (end === -1) return null;
    if (quote === '"') texts.push({ start: at, end: end + 1, content: line.slice(at + 1, end) });
    at = end;
  }
  return texts;
}

function closingQuote(line: string, start: number, endsInBackslash: boolean): number {
  for (let at = start; at < line.length; at += 1) {
    if (line[at] === '"') return at;
    if (line[at] !== "\\") continue;
    const closes = line[at + 1] === '"' && /^\s*(?:[,\]}#]|$)/.test(line.slice(at + 2));
    if (!(endsInBackslash && closes)) at += 1;
  }
  return -1;
}

function hasWrongEscape(content: string): boolean {
  for (let at = content.indexOf("\\"); at !== -1; at = content.indexOf("\\", at)) {
    const taken = escape.exec(content.slice(at + 1));
    if (!taken) return true;
    at += 1 + taken[0].length;
  }
  return false;
}

/** `C:\x` or `\\server\x`, each backslash written once. */
function beginsLikePath(content: string): boolean {
  return /^[A-Za-z]:\\[^\\]/.test(content) || /^\\\\[^\\]+\\[^\\]/.test(content);
}

function literal(content: string): string {
  return content.includes("'") ? `"${content.replaceAll("\\", "\\\\")}"` : `'${content}'`;
}
