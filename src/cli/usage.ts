import type { CommandEntry } from "./command-table.ts";

/** The help of the whole program. */
export function usageText(table: readonly CommandEntry[]): string {
  const rows = table.map(({ name, aliases = [], summary }) => ({
    head: [name, ...aliases].join(", "),
    summary,
  }));
  const width = Math.max(...rows.map(({ head }) => head.length));
  return [
    "Usage: codex auth <command> [options]",
    "",
    "Keeps several Codex logins, always uses the right one, never loses a token.",
    "",
    "Commands:",
    ...rows.map(({ head, summary }) => `  ${head.padEnd(width)}  ${summary}`),
    "",
    "Every command takes:",
    "  --json      print one JSON document",
    "  --no-color  print without colour",
    "  -h, --help  show its help",
    "",
    "An <account> is a row of `codex auth list`, a label or e-mail (or a unique part), an id (or its start), or - for the",
    "previously active account.",
    "",
  ].join("\n");
}
