import { type Account, seatName } from "../pool/account.ts";
import { renewalTrouble, troubleText } from "../pool/renewal-trouble.ts";
import {
  accountState,
  type AccountState,
  adviceOf,
  endedText,
  flagText,
  hasEnded,
  type StateKind,
} from "../pool/state.ts";
import type { Zod } from "../program/command.ts";
import { type AccountNews, type Block, blockWords, currentPlan } from "../quota/block.ts";
import { type Credits, hasStarted, type Limit, mainLimitId, usedPercentAt } from "../quota/limit.ts";
import type { UsageByAccount } from "../store/library-store.ts";
import type { Snapshot } from "../store/store.ts";
import { isoTime, isTime } from "../text/times.ts";

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
export function reportOf({ pool, active }: Snapshot, account: Account, nowMs: number, usage: UsageByAccount) {
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

export const limitSchema = (z: Zod) =>
  z.object({
    window: z
      .string()
      .describe("`primary` or `secondary`; of another limit than the main one its id, `<id>/secondary`"),
    limitId: z.string().describe("`codex` is the main limit"),
    usedPercent: z.number().min(0).max(100).describe("now: a window whose reset has passed is full again"),
    remainingPercent: z.number().min(0).max(100),
    windowMinutes: z.number().nullable(),
    resetsAt: z.iso.datetime().nullable().describe("null when it is not known, or the reset has passed"),
    observedAt: z.iso.datetime(),
    source: z.string(),
  });

export interface LimitReport {
  window: string;
  limitId: string;
  usedPercent: number;
  remainingPercent: number;
  windowMinutes: number | null;
  resetsAt: string | null;
  observedAt: string;
  source: string;
}

/** What is known about the windows of an account, as of now. */
export function reportLimits(limits: readonly Limit[], nowMs: number): LimitReport[] {
  return limits.filter(({ observedAtMs }) => isTime(observedAtMs)).map((limit) => reportLimit(limit, nowMs));
}

function reportLimit(limit: Limit, nowMs: number): LimitReport {
  const { limitId, window, windowMinutes, resetsAtMs, observedAtMs, source } = limit;
  const usedPercent = usedPercentAt(limit, nowMs);
  return {
    window: limitId === mainLimitId ? window : window === "primary" ? limitId : `${limitId}/${window}`,
    limitId,
    usedPercent,
    remainingPercent: 100 - usedPercent,
    windowMinutes,
    resetsAt: resetsAtMs !== null && hasStarted(limit, nowMs) ? isoTime(resetsAtMs) : null,
    observedAt: isoTime(observedAtMs) ?? "",
    source,
  };
}

/** The words for what an account can do now; docs/json.md tells what they mean. */
const accountStates = ["ready", "limited", "flagged", "paused", "expired", "unclear", "backing-off"] as const;
type AccountStateName = (typeof accountStates)[number];

/** The one word about an account that matters most, and why. */
export function stateOf(account: Account, block: Block | null, nowMs: number) {
  const state = accountState(account, block, nowMs);
  return { state: stateName(state.kind), stateReason: stateReason(account, state) };
}

/** A short rest counts as a limit in documents. */
export function stateName(kind: StateKind): AccountStateName {
  if (kind === "no-plan") return "ready";
  return kind === "resting" ? "limited" : kind;
}

function stateReason(account: Account, { kind, since, block, reason, remedy }: AccountState): string | null {
  switch (kind) {
    case "flagged":
      return `${flagText(reason ?? "rejected")}, since ${since}; ${adviceOf(reason ?? "rejected", account)}`;
    case "paused":
      return `paused since ${since}`;
    case "expired":
      return endedText();
    case "unclear":
    case "backing-off": {
      const trouble = renewalTrouble(account);
      const next = `tried again at ${isoTime(block?.untilMs ?? 0)}, at once with: ${remedy}`;
      return `${trouble === null ? blockWords.unclear : troubleText(trouble)}; ${next}`;
    }
    case "limited":
    case "resting":
      return block && blockText(block);
    case "ready":
    case "no-plan":
      break;
  }
  return null;
}

const blockTexts = {
  ...blockWords,
  exhausted: "the usage limit is reached",
  transient: "OpenAI asked to wait, or did not answer",
  auth: "the login was refused after a renewal",
  credits: "the workspace has no credits left",
  "spend-cap": "the spend cap of the workspace is reached",
};

function blockText({ kind, reached, untilMs, isGuess = false }: Block): string {
  const text = blockTexts[reached === undefined || reached === "window" ? kind : reached];
  const until = isoTime(untilMs);
  return isGuess
    ? `${text}; OpenAI named no time, so it is tried again after ${until}`
    : `${text}, until ${until}`;
}

/** `renewable`: the access token has ended, and the refresh token gets a new one at the next use. */
function healthOf(account: Account, nowMs: number): "valid" | "renewable" | "expired" | "unknown" {
  const { expiresAtSec } = account.login;
  if (expiresAtSec === null) return "unknown";
  if (expiresAtSec * 1000 > nowMs) return "valid";
  return hasEnded(account, nowMs) ? "expired" : "renewable";
}

export const creditsSchema = (z: Zod) =>
  z.object({
    hasCredits: z.boolean(),
    unlimited: z.boolean(),
    balance: z.string().nullable().describe("as OpenAI writes it"),
    onlyCredits: z.boolean().describe("the account has no windows: credits are all that it is served by"),
    observedAt: z.iso.datetime().nullable(),
  });

export interface CreditsReport {
  hasCredits: boolean;
  unlimited: boolean;
  balance: string | null;
  onlyCredits: boolean;
  observedAt: string | null;
}

/** What is known of the credits of an account. */
export function reportCredits(
  { hasCredits, isUnlimited, balance }: Credits,
  { hasWindows, atMs }: Pick<AccountNews, "hasWindows" | "atMs">,
): CreditsReport {
  const observedAt = isoTime(atMs);
  return { hasCredits, unlimited: isUnlimited, balance, onlyCredits: !hasWindows, observedAt };
}

/** In the place of windows: nothing for an account that has them. */
export function creditsText(credits: CreditsReport | null): string {
  if (credits === null || !credits.onlyCredits) return "";
  if (credits.unlimited) return "unlimited credits";
  if (!credits.hasCredits) return "no credits";
  return credits.balance === null ? "credits" : `${credits.balance} credits`;
}
