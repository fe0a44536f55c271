import { join } from "node:path";
import { hooks } from "./commands/hooks.ts";
import { commands } from "./commands/index.ts";
import { currentProcess } from "./machine/processes.ts";
import { renewalWord } from "./program/invocation.ts";
import { contextHere, runHere } from "./process/real-context.ts";
import { runRenewal } from "./process/run-renewal.ts";

/** Whether the command wrote to the store. */
export const finished = main();

async function main(): Promise<boolean> {
  const context = contextHere(commands, join(__dirname, "../.."));
  if (process.argv[2] !== renewalWord) return await runHere(context, commands, hooks);
  await runRenewal({ ...context, self: currentProcess });
  return false;
}
