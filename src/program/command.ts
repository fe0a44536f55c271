import type { Argument, Command, Option } from "commander";
import type * as zod from "zod";
import type { Context } from "../context.ts";
import { safeReport } from "../text/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

/** zod comes in as an argument, so that the binary, which checks no document of its own, never loads it. */
export type Zod = typeof zod.z;
type Shape = zod.ZodObject;

/** All that a command is, but for its name and summary in the table of contents. `run` gathers and acts, `render` makes the text for a person, `--json` prints the report. */
interface CommandSpec<Args extends readonly unknown[], Options extends object, Schema extends Shape> {
  /** Declares arguments and options. */
  flags?: (command: Command) => unknown;
  /** Lines that may be typed as they are, and what each does; for the help, the manual and the docs. */
  examples: readonly Example[];
  /** What its exit codes mean, where that is more than done (0) and refused or failed (1). */
  exits?: Readonly<Record<string, string>>;
  /** The JSON contract of the report, beside `command`, `schemaVersion` and `ok`. */
  schema: (z: Zod) => Schema;
  run: (ctx: Context, args: Args, options: Options) => Promise<zod.infer<Schema>>;
  /** Gets the report with every string in it fit for a terminal. */
  render: (report: zod.infer<Schema>, ui: Ui) => string;
  /** Lines for stderr: what the person should know beside the answer. */
  notes?: (report: zod.infer<Schema>) => readonly string[];
  /** 1 for a negative answer, or the code of a program that was run; 0 when absent. */
  exitCode?: (report: zod.infer<Schema>) => number;
  /** Standard output was given to a program: nothing of ours follows, also with `--json`. */
  isSilent?: boolean;
  /** The text is for a program: not a letter of it is changed. */
  isVerbatim?: boolean;
  /** The report has text for a terminal already, in colours. */
  isPainted?: boolean;
}

/** The account is a positional argument everywhere; the option of former days goes on. */
export function accountSynonym(command: Command): Option {
  return command.createOption("--account <account>", "the same as the argument").hideHelp();
}

/** What TAB offers there. Another word is refused by the command itself, which knows better what to type instead. */
export function offering<Part extends Argument | Option>(part: Part, offered: readonly string[]): Part {
  return Object.assign(part, { offered });
}

/** What TAB offers there, by the words that stand before it: these words, or the names of the accounts or of the keys. */
export type OfferedBehind = Readonly<Record<string, readonly string[] | "account" | "key">>;

/** The same, where it depends on what was typed before. */
export function offeringBehind(part: Argument, offeredBehind: OfferedBehind): Argument {
  return Object.assign(part, { offeredBehind });
}

/** A command line, and what it does, as half a sentence. */
type Example = readonly [line: string, does: string];

export interface Outcome {
  report: object;
  exitCode: number;
  isSilent: boolean;
  isVerbatim: boolean;
  notes: readonly string[];
  render: (ui: Ui) => string;
}

/** A command as the program sees it, its argument types hidden. */
export interface LoadedCommand {
  /** Null: it takes no arguments, and no options but those of every command. */
  flags: ((command: Command) => unknown) | null;
  examples: readonly Example[];
  exits: Readonly<Record<string, string>>;
  schema: (z: Zod) => Shape;
  execute: (ctx: Context, args: readonly unknown[], options: object) => Promise<Outcome>;
}

export function defineCommand<Args extends readonly unknown[], Options extends object, Schema extends Shape>(
  spec: CommandSpec<Args, Options, Schema>,
): LoadedCommand {
  const { schema, run, render, examples } = spec;
  const {
    flags = null,
    notes = () => [],
    exitCode = () => 0,
    isSilent = false,
    isVerbatim = false,
    isPainted = false,
  } = spec;
  return {
    flags,
    examples,
    exits: { "0": "done", "1": "refused or failed; stderr says why", ...spec.exits },
    schema,
    execute: async (ctx, args, options) => {
      // `flags` told commander what to accept, so what comes out of it has these types.
      const report = await run(ctx, args as unknown as Args, options as Options);
      return {
        report,
        exitCode: exitCode(report),
        isSilent,
        isVerbatim,
        notes: notes(report),
        render: (ui) => render(isVerbatim || isPainted ? report : safeReport(report), ui),
      };
    },
  };
}

/** A row of the table of contents: what a command is called, and what it is for. Enough for `--help`. */
export interface Content {
  readonly name: string;
  readonly summary: string;
  readonly aliases?: readonly string[];
}

/** A command with its body, which is loaded when it is asked for. */
export interface CommandEntry extends Content {
  readonly load: () => Promise<LoadedCommand>;
}

export type CommandBodies = Readonly<Record<string, CommandEntry["load"]>>;

/** The table of contents with the bodies that a program has. */
export function withBodies(contents: readonly Content[], bodies: CommandBodies): readonly CommandEntry[] {
  return contents.map((content) => ({ ...content, load: bodies[content.name] ?? notHere(content) }));
}

function notHere({ name }: Content): CommandEntry["load"] {
  return () => Promise.reject(new Error(`This program does not have the command ${name}.`));
}

export function findContent<Row extends Content>(
  table: readonly Row[],
  word: string | null,
): Row | undefined {
  return table.find(({ name, aliases = [] }) => name === word || (word !== null && aliases.includes(word)));
}
