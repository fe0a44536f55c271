import type { Command } from "commander";
import type { LoadedCommand } from "./define-command.ts";

/** The help of one command: what commander knows, then examples and exit codes. */
export function helpText(parser: Command, { examples, exits }: LoadedCommand): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return [
    parser.helpInformation().trimEnd(),
    "",
    "Examples:",
    ...examples.map(([line, does]) => `  ${line.padEnd(width)}  # ${does}`),
    "",
    "Exit codes:",
    ...Object.entries(exits).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`),
    "",
  ].join("\n");
}
