import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { failureNotes, forecastSchema, makeForecast } from "../cli/forecast-report.ts";
import { candidateSchema, reportCandidates } from "../cli/recommendation.ts";
import { selectAccount } from "../cli/select-account.ts";
import { candidateLines } from "../ui/candidate-lines.ts";
import { noAccountsText, poolLine, quotaLines, recommendationLines } from "../ui/forecast-lines.ts";

interface Options {
  account?: string;
  explain?: boolean;
  live?: boolean;
}

const schema = (z: Zod) =>
  forecastSchema(z).extend({
    candidates: z.array(candidateSchema(z)).optional().describe("with --explain: the ranking, best first"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .option("--account <account>", "show only this one; the recommendation is for the whole pool")
      .option("--live", "ask OpenAI first, as `check` does")
      .option("--explain", "show the score of every account")
      .description(`${command.description()}.\n${about}`),
  examples: [
    ["codex auth forecast", "offline, from what is known"],
    ["codex auth forecast --live", "ask OpenAI first"],
    ["codex auth forecast --json | jq .recommendation", "for a script"],
  ],
  schema,
  async run(ctx: Context, _args: [], { account: wanted, explain = false, live = false }: Options) {
    const { state, ranking, forecast } = await makeForecast(ctx, live);
    const one = wanted === undefined ? null : selectAccount(state.snapshot, wanted);
    const accounts = forecast.accounts.filter(({ id }) => one === null || id === one.id);
    const candidates = explain ? { candidates: reportCandidates(state, ranking) } : {};
    return { ...forecast, accounts, ...candidates };
  },
  notes: failureNotes,
  render: ({ accounts, recommendation, pool, candidates }, ui) => {
    if (pool.accounts === 0) return noAccountsText;
    const blocks = [
      quotaLines(accounts, ui),
      [...recommendationLines(recommendation, ui, candidates !== undefined), poolLine(pool, ui)].join("\n"),
    ];
    if (candidates) blocks.push(candidateLines(candidates, ui));
    return blocks.join("\n\n");
  },
});

// The help wraps each paragraph by itself.
const about = [
  "Without --live nothing is asked over the network: the figures are the newest that codex-auth or the session logs of Codex know.",
  "LASTS: from the 10th to the 90th percentile of likely futures, drawn from how you used Codex so far.",
].join("\n");
