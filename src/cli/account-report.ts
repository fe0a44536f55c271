import { currentPlan } from "../accounts/account-news.ts";
import type { Account } from "../store/account.ts";
import { seatName } from "../store/account-name.ts";
import type { Snapshot } from "../store/store.ts";
import type { UsageByAccount } from "../store/library-store.ts";
import { isoTime, limitSchema, reportLimits } from "./account-limits.ts";
import { creditsSchema, reportCredits } from "./account-credits.ts";
import { accountStates, healthOf, stateOf } from "./account-state.ts";
import type { Zod } from "./define-command.ts";

/** An account as every JSON document shows it. No secrets. */
export const accountSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("ours, stable, not secret"),
    row: z.int().min(1).describe("1-based position in `list`"),
    name: z.string().describe("for a person: e-mail, or what there is"),
    label: z.string().nullable(),
    email: z.string().nullable(),
    accountId: z.string().nullable().describe("workspace (seat) id"),
    userId: z.string().nullable(),
    plan: z.string().nullable(),
    kind: z.enum(["chatgpt", "apiKey", "accessToken", "agentIdentity", "bedrock", "headers"]),
    state: z.enum(accountStates),
    stateReason: z.string().nullable(),
    active: z.boolean().describe("it is the login in auth.json"),
    limits: z.array(limitSchema(z)),
    credits: creditsSchema(z).nullable().describe("paid credits; null when nothing is known of them"),
    credential: z.object({
      expiresAt: z.iso.datetime().nullable().describe("end of the access token"),
      lastRefreshAt: z.iso.datetime().nullable(),
      health: z.enum(["valid", "renewable", "expired", "unknown"]),
    }),
  });

export type AccountReport = ReturnType<typeof reportAccount>;

const nothingKnown: UsageByAccount = new Map();

/** The accounts of a pool in the order of their rows; `usage` is what the store knows about their quotas. */
export function reportAccounts({ pool, active }: Snapshot, nowMs: number, usage = nothingKnown) {
  return pool.accounts.map((account, index) =>
    reportAccount(account, { row: index + 1, isActive: account.id === active?.id, nowMs, usage }),
  );
}

/** The report of one account of a pool. */
export function reportOf({ pool, active }: Snapshot, account: Account, nowMs: number, usage = nothingKnown) {
  const row = pool.accounts.indexOf(account) + 1;
  return reportAccount(account, { row, isActive: account.id === active?.id, nowMs, usage });
}

interface Circumstances {
  row: number;
  isActive: boolean;
  nowMs: number;
  usage: UsageByAccount;
}

function reportAccount(account: Account, { row, isActive, nowMs, usage }: Circumstances) {
  const { login, id, label } = account;
  const seat = login.identity.kind === "seat" ? login.identity : null;
  const { limits = [], availability = null, news = null } = usage.get(id) ?? {};
  return {
    id,
    row,
    name: seatName(account),
    label,
    email: login.email,
    accountId: seat?.accountId ?? null,
    userId: seat?.userId ?? null,
    plan: currentPlan(login, news),
    kind: login.kind,
    ...stateOf(account, availability?.block ?? null, nowMs),
    active: isActive,
    limits: reportLimits(limits, nowMs),
    credits: news?.credits ? reportCredits(news.credits, news) : null,
    credential: {
      expiresAt: login.expiresAtSec === null ? null : isoTime(login.expiresAtSec * 1000),
      lastRefreshAt: login.lastRefresh === null ? null : new Date(login.lastRefresh).toISOString(),
      health: healthOf(account, nowMs),
    },
  };
}
