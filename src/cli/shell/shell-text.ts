/** What a shell loads: its own text, which calls us by our absolute path. */
export interface ShellText {
  /** The function that gives the commands of ours to us, and everything else to the real codex. */
  wrapper: string;
  completion: string;
}

/** For bash and zsh: any text but NUL as one word. */
export function posixQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
