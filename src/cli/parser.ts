import type { Command } from "commander";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { CommandEntry } from "./command-table.ts";
import type { LoadedCommand } from "./define-command.ts";

/** Commander parses and prints the help of one command; what it refuses becomes our own usage error. */
export async function makeParser(entry: CommandEntry, command: LoadedCommand): Promise<Command> {
  const { Command } = await import("commander");
  const parser = new Command(`codex auth ${entry.name}`);
  parser.description(entry.summary).helpOption("-h, --help", "show this help");
  parser.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  command.flags(parser);
  // Commander wraps each paragraph to the terminal; where the source wraps it means nothing.
  parser.description(parser.description().replaceAll(/(?<!\n)\n(?![\n ])/g, " "));
  parser.option("--json", "print one JSON document").option("--no-color", "print without colour");
  return parser;
}

/** `wordsBeforeDashes` tells how many of the arguments stood before `--`. */
export function parseWords(
  parser: Command,
  words: readonly string[],
): { args: readonly unknown[]; options: object } {
  try {
    // A negative number is a value that some argument refuses, not an option.
    parser.parse(words.map(shieldNumber), { from: "user" });
  } catch (error) {
    throw usageError(parser, error);
  }
  const dashes = words.indexOf("--");
  const behind = dashes === -1 ? 0 : words.length - dashes - 1;
  const options = { ...parser.opts(), wordsBeforeDashes: parser.args.length - behind };
  return { args: parser.processedArgs.map(unshield), options };
}

const shield = "\u0000";

function shieldNumber(word: string): string {
  return /^-\d/.test(word) ? shield + word : word;
}

function unshield(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshield);
  return typeof value === "string" && value.startsWith(shield) ? value.slice(1) : value;
}

function usageError(parser: Command, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !String(error.code).startsWith("commander."))
    return error;
  const message = error.message.replace(/^error: /, "").replaceAll(shield, "");
  const [first = "", suggestion] = message.split("\n");
  const sentence = first.charAt(0).toUpperCase() + first.slice(1);
  const usage = `Usage: ${parser.name()} ${parser.usage()}`;
  return new CodexAuthError("usage", sentence, { hint: suggestion ? `${suggestion}\n${usage}` : usage });
}
