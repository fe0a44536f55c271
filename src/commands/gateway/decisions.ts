import type * as zod from "zod";
import type { Context } from "../../context.ts";
import { answerText } from "../../errors/upstream-body.ts";
import type { Zod } from "../../program/command.ts";
import { lastDecisionLines } from "../../reports/decision.ts";
import type { RotationEntry } from "../../store/files/rotation.ts";
import { field, jsonOrNull, numberField, readList, readText } from "../../text/json.ts";
import type { Ui } from "../../ui/ui.ts";

export const decisionSchema = (z: Zod) =>
  z.object({
    at: z.iso.datetime(),
    kind: z.string().describe("use, hold or wait"),
    accountId: z.string().nullable(),
    accountName: z.string().nullable(),
    client: z.string().nullable().describe("name of the key whose request it was"),
    reason: z.string(),
    outcome: z.string().nullable().describe("null while it runs"),
  });

type DecisionReport = zod.infer<ReturnType<typeof decisionSchema>>;

const longestAnswer = 1_000_000;

/** What the gateway that runs decided last, newest first; none where it does not tell, as an older one. */
export async function askDecisions(ctx: Context, { port, key }: RotationEntry): Promise<DecisionReport[]> {
  try {
    const signal = AbortSignal.timeout(5_000);
    const headers = { authorization: `Bearer ${key}` };
    const response = await ctx.fetch(`http://127.0.0.1:${port}/decisions`, { headers, signal });
    const body = await answerText(response, longestAnswer);
    return response.ok ? readList(field(jsonOrNull(body), "decisions")).map(decisionOf) : [];
  } catch {
    return [];
  }
}

function decisionOf(value: unknown): DecisionReport {
  const text = (name: string) => readText(field(value, name));
  return {
    at: new Date(numberField(value, "atMs") ?? 0).toISOString(),
    kind: text("kind") ?? "",
    accountId: text("accountId"),
    accountName: text("accountName"),
    client: text("client"),
    reason: text("reason") ?? "",
    outcome: text("outcome"),
  };
}

export function decisionLines(decisions: readonly DecisionReport[], ui: Ui): string[] {
  const named = decisions.map((each) => Object.assign({ name: each.accountName ?? "no account" }, each));
  return lastDecisionLines(named, ui);
}
