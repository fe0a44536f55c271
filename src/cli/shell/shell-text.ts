/** What a shell loads: its own text, which calls us by our absolute path. */
export interface ShellText {
  /** The function that gives the commands of ours to us, and everything else to the real codex. */
  wrapper: string;
  completion: string;
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
