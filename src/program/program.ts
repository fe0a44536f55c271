import type { Command } from "commander";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { asFileError } from "../machine/file-error.ts";
import { safeText } from "../text/safe-text.ts";
import { type CommandEntry, findContent, type LoadedCommand, type Outcome } from "./command.ts";
import { generalAnswer, plainAnswer, unknownCommand } from "./general-answer.ts";
import {
  completionWord,
  documentText,
  type Invocation,
  isBare,
  readInvocation,
  topicOf,
} from "./invocation.ts";
import type { Ui } from "../ui/ui.ts";
import { helpText, makeParser, narrowHelp, parseWords } from "./parser.ts";
import { forPeople, paintedFor, refuse, uiFor } from "./refuse.ts";

/** Runs one command line and returns its exit code. Writes nothing but its answer to stdout. */
export async function runProgram(
  ctx: Context,
  table: readonly CommandEntry[],
  argv: readonly string[],
  hooks: Hooks = {},
): Promise<number> {
  const invocation = readInvocation(argv);
  const output = paintedFor(ctx, invocation);
  try {
    const given = await answer(output, { table, ...hooks }, invocation);
    const { document, text, exitCode, isSilent, isVerbatim, notes = [] } = given;
    const shown = isVerbatim ? text : forPeople(ctx, text);
    const { stdout } = isVerbatim || invocation.isJson ? ctx : output;
    if (!isSilent) stdout.write(invocation.isJson ? documentText(ctx, document) : shown);
    for (const note of [...notes, ...storeNotes(ctx)])
      output.stderr.write(`${forPeople(ctx, safeText(note))}\n`);
    return exitCode;
  } catch (error) {
    // What the system refuses is no fault of ours, wherever it was met.
    return await refuse(output, table, invocation, asFileError(error) ?? error);
  }
}

interface Typed {
  parser: Command;
  rest: readonly string[];
  pick: Hooks["pick"];
  again: () => Promise<Command>;
}

/** The words behind the command; where only its account is missing, a person on a terminal picks one. */
async function parsedWords(ctx: Context, { parser, rest, pick, again }: Typed) {
  try {
    return parseWords(parser, rest);
  } catch (error) {
    const isAccount = error instanceof CodexAuthError && error.message.endsWith("argument 'account'");
    if (!isAccount || !pick || !ctx.stdin.isTerminal || !ctx.stderr.isTerminal) throw error;
    const id = await pick(ctx, `${parser.name().replace("codex auth ", "")}, which account:`);
    return parseWords(await again(), [id, ...rest]);
  }
}

/** A pool that has found another home, and a file that has lost its other names, are no secret. */
function storeNotes({ store }: Context): string[] {
  const former = store.replacedHome();
  const { storeDir, codexHome, configFile } = store.paths;
  const detached = `${configFile} was a hard link and is a file of its own now: its other names keep the text from before.`;
  const moved = `The pool in ${storeDir} served ${former}, which is gone or has no login of it: it serves ${codexHome} now.`;
  return [...(former === null ? [] : [moved]), ...(store.hasDetachedConfig() ? [detached] : [])];
}

interface Answer {
  document: object;
  text: string;
  exitCode: number;
  isSilent?: boolean;
  isVerbatim?: boolean;
  notes?: readonly string[];
}

/** What a person on a terminal is helped with. */
export interface Hooks {
  /** Stands in the place of a command where none was typed. */
  overview?: (ctx: Context, ui: Ui) => Promise<string>;
  /** Lets a person choose the account that a command line lacks; returns its id. */
  pick?: (ctx: Context, title: string) => Promise<string>;
}

interface Program extends Hooks {
  table: readonly CommandEntry[];
}

async function answer(
  ctx: Context,
  { table, overview, pick }: Program,
  invocation: Invocation,
): Promise<Answer> {
  if (overview && isBare(invocation) && ctx.stdout.isTerminal)
    return { document: {}, text: await overview(ctx, await uiFor(ctx, ctx.stdout)), exitCode: 0 };
  const general = generalAnswer(table, invocation);
  if (general) return { ...general, exitCode: 0 };
  const { name, rest, wantsHelp } = invocation;
  if (name === completionWord) return completionAnswer(ctx, table, rest);
  const wanted = topicOf(invocation) ?? "";
  const entry = findContent(table, wanted);
  if (!entry) throw unknownCommand(table, wanted);
  const command = await entry.load();
  if (name === "help" || wantsHelp) {
    const room = ctx.stdout.isTerminal ? ctx.stdout.columns : Infinity;
    const parser = await makeParser(entry, command);
    const usage = helpText(parser, narrowHelp(parser, command, wantsHelp ? rest : []), room);
    return { ...plainAnswer("help", { usage }, usage), exitCode: 0 };
  }
  const { args, options } = needsNoParser(command, rest)
    ? { args: [], options: {} }
    : await parsedWords(ctx, {
        parser: await makeParser(entry, command),
        rest,
        pick,
        again: () => makeParser(entry, command),
      });
  const outcome = await command.execute(ctx, args, { ...options, json: invocation.isJson });
  const { exitCode, isVerbatim } = outcome;
  const isQuiet = "quiet" in options && options.quiet === true;
  const isSilent = outcome.isSilent || isQuiet;
  const notes = isQuiet ? [] : outcome.notes;
  const text = isSilent || invocation.isJson ? "" : await render(ctx, outcome);
  return { document: envelope(entry.name, outcome), text, exitCode, isSilent, isVerbatim, notes };
}

/** A command that takes no words of its own, and was given none, runs as quickly as it can: commander is not even loaded. */
function needsNoParser({ flags }: LoadedCommand, words: readonly string[]): boolean {
  return flags === null && words.every((word) => word === "--json" || word === "--no-color");
}

async function completionAnswer(
  ctx: Context,
  table: readonly CommandEntry[],
  [, ...words]: readonly string[],
): Promise<Answer> {
  const [{ complete, candidateLines, wordsOf }, { keyNames, offeredNames }] = await Promise.all([
    import("./complete.ts"),
    import("./offered-names.ts"),
  ]);
  const offer = {
    contents: table,
    wordsOf: async (entry: CommandEntry) => wordsOf(await makeParser(entry, await entry.load())),
    accounts: () => offeredNames(ctx.fs, ctx.store.paths),
    keys: () => keyNames(ctx.fs, ctx.store.paths, ctx.env),
  };
  const candidates = await complete(offer, words);
  const given = plainAnswer("complete", { candidates }, candidateLines(candidates));
  return { ...given, exitCode: 0, isVerbatim: true };
}

function envelope(command: string, { report, exitCode }: Outcome): object {
  return { command, schemaVersion: 1, ok: exitCode === 0, ...report };
}

async function render(ctx: Context, outcome: Outcome): Promise<string> {
  const text = outcome.render(await uiFor(ctx, ctx.stdout));
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
