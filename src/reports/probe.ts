import { isoTime } from "../text/times.ts";
import { isExhausted, type Probe, type ProbeFailure, type ProbeOptions } from "../auth/probe/probe.ts";
import { flagFor } from "../auth/probe/flags.ts";
import type { Context } from "../context.ts";
import type { Account } from "../pool/account.ts";
import type { Zod } from "../program/command.ts";
import type { ReachedKind } from "../quota/block.ts";
import {
  type AccountReport,
  accountSchema,
  type CreditsReport,
  creditsSchema,
  type LimitReport,
  limitSchema,
  reportCredits,
  reportLimits,
  reportOf,
} from "./account.ts";
import { hasUsage, probeAccounts } from "./live-probe.ts";

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

interface FailureReport {
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
async function reportResults(
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
    return [{ account, renewed, ...reportProbe(probe, account.plan) }];
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

/** Asks upstream about accounts, keeps what it says about their quotas, and sets aside those that it refuses for good. */
export async function checkAccounts(
  ctx: Context,
  accounts: readonly Account[],
  options: Pick<ProbeOptions, "isAsked" | "asksWorkspace"> = {},
): Promise<ResultReport[]> {
  const probes = await probeAccounts(ctx, accounts.filter(hasUsage), options);
  await flagRefused(ctx, probes);
  return await reportResults(ctx, accounts, probes);
}

/** Flags what upstream refused for good, unless the account has another token by now. */
async function flagRefused(ctx: Context, probes: readonly Probe[]): Promise<void> {
  const refused = probes.filter((probe) => flagFor(probe) !== null);
  if (refused.length === 0) return;
  await ctx.store.transaction("check", ({ pool }) => {
    for (const probe of refused) {
      const account = pool.accounts.find(({ id }) => id === probe.account.id);
      if (account?.login.accessToken === probe.login.accessToken) account.flag ??= flagFor(probe);
    }
  });
}
