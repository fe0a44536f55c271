import type { CommandWords } from "./command-words.ts";
import { safe } from "../text/safe-text.ts";
import { type Content, findContent } from "./command.ts";
import { isOption, typedCommand } from "./invocation.ts";

/** A word that may come next. */
export interface Candidate {
  value: string;
  description: string;
}

/** What there is to offer. */
export interface Offer<Row extends Content> {
  readonly contents: readonly Row[];
  readonly wordsOf: (command: Row) => CommandWords | Promise<CommandWords>;
  readonly accounts: () => readonly Candidate[];
}

/**
 * What may stand in the place of the last word. Which of them fit what was typed so far is the business of the shell:
 * each has its own rules. Empty where files or other programs may stand.
 */
export async function complete<Row extends Content>(
  { contents, wordsOf, accounts }: Offer<Row>,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? "";
  const { command, rest } = typedCommand(words);
  if (command === null) return typed.startsWith("-") ? globalOptions : commandNames(contents);
  if (command === "help") return rest.length === 0 ? commandNames(contents) : [];
  const content = findContent(contents, command);
  if (!content || rest.includes("--")) return [];
  const { options, operands } = await wordsOf(content);
  const { open, given } = readWords(options, rest);
  if (!open && typed.startsWith("-")) return optionNames(options, rest, given.join(" "));
  const wanted = open?.value ?? operands[given.length] ?? lastIfVariadic(operands);
  if (!wanted) return [];
  const { name, behind = {} } = wanted;
  const before = given.join(" ");
  const choices = wanted.choices ?? (Object.hasOwn(behind, before) ? behind[before] : undefined);
  if (typeof choices === "object") return choices.map((value) => ({ value, description: "" }));
  const isAccount = name === "account" || choices === "account";
  return isAccount ? accounts().filter(({ value }) => !rest.includes(value)) : [];
}

/** What the build wrote down of a command. */
export function wordsIn(json: string | undefined): CommandWords {
  return JSON.parse(json ?? '{"options":[],"operands":[]}') as CommandWords;
}

/** One candidate a line, its description behind a tab. */
export function candidateLines(candidates: readonly Candidate[]): string {
  return candidates.map(({ value, description }) => safe`${value}\t${description}\n`).join("");
}

const globalOptions = [
  { value: "--help", description: "show the commands" },
  { value: "--version", description: "show the version" },
];

function commandNames(table: readonly Content[]): Candidate[] {
  return table.map(({ name, summary }) => ({ value: name, description: summary }));
}

type Options = CommandWords["options"];

/** The words that are arguments, and the option that still waits for its value. */
function readWords(options: Options, words: readonly string[]) {
  let open: Options[number] | undefined;
  const given: string[] = [];
  for (const word of words) {
    if (open) open = undefined;
    else if (!isOption(word)) given.push(word);
    else open = options.find(({ names, value }) => value !== null && names.includes(word));
  }
  return { open, given };
}

function lastIfVariadic(operands: CommandWords["operands"]): CommandWords["operands"][number] | undefined {
  const last = operands.at(-1);
  return last?.isVariadic ? last : undefined;
}

function optionNames(options: Options, typed: readonly string[], given: string): Candidate[] {
  const fits = (scope: string) => `${given} `.startsWith(`${scope} `) || `${scope} `.startsWith(`${given} `);
  const shown = options.filter(
    ({ isHidden, scopes }) => isHidden !== true && (given === "" || !scopes || scopes.some(fits)),
  );
  const own = shown.map(({ names: [value = ""], description }) => ({ value, description }));
  const all = [...own, { value: "--help", description: "show its help" }];
  return all.filter(({ value }) => value.startsWith("--") && !typed.includes(value));
}
