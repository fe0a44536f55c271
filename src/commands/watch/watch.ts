import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { defineCommand } from "../../program/command.ts";
import { minuteMs } from "../../quota/limit.ts";
import { askAll } from "../../reports/forecast.ts";
import { readFiguresToWatch, watchSchema } from "./figures.ts";
import { watchLive } from "./live.ts";
import { plainLines } from "./screen.ts";

interface Options {
  once?: boolean;
  live?: string;
  json?: boolean;
}

export default defineCommand({
  flags: (command: Command) =>
    command
      .option("--once", "print it once and end, as in a pipe and with --json")
      .option("--live <minutes>", "ask OpenAI so often, and at the start; with --once before it is printed")
      .description(`${command.description()}.\n${about}`),
  examples: [
    ["codex auth watch", "stay open, in a pane of its own"],
    ["codex auth watch --live 10", "and ask OpenAI every ten minutes"],
    ["codex auth watch --once", "the same as text"],
  ],
  schema: watchSchema,
  async run(ctx: Context, _: [], { once = false, json = false, live }: Options) {
    const askEachMs = live === undefined ? null : minutesOf(live) * minuteMs;
    const isLive = !once && !json && ctx.stdout.isTerminal;
    const terminal = isLive ? ctx.keyTerminal("stdout") : null;
    if (live !== undefined && !terminal) await askAll(ctx);
    const figures = terminal ? await watchLive(ctx, terminal, askEachMs) : await readFiguresToWatch(ctx);
    return { ...figures, live: terminal !== null };
  },
  render: ({ live, ...figures }, ui) => (live ? "" : plainLines(figures, ui).join("\n")),
});

const mostMinutes = 24 * 60;

function minutesOf(text: string): number {
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (minutes >= 1 && minutes <= mostMinutes) return minutes;
  throw new CodexAuthError("usage", `Invalid number of minutes: ${text}`, {
    hint: `From 1 to ${mostMinutes}: codex auth watch --live 10`,
  });
}

// The help wraps each paragraph by itself.
const about = [
  "Keys: arrows choose, Enter switches (it asks first), p pauses or resumes, r asks OpenAI now, f shows more figures, ? shows help, q leaves.",
  "It follows the store and the session logs; only r and --live ask over the network.",
].join("\n");
