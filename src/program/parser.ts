import type { Command } from "commander";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { capitalized } from "../text/words.ts";
import type { CommandEntry, LoadedCommand } from "./command.ts";
import { isOption } from "./invocation.ts";
import { actionsOf, fitsWords, optionScopes } from "./option-scopes.ts";

/** Commander breaks commands, and also what goes into a pipe; what goes to a terminal is wrapped by us. */
const unwrapped = 100_000;

/** Commander parses and prints the help of one command; what it refuses becomes our own usage error. */
export async function makeParser(entry: CommandEntry, command: LoadedCommand): Promise<Command> {
  const { Command } = await import("commander");
  const parser = new Command(`codex auth ${entry.name}`);
  parser.description(entry.summary).helpOption("-h, --help", "show this help");
  parser.exitOverride().configureOutput({
    writeErr: () => undefined,
    writeOut: () => undefined,
    getOutHelpWidth: () => unwrapped,
  });
  command.flags?.(parser);
  // Each paragraph is a line; where the source wraps it means nothing.
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
  refuseStrayOption(parser);
  const dashes = words.indexOf("--");
  const behind = dashes === -1 ? 0 : words.length - dashes - 1;
  const given = Object.entries(parser.opts()).map(([name, value]) => [name, unshield(value)]);
  const options = { ...Object.fromEntries(given), wordsBeforeDashes: parser.args.length - behind };
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
  const choice = choicePattern.exec(first);
  if (choice)
    return new CodexAuthError("usage", choiceText(choice), {
      hint: `Usage: ${parser.name()} ${parser.usage()}`,
    });
  const usage = `Usage: ${parser.name()} ${parser.usage()}`;
  if (error.code === "commander.excessArguments") {
    const surplus = parser.args.slice(parser.registeredArguments.length).map(unshield).join(" ");
    return new CodexAuthError("usage", `Too many arguments: ${surplus}`, {
      hint: `${usage}\nThe options: ${parser.name()} --help`,
    });
  }
  const [argument] = parser.registeredArguments;
  const words = actionsOf(argument);
  if (
    error.code === "commander.missingArgument" &&
    argument &&
    parser.args.length === 0 &&
    words.length > 0
  ) {
    return new CodexAuthError("usage", capitalized(first), {
      hint: `${usage}\n${capitalized(argument.name())}s: ${words.join(", ")}`,
    });
  }
  const sentence = capitalized(first);
  return new CodexAuthError("usage", sentence, { hint: suggestion ? `${suggestion}\n${usage}` : usage });
}

/** Behind other words than its own an option would be passed over in silence. */
function refuseStrayOption(parser: Command): void {
  const [action = "", word = ""] = parser.args;
  const [first] = parser.registeredArguments;
  if (!actionsOf(first).includes(action)) return;
  for (const option of parser.options) {
    if (parser.getOptionValueSource(option.attributeName()) !== "cli") continue;
    const scopes = optionScopes(option, first);
    if (scopes === null || scopes.includes(action) || scopes.includes(`${action} ${word}`)) continue;
    const hasWords = word !== "" && scopes.some((scope) => scope.startsWith(`${action} `));
    const place = hasWords ? `${action} ${word}` : action;
    throw new CodexAuthError("usage", `${option.long ?? option.flags} does not belong to ${place}.`, {
      hint: `It is for: ${scopes.map((scope) => `${parser.name()} ${scope}`).join(", ")}`,
    });
  }
}

/** How commander refuses what is none of the allowed words, of an argument or of an option. */
const choicePattern = /value '(.*)' is invalid for argument '(.+?)'\. Allowed choices are (.+)\.$/;

function choiceText([, value = "", name = "", choices = ""]: RegExpExecArray): string {
  return `Unknown ${name}: ${value}. ${capitalized(name)}s: ${choices}.`;
}

/** Leaves in the help what is about this action of a command that has several; its own help when it has none of this name. */
export function narrowHelp(parser: Command, command: LoadedCommand, words: readonly string[]): LoadedCommand {
  const [first] = parser.registeredArguments;
  const given = words.filter((word) => !isOption(word));
  if (!actionsOf(first).includes(given[0] ?? "")) return command;
  for (const option of parser.options)
    if (!fitsWords(optionScopes(option, first), given.join(" "))) option.hideHelp();
  const about = `${parser.name()} ${given[0]} `;
  const examples = command.examples.filter(([line]) => `${line} `.startsWith(about));
  return examples.length === 0 ? command : { ...command, examples };
}

/** The help of one command: what commander knows, then examples and exit codes. */
export function helpText(parser: Command, { examples, exits }: LoadedCommand, columns: number): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  // A comment that the terminal wraps looks like a command.
  const isTooWide = examples.some(([, does]) => 2 + width + 4 + does.length > columns);
  return [
    parser.helpInformation().trimEnd(),
    "",
    "Examples:",
    ...examples.flatMap(([line, does]) =>
      isTooWide ? [`  # ${does}`, `  ${line}`] : [`  ${line.padEnd(width)}  # ${does}`],
    ),
    "",
    "Exit codes:",
    ...Object.entries(exits).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`),
    "",
  ].join("\n");
}
