import type { Command } from "commander";
import type { Context } from "../context.ts";
import type { DoctorFinding } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { checksFor, matchEntries, nearestEntries } from "../doctor/explain/explain.ts";
import type { Entry } from "../doctor/explain/known-error.ts";
import { readFacts } from "../doctor/facts.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { parseRetryHint } from "../errors/retry-hint.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { diagnosisLines, diagnosisSchema } from "../reports/finding.ts";
import { redact } from "../text/safe-text.ts";
import { clockText, relativeText } from "../text/times.ts";
import type { Ui } from "../ui/ui.ts";

const description = `Explain an error text of Codex: its cause, how to fix it, and what on this machine points to it.

Give the text as an argument, or through a pipe. Nothing is asked over the network. Exit code 1 when the text is not known.`;

const schema = (z: Zod) =>
  z.object({
    text: z.string().describe("as given, secrets removed; a long one is cut"),
    matches: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        cause: z.string(),
        fix: z.string(),
        checks: z.array(z.string()).describe("ids or areas that were looked at"),
        harmless: z.boolean().describe("a note that ends by itself: nothing has to be done"),
      }),
    ),
    resetsAt: z.iso.datetime().nullable().describe("when a limit ends, as the text says"),
    findings: z.array(diagnosisSchema(z)).describe("what this machine shows of it, worst first"),
    nearest: z.array(z.object({ id: z.string(), title: z.string() })).describe("when nothing matches"),
  });

interface Report {
  matches: {
    id: string;
    title: string;
    cause: string;
    fix: string;
    checks: string[];
    harmless: boolean;
  }[];
  resetsAt: string | null;
  findings: DoctorFinding[];
  nearest: { id: string; title: string }[];
}

const longestInput = 1_000_000;
const longestShown = 2000;

export default defineCommand({
  flags: (command: Command) =>
    command.description(description).argument("[text...]", "the error, quoted; - for standard input"),
  examples: [
    ['codex auth explain "Address in use (os error 98)"', "cause, fix, and what this machine shows"],
    ["codex exec hi 2>&1 | codex auth explain", "from a pipe"],
  ],
  exits: { "1": "the text is not known, or the command failed" },
  schema,
  async run(ctx: Context, [words]: [string[]]) {
    const text = await readText(ctx, words);
    const matches = matchEntries(text);
    const facts = await readFacts(ctx);
    const { findings } = await examine(facts, checksFor(matches));
    return {
      text: redact(text.slice(0, longestShown)),
      matches: matches.map(reportEntry),
      resetsAt: resetIn(text, matches, ctx.now()),
      findings,
      nearest: matches.length > 0 ? [] : nearestEntries(text).map(({ id, title }) => ({ id, title })),
    };
  },
  render,
  exitCode: ({ matches }) => (matches.length > 0 ? 0 : 1),
});

async function readText({ stdin }: Context, words: readonly string[]): Promise<string> {
  const isPiped = words.length === 0 || (words.length === 1 && words[0] === "-");
  const text = isPiped ? await readPipe(stdin) : words.join(" ");
  if (text.trim() !== "") return text.trim();
  throw usage("There is no text to explain.");
}

async function readPipe(stdin: Context["stdin"]): Promise<string> {
  if (stdin.isTerminal) throw usage("There is no text to explain.");
  try {
    return await stdin.readAll(longestInput);
  } catch (error) {
    if (error instanceof CodexAuthError) throw usage(`The text is longer than ${longestInput} bytes.`);
    throw error;
  }
}

function usage(message: string): CodexAuthError {
  return new CodexAuthError("usage", message, {
    hint: 'Give the line of the error: codex auth explain "<error text>"',
  });
}

function reportEntry({ id, title, cause, fix, checks, isHarmless = false }: Entry) {
  return { id, title, cause, fix, checks: [...checks], harmless: isHarmless };
}

const limits: ReadonlySet<string> = new Set([
  "usage_limit",
  "too_many_requests",
  "codex_runtime_rotation_pool_exhausted",
  "codex_pinned_account_unavailable",
]);

/** Only a limit has a reset; other numbers in a text mean nothing. */
function resetIn(text: string, matches: readonly Entry[], nowMs: number): string | null {
  const isLimit = matches.some(({ id }) => limits.has(id));
  const hint = isLimit ? parseRetryHint(text, nowMs) : undefined;
  return hint ? new Date(hint.resetsAtMs).toISOString() : null;
}

function render({ matches, resetsAt, findings, nearest }: Report, ui: Ui): string {
  if (matches.length === 0) return unknown(nearest, ui);
  const paragraphs = matches.map(({ title, cause, fix, id }) =>
    [`${ui.bold(title)} ${ui.dim(`[${id}]`)}`, `  ${cause}`, `  ${ui.green("What to do:")} ${fix}`].join(
      "\n",
    ),
  );
  if (resetsAt !== null)
    paragraphs.push(
      `The limit resets ${clockText(resetsAt, ui.nowMs)} (${relativeText(resetsAt, ui.nowMs)}).`,
    );
  paragraphs.push(
    findings.length === 0
      ? ui.dim("Nothing on this machine points to this. Check more: codex auth doctor --live")
      : ["On this machine:", ...findings.flatMap((finding) => diagnosisLines(finding, ui))].join("\n"),
  );
  return paragraphs.join("\n\n");
}

function unknown(nearest: Report["nearest"], ui: Ui): string {
  const known = nearest.map(({ id, title }) => `  ${title} ${ui.dim(`[${id}]`)}`);
  return [
    "This text is not known.",
    ...(known.length > 0 ? ["The nearest that is known:", ...known] : []),
    "Look at the whole machine: codex auth doctor --live. Inside Codex, /feedback collects what OpenAI needs for a report.",
  ].join("\n");
}
