import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { asFileError } from "../store/file-error.ts";
import { jsonText, safeText } from "../ui/safe-text.ts";
import { makeUi } from "../ui/ui.ts";
import type { Ui } from "../ui/ui.ts";
import { findEntry } from "./command-table.ts";
import type { CommandEntry } from "./command-table.ts";
import type { Context, Output } from "./context.ts";
import type { Outcome } from "./define-command.ts";
import { failureDocument, failureText } from "./failure.ts";
import { isUnicodeLocale } from "./locale.ts";
import { helpText } from "./help.ts";
import { asInvoked, documentAsInvoked } from "./invoked.ts";
import { makeParser, parseWords } from "./parser.ts";
import { usageText } from "./usage.ts";

/** The command line as far as every command shares it. */
interface Invocation {
  name: string | null;
  rest: readonly string[];
  isJson: boolean;
  isPlain: boolean;
  wantsHelp: boolean;
  wantsVersion: boolean;
}

/** Runs one command line and returns its exit code. Writes nothing but its answer to stdout. */
export async function runProgram(
  ctx: Context,
  table: readonly CommandEntry[],
  argv: readonly string[],
): Promise<number> {
  const invocation = readInvocation(argv);
  const output = invocation.isPlain || invocation.isJson ? withoutColor(ctx) : ctx;
  try {
    const given = await answer(output, table, invocation);
    const { document, text, exitCode, isSilent, isVerbatim, notes = [] } = given;
    const shown = isVerbatim ? text : asInvoked(ctx, text);
    if (!isSilent) ctx.stdout.write(invocation.isJson ? jsonText(documentAsInvoked(ctx, document)) : shown);
    for (const note of [...notes, ...homeNotes(ctx)]) ctx.stderr.write(`${asInvoked(ctx, safeText(note))}\n`);
    return exitCode;
  } catch (error) {
    // What the system refuses is no fault of ours, wherever it was met.
    return await fail(output, table, invocation, asFileError(error) ?? error);
  }
}

/** A pool that has found another home is no secret. */
function homeNotes({ store }: Context): string[] {
  const former = store.replacedHome();
  if (former === null) return [];
  const { storeDir, codexHome } = store.paths;
  return [
    `The pool in ${storeDir} served ${former}, which is gone or has no login of it: it serves ${codexHome} now.`,
  ];
}

async function fail(
  ctx: Context,
  table: readonly CommandEntry[],
  invocation: Invocation,
  error: unknown,
): Promise<number> {
  const entry = findEntry(table, invocation.name);
  const name = entry?.name ?? "auth";
  if (invocation.isJson) tryToWrite(ctx, jsonText(documentAsInvoked(ctx, failureDocument(name, error))));
  const { headline, details } = failureText(error, await ui(ctx, ctx.stderr));
  ctx.stderr.write(`${headline}\n${asInvoked(ctx, details)}`);
  const isUsage = error instanceof CodexAuthError && error.code === "usage";
  if (!entry && isUsage) ctx.stderr.write(`\n${asInvoked(ctx, usageText(table))}`);
  return failureCode(error);
}

/** What cannot be written there is told on stderr all the same. */
function tryToWrite({ stdout }: Context, text: string): void {
  try {
    stdout.write(text);
  } catch {
    // As when it was the answer that could not be written.
  }
}

/** As a shell would end: interrupted, no such program, no program that can be run. */
function failureCode(error: unknown): number {
  if (!(error instanceof CodexAuthError)) return 1;
  if (error.code === "interrupted") return 130;
  if (error.code === "program_not_found") return 127;
  return error.code === "program_not_executable" ? 126 : 1;
}

interface Answer {
  document: object;
  text: string;
  exitCode: number;
  isSilent?: boolean;
  isVerbatim?: boolean;
  notes?: readonly string[];
}

async function answer(ctx: Context, table: readonly CommandEntry[], invocation: Invocation): Promise<Answer> {
  const { name, rest, wantsHelp, wantsVersion } = invocation;
  if (wantsVersion || name === "version")
    return plainAnswer("version", { version: CODEX_AUTH_VERSION }, `${CODEX_AUTH_VERSION}\n`);
  if (name === completionWord) return completionAnswer(ctx, table, rest);
  const topic = rest.find((word) => !globalOptions.has(word));
  if (name === null || (name === "help" && topic === undefined)) {
    const usage = usageText(table);
    return plainAnswer("help", { usage }, usage);
  }
  const isHelp = name === "help";
  const wanted = isHelp ? (topic ?? "") : name;
  const entry = findEntry(table, wanted);
  if (!entry) throw unknownCommand(wanted);
  const command = await entry.load();
  const parser = await makeParser(entry, command);
  if (isHelp || wantsHelp) {
    const usage = helpText(parser, command);
    return plainAnswer("help", { usage }, usage);
  }
  const { args, options } = parseWords(parser, rest);
  const outcome = await command.execute(ctx, args, { ...options, json: invocation.isJson });
  const { exitCode, isSilent, isVerbatim, notes } = outcome;
  const text = isSilent || invocation.isJson ? "" : await render(ctx, outcome);
  return { document: envelope(entry.name, outcome), text, exitCode, isSilent, isVerbatim, notes };
}

/** What shells ask at every TAB: `__complete -- <words>`; the last word is the one being typed. */
const completionWord = "__complete";

async function completionAnswer(
  ctx: Context,
  table: readonly CommandEntry[],
  [, ...words]: readonly string[],
): Promise<Answer> {
  const { complete, candidateLines } = await import("./complete.ts");
  const candidates = await complete(ctx, table, words);
  return { ...plainAnswer("complete", { candidates }, candidateLines(candidates)), isVerbatim: true };
}

function plainAnswer(command: string, fields: object, text: string): Answer {
  return { document: { command, schemaVersion: 1, ok: true, ...fields }, text, exitCode: 0 };
}

function envelope(command: string, { report, exitCode }: Outcome): object {
  return { command, schemaVersion: 1, ok: exitCode === 0, ...report };
}

async function render(ctx: Context, outcome: Outcome): Promise<string> {
  const text = outcome.render(await ui(ctx, ctx.stdout));
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function ui({ env, now }: Context, { colorLevel, columns }: Output): Promise<Ui> {
  return makeUi({ colorLevel, columns, isUnicode: isUnicodeLocale(env), nowMs: now() });
}

/** Global options may stand before the command or after it; behind `--` nothing is ours. */
function readInvocation(argv: readonly string[]): Invocation {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const at = own.findIndex((word) => !word.startsWith("-") || word === "-");
  const before = at === -1 ? own : own.slice(0, at);
  const unknown = before.find((word) => !globalOptions.has(word));
  return {
    name: unknown ?? (at === -1 ? null : (own[at] ?? null)),
    rest: at === -1 ? [] : argv.slice(at + 1),
    isJson: own.includes("--json"),
    isPlain: own.includes("--no-color"),
    wantsHelp: own.includes("--help") || own.includes("-h"),
    wantsVersion: before.includes("--version") || before.includes("-V"),
  };
}

const globalOptions = new Set(["--json", "--no-color", "--help", "-h", "--version", "-V"]);

function unknownCommand(word: string): CodexAuthError {
  const message = word.startsWith("-") ? `Unknown option: ${word}` : `Unknown command: ${word}`;
  return new CodexAuthError("usage", message, { hint: "See the commands: codex auth --help" });
}

function withoutColor(ctx: Context): Context {
  return { ...ctx, stdout: { ...ctx.stdout, colorLevel: 0 }, stderr: { ...ctx.stderr, colorLevel: 0 } };
}
