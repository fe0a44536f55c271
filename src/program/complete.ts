import type { Argument, Command, Option } from "commander";
import { safe } from "../text/safe-text.ts";
import { type Content, findContent, type OfferedBehind } from "./command.ts";
import { isOption, typedCommand } from "./invocation.ts";
import { fitsWords, optionScopes } from "./option-scopes.ts";

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
  /** Of the gateway. */
  readonly keys: () => readonly Candidate[];
}

/**
 * What may stand in the place of the last word. Which of them fit what was typed so far is the business of the shell:
 * each has its own rules. Empty where files or other programs may stand.
 */
export async function complete<Row extends Content>(
  { contents, wordsOf, accounts, keys }: Offer<Row>,
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
  if (choices === "key") return keys();
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
  const shown = options.filter(({ isHidden, scopes }) => isHidden !== true && fitsWords(scopes, given));
  const own = shown.map(({ names: [value = ""], description }) => ({ value, description }));
  const all = [...own, { value: "--help", description: "show its help" }];
  return all.filter(({ value }) => value.startsWith("--") && !typed.includes(value));
}

/** What may be typed behind a command, as TAB needs to know it: plain data, so that the build can write it down. */
export interface CommandWords {
  readonly options: readonly OptionWords[];
  readonly operands: readonly OperandWords[];
}

interface OptionWords {
  readonly names: readonly string[];
  readonly description: string;
  /** A synonym of former days, which is understood and not offered. */
  readonly isHidden?: true;
  /** Behind which words it means something, as `key create`; absent where it always does. */
  readonly scopes?: readonly string[];
  /** Null for one that takes none. */
  readonly value: OperandWords | null;
}

interface OperandWords {
  readonly name: string;
  readonly isVariadic: boolean;
  readonly choices?: readonly string[];
  readonly behind?: OfferedBehind;
}

export function wordsOf({ options, registeredArguments }: Command): CommandWords {
  const operands = registeredArguments.map((each) => operand(each.name(), each));
  return {
    options: options.map((option) => ({
      ...(option.hidden ? { isHidden: true as const } : {}),
      ...scoped(optionScopes(option, registeredArguments[0])),
      // The long one first, which is the one to offer.
      names: [option.long, option.short].filter((name) => name !== undefined),
      description: option.description,
      value: option.required ? operand(/<([^>.]+)/.exec(option.flags)?.[1] ?? "", option) : null,
    })),
    operands,
  };
}

function scoped(scopes: readonly string[] | null): { scopes?: readonly string[] } {
  return scopes === null ? {} : { scopes };
}

function operand(
  name: string,
  part: (Argument | Option) & {
    readonly offered?: readonly string[];
    readonly offeredBehind?: OfferedBehind;
  },
): OperandWords {
  const choices = part.offered ?? part.argChoices;
  const behind = part.offeredBehind;
  return {
    name,
    isVariadic: part.variadic,
    ...(choices ? { choices } : {}),
    ...(behind ? { behind } : {}),
  };
}
