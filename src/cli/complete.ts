import type { Argument, Command, Option } from "commander";
import type { Account } from "../store/account.ts";
import { safeText } from "../ui/safe-text.ts";
import { findEntry } from "./command-table.ts";
import type { CommandEntry } from "./command-table.ts";
import type { Context } from "./context.ts";
import { knownAccounts } from "./known-accounts.ts";
import { makeParser } from "./parser.ts";
import { seatName } from "../store/account-name.ts";

/** A word that may come next. */
interface Candidate {
  value: string;
  description: string;
}

/**
 * What may stand in the place of the last word. Which of them fit what was typed so far is the business of the shell:
 * each has its own rules. Empty where files or other programs may stand.
 */
export async function complete(
  ctx: Context,
  table: readonly CommandEntry[],
  words: readonly string[],
): Promise<Candidate[]> {
  const [before, typed = ""] = [words.slice(0, -1), words.at(-1)];
  const at = before.findIndex((word) => !isOption(word));
  const [command, ...rest] = at === -1 ? [] : before.slice(at);
  if (command === undefined) return typed.startsWith("-") ? globalOptions : commandNames(table);
  if (command === "help") return rest.length === 0 ? commandNames(table) : [];
  const entry = findEntry(table, command);
  if (!entry || rest.includes("--")) return [];
  return commandWords(ctx, await makeParser(entry, await entry.load()), { typed, rest });
}

/** One candidate a line, its description behind a tab. */
export function candidateLines(candidates: readonly Candidate[]): string {
  return candidates.map(({ value, description }) => `${value}\t${safeText(description)}\n`).join("");
}

const globalOptions = [
  { value: "--help", description: "show the commands" },
  { value: "--version", description: "show the version" },
];

function commandNames(table: readonly CommandEntry[]): Candidate[] {
  return table.map(({ name, summary }) => ({ value: name, description: summary }));
}

function commandWords(
  ctx: Context,
  { options, registeredArguments }: Command,
  { typed, rest }: { typed: string; rest: readonly string[] },
): Candidate[] {
  const { open, operands } = readWords(options, rest);
  if (open) return valuesOf(ctx, open.argChoices, /<([^>]+)>/.exec(open.flags)?.[1] ?? "", rest);
  if (typed.startsWith("-")) return optionNames(options, rest);
  const argument = registeredArguments[operands] ?? lastIfVariadic(registeredArguments);
  return argument ? valuesOf(ctx, argument.argChoices, argument.name(), rest) : [];
}

/** How many words are arguments, and the option that still waits for its value. */
function readWords(options: readonly Option[], words: readonly string[]) {
  let open: Option | undefined;
  let operands = 0;
  for (const word of words) {
    if (open) open = undefined;
    else if (!isOption(word)) operands += 1;
    else open = options.find((option) => option.required && [option.short, option.long].includes(word));
  }
  return { open, operands };
}

/** `-` is an account. */
function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

function lastIfVariadic(registered: readonly Argument[]): Argument | undefined {
  const last = registered.at(-1);
  return last?.variadic ? last : undefined;
}

function optionNames(options: readonly Option[], given: readonly string[]): Candidate[] {
  const own = options.map(({ long, description }) => ({ value: long ?? "", description }));
  const all = [...own, { value: "--help", description: "show its help" }];
  return all.filter(({ value }) => value !== "" && !given.includes(value));
}

function valuesOf(
  ctx: Context,
  choices: readonly string[] | undefined,
  name: string,
  given: readonly string[],
): Candidate[] {
  if (choices) return choices.map((value) => ({ value, description: "" }));
  if (name !== "account") return [];
  return accountCandidates(knownAccounts(ctx)).filter(({ value }) => !given.includes(value));
}

/** Labels, and e-mails of one seat; an account that has neither is called by its id. */
function accountCandidates(accounts: readonly Account[]): Candidate[] {
  const seats = seatsByEmail(accounts);
  return accounts.flatMap((account) => {
    const { id, label, login } = account;
    const { email } = login;
    const description = [seatName(account), login.plan].filter((part) => part !== null).join(", ");
    const own = email !== null && seats.get(email.toLowerCase()) === 1 ? email : null;
    const names = [label, own].filter((name) => name !== null).filter(isTypeable);
    return (names.length === 0 ? [id] : names).map((value) => ({ value, description }));
  });
}

function seatsByEmail(accounts: readonly Account[]): Map<string, number> {
  const seats = new Map<string, number>();
  for (const { login } of accounts) {
    const email = login.email?.toLowerCase() ?? "";
    seats.set(email, (seats.get(email) ?? 0) + 1);
  }
  return seats;
}

/** A name from a token may be anything; one that could be read as an option, or acts on a terminal, is not offered. */
function isTypeable(name: string): boolean {
  return !name.startsWith("-") && name.trim() !== "" && safeText(name) === name;
}
