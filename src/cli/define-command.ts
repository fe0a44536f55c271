import type { Command } from "commander";
import type * as zod from "zod";
import type { Ui } from "../ui/ui.ts";
import type { Context } from "./context.ts";

/** zod comes in as an argument, so that the binary, which checks no document of its own, never loads it. */
export type Zod = typeof zod.z;
type Shape = zod.ZodObject;

/** All that a command is, but for its name and summary in the table of contents. `run` gathers and acts, `render` makes the text for a person, `--json` prints the report. */
export interface CommandSpec<Args extends readonly unknown[], Options extends object, Schema extends Shape> {
  /** Declares arguments and options. */
  flags?: (command: Command) => unknown;
  /** Lines that may be typed as they are, and what each does; for the help, the manual and the docs. */
  examples: readonly Example[];
  /** What its exit codes mean, where that is more than done (0) and refused or failed (1). */
  exits?: Readonly<Record<string, string>>;
  /** The JSON contract of the report, beside `command`, `schemaVersion` and `ok`. */
  schema: (z: Zod) => Schema;
  run: (ctx: Context, args: Args, options: Options) => Promise<zod.infer<Schema>>;
  render: (report: zod.infer<Schema>, ui: Ui) => string;
  /** Lines for stderr: what the person should know beside the answer. */
  notes?: (report: zod.infer<Schema>) => readonly string[];
  /** 1 for a negative answer, or the code of a program that was run; 0 when absent. */
  exitCode?: (report: zod.infer<Schema>) => number;
  /** Standard output was given to a program: nothing of ours follows, also with `--json`. */
  isSilent?: boolean;
  /** The text is for a program: not a letter of it is changed. */
  isVerbatim?: boolean;
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
  flags: (command: Command) => unknown;
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
    flags = () => undefined,
    notes = () => [],
    exitCode = () => 0,
    isSilent = false,
    isVerbatim = false,
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
        render: (ui) => render(report, ui),
      };
    },
  };
}
