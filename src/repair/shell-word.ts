/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  const isPlain = /^\w[\w-]*$/.test(text);
  return isPlain ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
