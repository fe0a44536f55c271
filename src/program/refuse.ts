import type { Context, Output } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { redact, safe, safeLines, safeText } from "../text/safe-text.ts";
import { localTimes } from "../text/times.ts";
import { isUnicodeLocale, makeUi, type Ui } from "../ui/ui.ts";
import { wrapText } from "../ui/wrap.ts";
import { type Content, findContent } from "./command.ts";
import { asInvoked, documentText, type Invocation } from "./invocation.ts";

/** What it takes to answer, without anything that a command needs. */
export type Teller = Pick<Context, "stdout" | "stderr" | "env" | "now">;

/** Tells what went wrong, and returns the exit code. */
export async function refuse(
  ctx: Teller,
  contents: readonly Content[],
  invocation: Invocation,
  error: unknown,
): Promise<number> {
  const content = findContent(contents, invocation.name);
  const name = content?.name ?? "auth";
  if (invocation.isJson) tryToWrite(ctx, documentText(ctx, failureDocument(name, error)));
  const { headline, details } = failureText(error, await uiFor(ctx, ctx.stderr));
  ctx.stderr.write(`${localTimes(headline, ctx.now())}\n${forPeople(ctx, details)}`);
  return failureCode(error);
}

/** A text as it is printed: its commands as they are typed here, its times as the clock here shows them. */
export function forPeople(teller: Teller, text: string): string {
  return localTimes(asInvoked(teller, text), teller.now());
}

/** What cannot be written there is told on stderr all the same. */
function tryToWrite({ stdout }: Teller, text: string): void {
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

export function uiFor({ env, now }: Teller, { colorLevel, columns, isTerminal }: Output): Promise<Ui> {
  return makeUi({ colorLevel, columns, isTerminal, isUnicode: isUnicodeLocale(env), nowMs: now() });
}

/** The same context for an invocation: prose wraps at the edge of a terminal, and who wants no colour gets none. */
export function paintedFor<Ctx extends Teller>(ctx: Ctx, { isPlain, isJson }: Invocation): Ctx {
  const outputFor = (output: Output) => ({
    ...(isJson ? output : fittedTo(output)),
    ...(isPlain || isJson ? { colorLevel: 0 as const } : {}),
  });
  return { ...ctx, stdout: outputFor(ctx.stdout), stderr: outputFor(ctx.stderr) };
}

function fittedTo(output: Output): Output {
  if (!output.isTerminal) return output;
  // What moves the cursor knows where it writes.
  const isMoving = (text: string) => /\r|\u001b(?!\[[\d;]*m)/.test(text);
  return {
    ...output,
    write: (text) => output.write(isMoving(text) ? text : wrapText(text, output.columns)),
  };
}

/** The JSON document of a command that failed. */
function failureDocument(command: string, error: unknown): object {
  return { command, schemaVersion: 1, ok: false, error: describeError(error) };
}

function describeError(error: unknown): object {
  if (!(error instanceof CodexAuthError)) {
    return {
      code: "internal_error",
      message: redact(error instanceof Error ? error.message : String(error)),
    };
  }
  const { code, message, hint, candidates } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(candidates ? { candidates } : {}) };
}

/** What a person reads on stderr: what happened and why, then what to type. A fault of ours shows its stack. */
function failureText(error: unknown, ui: Ui): { headline: string; details: string } {
  if (!(error instanceof CodexAuthError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = safeLines(redact(stack)).split("\n");
    const headline = ui.red("This is a fault in codex-auth.");
    return {
      headline,
      details: `Please report it at the issue tracker of codex-auth, with these lines:\n${lines.join("\n")}\n`,
    };
  }
  const { message, candidates = [], hint } = error;
  const isList = error.code === "ambiguous_account";
  const lines = isList ? candidates.map((each) => safe`  ${each}`) : [];
  if (hint !== undefined) lines.push(...safeLines(hint.trimEnd()).split("\n"));
  return { headline: ui.red(safeText(message)), details: lines.map((line) => `${line}\n`).join("") };
}
