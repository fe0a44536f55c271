import type { ProbeFailure } from "../auth/probe-failure.ts";
import { isExhausted } from "../auth/probe.ts";
import type { Probe } from "../auth/probe.ts";
import type { Account } from "../store/account.ts";
import type { ReachedKind } from "../accounts/account-news.ts";
import { creditsSchema, reportCredits } from "./account-credits.ts";
import type { CreditsReport } from "./account-credits.ts";
import { isoTime, limitSchema, reportLimits } from "./account-limits.ts";
import type { LimitReport } from "./account-limits.ts";
import { accountSchema, reportOf } from "./account-report.ts";
import type { AccountReport } from "./account-report.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";

export const failureSchema = (z: Zod) =>
  z.object({
    code: z.string().describe("OpenAI's own, or one of docs/errors.md"),
    message: z.string(),
    hint: z.string().nullable(),
    codexErrorInfo: z
      .union([z.string(), z.record(z.string(), z.unknown())])
      .describe("as in Codex's app-server v2 events"),
    httpStatus: z.int().nullable().describe("null when there was no answer, or nothing was asked"),
    retryAfterMs: z.number().nullable(),
    resetsAt: z.iso.datetime().nullable(),
    requestId: z.string().nullable(),
  });

export interface FailureReport {
  code: string;
  message: string;
  hint: string | null;
  codexErrorInfo: string | Record<string, unknown>;
  httpStatus: number | null;
  retryAfterMs: number | null;
  resetsAt: string | null;
  requestId: string | null;
}

export function reportFailure({
  answer: _,
  resetsAtMs,
  codexErrorInfo,
  ...rest
}: ProbeFailure): FailureReport {
  return {
    ...rest,
    resetsAt: resetsAtMs === null ? null : isoTime(resetsAtMs),
    codexErrorInfo: typeof codexErrorInfo === "string" ? codexErrorInfo : { ...codexErrorInfo },
  };
}

export const resultSchema = (z: Zod) =>
  z.object({
    account: accountSchema(z),
    ok: z.boolean().nullable().describe("null: there is nothing to ask about such a login"),
    renewed: z.boolean().describe("its access token had ended or was refused, and was renewed"),
    plan: z.string().nullable().describe("as upstream says now, else as the token says"),
    limits: z.array(limitSchema(z)).describe("what upstream said now; empty when it did not"),
    limitReached: z.boolean().describe("upstream says that something is used up"),
    reached: z
      .enum(["window", "credits", "spend-cap"])
      .nullable()
      .describe(
        "what is used up, where upstream says it; credits and a spend cap do not come back by waiting",
      ),
    credits: creditsSchema(z).nullable().describe("paid credits beside the windows, or instead of them"),
    workspaceFound: z
      .boolean()
      .nullable()
      .describe("Codex finds the workspace of the account (accounts/check); null when it was not asked for"),
    resetCredits: z
      .number()
      .nullable()
      .describe("credits that reset a window; asked for only when one is used up"),
    failure: failureSchema(z).nullable(),
  });

export interface ResultReport {
  account: AccountReport;
  ok: boolean | null;
  renewed: boolean;
  plan: string | null;
  limits: LimitReport[];
  limitReached: boolean;
  reached: ReachedKind | null;
  credits: CreditsReport | null;
  workspaceFound: boolean | null;
  resetCredits: number | null;
  failure: FailureReport | null;
}

/** What probes have shown, account by account; one that was removed meanwhile has no result. */
export async function reportResults(
  { store, now }: Pick<Context, "store" | "now">,
  chosen: readonly Account[],
  probes: readonly Probe[],
): Promise<ResultReport[]> {
  const snapshot = await store.read();
  const usage = store.usage();
  return chosen.flatMap(({ id, login }) => {
    const current = snapshot.pool.accounts.find((each) => each.id === id);
    if (!current) return [];
    const account = reportOf(snapshot, current, now(), usage);
    const renewed = current.login.accessToken !== login.accessToken;
    const probe = probes.find((each) => each.account.id === id);
    return [{ account, renewed, ...reportProbe(probe, login.plan) }];
  });
}

function reportProbe(
  probe: Probe | undefined,
  plan: string | null,
): Omit<ResultReport, "account" | "renewed"> {
  const nothing = {
    ok: null,
    plan,
    limits: [],
    limitReached: false,
    reached: null,
    credits: null,
    workspaceFound: null,
    resetCredits: null,
    failure: null,
  };
  if (!probe) return nothing;
  if (probe.kind === "failure") return { ...nothing, ok: false, failure: reportFailure(probe.failure) };
  const { usage, resetCredits, workspace, atMs } = probe;
  const problem = workspace === "found" ? null : workspace;
  return {
    ok: problem === null,
    plan: usage.plan ?? plan,
    limits: reportLimits(usage.limits, atMs),
    limitReached: isExhausted(usage),
    reached: usage.reached,
    credits: usage.credits && reportCredits(usage.credits, { ...usage, atMs }),
    workspaceFound: workspace === null ? null : problem === null,
    resetCredits,
    failure: problem && reportFailure(problem),
  };
}
