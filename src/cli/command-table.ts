import type { LoadedCommand } from "./define-command.ts";

/** A row of the table of contents: enough for `--help`, without loading the command. */
export interface CommandEntry {
  name: string;
  aliases?: readonly string[];
  summary: string;
  load: () => Promise<LoadedCommand>;
}

export function findEntry(table: readonly CommandEntry[], word: string | null): CommandEntry | undefined {
  return table.find(({ name, aliases = [] }) => name === word || (word !== null && aliases.includes(word)));
}
