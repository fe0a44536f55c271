import type { Command } from "commander";
import type { Context } from "../context.ts";
import { selectAccount } from "../pool/select.ts";
import { accountSynonym, defineCommand, type Zod } from "../program/command.ts";
import { failureNotes, forecastSchema, makeForecast } from "../reports/forecast.ts";
import { candidateSchema, reportCandidates } from "../reports/recommendation.ts";
import { candidateLines, noAccountsText, quotaLines, recommendationLines } from "../ui/forecast-lines.ts";
import { poolLines } from "../ui/pool-lines.ts";

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
      .argument("[account]", "show only this one; the recommendation is for the whole pool")
      .addOption(accountSynonym(command))
      .option("--live", "ask OpenAI first, as `check` does")
      .option("--explain", "show the score of every account")
      .description(`${command.description()}.\n${about}`),
  examples: [
    ["codex auth forecast", "offline, from what is known"],
    ["codex auth forecast --live", "ask OpenAI first"],
    ["codex auth forecast --json | jq .recommendation", "for a script"],
  ],
  schema,
  async run(ctx: Context, [named]: [string?], { account, explain = false, live = false }: Options) {
    const wanted = named ?? account;
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
      recommendationLines(recommendation, ui, candidates !== undefined).join("\n"),
      poolLines(pool, ui).join("\n"),
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
