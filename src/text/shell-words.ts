/** What a shell loads: its own text, which calls us by our absolute path. */
export interface ShellText {
  /** The function that gives the commands of ours to us, and everything else to the real codex. */
  wrapper: string;
  completion: string;
  /** The function that puts the account into CODEX_AUTH_PROMPT without starting a process; null for a shell without. */
  prompt: string | null;
}

/** For sh, bash and zsh: any text but NUL as one word. */
export function posixQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

export function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** PowerShell takes the typographic quotes for quotes too. A pattern for .NET as for JavaScript. */
export const powershellQuotes = String.raw`['\u2018-\u201b]`;

export function powershellQuoted(text: string): string {
  return `'${text.replaceAll(new RegExp(powershellQuotes, "g"), "$&$&")}'`;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  const isPlain = /^\w[\w-]*$/.test(text);
  return isPlain ? text : posixQuoted(text);
}
