import type { Context } from "../context.ts";
import type { CommandEntry } from "../program/command.ts";
import { type Hooks, runProgram } from "../program/program.ts";
import { makeContext } from "./real-context.ts";
import { currentFolder } from "./signals.ts";
import { openOutput } from "./streams.ts";

/** The context of this process. */
export function contextHere(commands: readonly CommandEntry[], packageRoot: string): Context {
  const { env } = process;
  const outputs = { stdout: openOutput(1, env), stderr: openOutput(2, env) };
  return makeContext({ env, cwd: currentFolder() }, outputs, {
    packageRoot,
    commands,
  });
}

/** Runs the command line of this process; tells whether it wrote to the store. */
export async function runHere(
  ctx: Context,
  commands: readonly CommandEntry[],
  hooks?: Hooks,
): Promise<boolean> {
  process.exitCode = await runProgram(ctx, commands, process.argv.slice(2), hooks);
  return ctx.store.hasWritten();
}
