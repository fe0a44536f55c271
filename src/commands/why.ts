import type { Context } from "../context.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { readPoolState } from "../reports/pool.ts";
import {
  candidateSchema,
  rankPool,
  recommend,
  recommendationSchema,
  reportCandidates,
} from "../reports/recommendation.ts";
import { candidateLines, noAccountsText, recommendationLines } from "../ui/forecast-lines.ts";

const schema = (z: Zod) =>
  z.object({
    candidates: z.array(candidateSchema(z)).describe("every account, best first"),
    recommendation: recommendationSchema(z),
  });

export default defineCommand({
  examples: [["codex auth why", "every score, and who was passed over"]],
  schema,
  async run(ctx: Context) {
    const state = await readPoolState(ctx);
    const ranking = rankPool(state);
    return { candidates: reportCandidates(state, ranking), recommendation: recommend(state, ranking) };
  },
  render: ({ candidates, recommendation }, ui) => {
    if (candidates.length === 0) return noAccountsText;
    const lines = [candidateLines(candidates, ui), "", ...recommendationLines(recommendation, ui)];
    return [...lines, ui.dim(scoreText)].join("\n");
  },
});

const scoreText = `pace: share of the weekly quota that is left / share of the week to go (above 1, quota would expire unused)
room: what can be used before the short window ends, as a share of one`;
