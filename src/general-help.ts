import { contents } from "./commands/contents.ts";
import { openOutput } from "./process/streams.ts";
import { answerInGeneral } from "./program/general-answer.ts";

/** The help of the whole, and what is no command: read without any program, so without its compiled code. */
void answer();

async function answer(): Promise<void> {
  const { env, argv } = process;
  const outputs = { stdout: openOutput(1, env), stderr: openOutput(2, env) };
  process.exitCode = await answerInGeneral({ ...outputs, env, now: Date.now }, contents, argv.slice(2));
}
