import type { Command } from "commander";
import { commands } from "../src/commands/index.ts";
import type { CommandEntry, LoadedCommand } from "../src/program/command.ts";
import { makeParser } from "../src/program/parser.ts";

interface Documented {
  entry: CommandEntry;
  command: LoadedCommand;
  parser: Command;
}

async function documented(): Promise<Documented[]> {
  return await Promise.all(
    commands.map(async (entry) => {
      const command = await entry.load();
      return { entry, command, parser: await makeParser(entry, command) };
    }),
  );
}

/** docs/commands.md: every command as its --help tells it. Written by `npm run docs`; a test compares. */
export async function commandsPage(): Promise<string> {
  const sections = (await documented()).map(commandSection);
  const head =
    "# Commands\n\nWritten from the commands themselves by `npm run docs`. Every command also takes `--json`, `--no-color` and `--help`.";
  return `${[head, ...sections].join("\n\n")}\n`;
}

function commandSection({ entry, command, parser }: Documented): string {
  const names = [entry.name, ...(entry.aliases ?? [])].map((name) => `\`${name}\``).join(", ");
  const terms = termsOf(parser).map(([term, text]) => `- \`${term}\`: ${text}`);
  const examples = command.examples.map(([line, does]) => `${line} # ${does}`);
  const exits = Object.entries(command.exits).map(([code, meaning]) => `\`${code}\` ${meaning}`);
  return [
    `## ${names}`,
    ...parser.description().split("\n\n").map(paragraph),
    `    ${parser.name()} ${parser.usage()}`,
    ...(terms.length > 0 ? [terms.map(escaped).join("\n")] : []),
    ["```sh", ...examples, "```"].join("\n"),
    `Exit codes: ${exits.join("; ")}.`,
  ].join("\n\n");
}

/** An indented block is something to type. */
function paragraph(text: string): string {
  if (!text.startsWith("  ")) return escaped(text);
  return ["```text", text.replaceAll(/^ {2}/gm, ""), "```"].join("\n");
}

/** Arguments, then options, without those that every command has. */
function termsOf(parser: Command): [string, string][] {
  const shared = new Set(["--json", "--no-color"]);
  const args = parser.registeredArguments.map((each): [string, string] => [
    `<${each.name()}${each.variadic ? "…" : ""}>`,
    each.description,
  ]);
  const options = parser.options
    .filter(({ long }) => !shared.has(long ?? ""))
    .map(({ flags, description }): [string, string] => [flags, description]);
  return [...args, ...options];
}

function escaped(text: string): string {
  return text.replaceAll(/(?<!`)<(?=[a-z])/g, (_, at: number) => (isInCode(text, at) ? "<" : "\\<"));
}

function isInCode(text: string, at: number): boolean {
  return (text.slice(0, at).split("`").length - 1) % 2 === 1;
}

/** man/codex-auth.1. */
export async function manualPage(version: string): Promise<string> {
  const sections = (await documented()).flatMap(manualSection);
  return `${[
    `.TH CODEX-AUTH 1 "" "codex-auth ${version}" "User Commands"`,
    ".SH NAME",
    "codex-auth \\- keep several OpenAI Codex logins, use the right one, never lose a token",
    ".SH SYNOPSIS",
    ".B codex auth",
    ".I command",
    "[\\fIoptions\\fR]",
    ".br",
    ".B codex-auth",
    ".I command",
    "[\\fIoptions\\fR]",
    ".SH DESCRIPTION",
    "Every command takes \\fB--json\\fR (one JSON document on standard output), \\fB--no-color\\fR and \\fB--help\\fR. An",
    "\\fIaccount\\fR is a row of the list, a label, an e-mail, an id, a unique part of one, or - for the previous one.",
    ".SH COMMANDS",
    ...sections,
    ".SH ENVIRONMENT",
    ".TP\n.B CODEX_HOME\nThe folder of Codex; ~/.codex where it is not set.",
    ".TP\n.B CODEX_AUTH_DIR\nThe folder of codex-auth; codex-auth inside CODEX_HOME where it is not set.",
    ".TP\n.B CODEX_AUTH_ACCOUNT\nThe account of exec where its command line names none: a label, an e-mail or an id.",
    ".TP\n.B CODEX_AUTH_CODEX_BIN\nThe real codex program, where PATH does not lead to it.",
    ".TP\n.B CODEX_AUTH_ASK_CODEX\n0: doctor and fix do not ask the installed codex whether it can read its configuration.",
    ".TP\n.B NO_COLOR, FORCE_COLOR\nTurn colour off, or on.",
    ".SH FILES",
    ".TP\n.I $CODEX_HOME/auth.json\nThe login that Codex uses; its own file.",
    ".TP\n.I $CODEX_HOME/codex-auth/\nAll accounts, their backups, and what is known of their limits. Mode 0700.",
    ".TP\n.I .codex-auth\nIn a folder of yours: the account that exec takes there and below.",
  ].join("\n")}\n`;
}

function manualSection({ entry, command, parser }: Documented): string[] {
  const names = [entry.name, ...(entry.aliases ?? [])].join(", ");
  const exits = Object.entries(command.exits).map(([code, meaning]) => `${roff(code)} ${roff(meaning)}`);
  return [
    `.SS ${roff(names)}`,
    `.B ${roff(parser.name())}\n${roff(parser.usage())}`,
    ".PP",
    ...parser
      .description()
      .split("\n\n")
      .map((paragraph) => `${roff(paragraph)}\n.PP`),
    ...termsOf(parser).map(([term, text]) => `.TP\n.B ${roff(term)}\n${roff(text)}`),
    ".PP\nExamples:\n.nf",
    ...command.examples.map(([line, does]) => `  ${roff(line)}  # ${roff(does)}`),
    `.fi\n.PP\nExit codes: ${exits.join("; ")}.`,
  ];
}

/** A line must not begin with a request, and a plain hyphen is one that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("…", "...")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");
}
