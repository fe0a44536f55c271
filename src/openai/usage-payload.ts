import { field, isRecord, readBoolean, readList, readNumber, readText, readTimeMs } from "../text/json.ts";
import type { ReachedKind } from "../quota/block.ts";
import { isKnownPlan } from "../quota/candidate.ts";
import {
  type Credits,
  findWindows,
  type Limit,
  normalizeLimitId,
  readCredits,
  readSnapshot,
  type ReportOrigin,
} from "../quota/limit.ts";

/** What the usage endpoint says about one account. Null means that it did not say. */
export interface UsageReport {
  readonly limits: readonly Limit[];
  /** Windows of the main limit that were not reported; a plan without a 5 h window has no `short` one. */
  readonly missingWindows: readonly ("short" | "long")[];
  /** As reported, also when we do not know it. */
  readonly plan: string | null;
  readonly isPlanKnown: boolean;
  readonly credits: Credits | null;
  readonly isAllowed: boolean | null;
  readonly isLimitReached: boolean | null;
  readonly reachedType: string | null;
  /** What is used up, when upstream says that something is: a window, the workspace's credits, or its spend cap. */
  readonly reached: ReachedKind | null;
  /** False when upstream says that the account has no windows (`rate_limit: null`): it lives on credits. */
  readonly hasWindows: boolean;
  readonly accountId: string | null;
  readonly userId: string | null;
  readonly email: string | null;
  /** Names of the limits that are not the main one, by limit id. */
  readonly limitNames: Readonly<Record<string, string>>;
}

/** The payload of `GET …/wham/usage` or `…/api/codex/usage`. Null when it is not one; wrong parts read as null. */
export function parseUsagePayload(payload: unknown, observedAtMs: number): UsageReport | null {
  if (!isRecord(payload)) return null;
  const main = field(payload, "rate_limit");
  const families = readFamilies(payload);
  const limits = [{ id: "codex", snapshot: main }, ...families].flatMap(({ id, snapshot }) =>
    readSnapshot(snapshot, origin(id, observedAtMs)),
  );
  const plan = readText(field(payload, "plan_type"));
  const reachedType = readReachedType(field(payload, "rate_limit_reached_type"));
  const isCapReached = readBoolean(field(field(payload, "spend_control"), "reached")) === true;
  return {
    limits,
    missingWindows: missingWindows(limits),
    plan,
    isPlanKnown: plan !== null && isKnownPlan(plan),
    credits: readCredits(field(payload, "credits")),
    isAllowed: readBoolean(field(main, "allowed")),
    isLimitReached: readBoolean(field(main, "limit_reached")),
    reachedType,
    reached: isCapReached ? "spend-cap" : reachedType === null ? null : reachedKind(reachedType),
    hasWindows: main !== null || limits.length > 0,
    accountId: readText(field(payload, "account_id")),
    userId: readText(field(payload, "user_id")),
    email: readText(field(payload, "email")),
    limitNames: Object.fromEntries(families.flatMap(({ id, name }) => (name === null ? [] : [[id, name]]))),
  };
}

interface Family {
  readonly id: string;
  readonly name: string | null;
  readonly snapshot: unknown;
}

/** Families are named by the feature they meter; only when it is missing by their display name. */
function readFamilies(payload: unknown): Family[] {
  const listed = readList(field(payload, "additional_rate_limits")).flatMap((each) => {
    const name = readText(field(each, "limit_name"));
    const id = readText(field(each, "metered_feature")) ?? name;
    return id === null ? [] : [{ id: normalizeLimitId(id), name, snapshot: field(each, "rate_limit") }];
  });
  const review = field(payload, "code_review_rate_limit");
  return isRecord(review) ? [...listed, { id: "code_review", name: null, snapshot: review }] : listed;
}

function missingWindows(limits: readonly Limit[]): ("short" | "long")[] {
  const { short, long } = findWindows(limits);
  const missing: ("short" | "long")[] = [];
  if (short === null) missing.push("short");
  if (long === null) missing.push("long");
  return missing;
}

/** A text, or an object with the text in `type`. */
function readReachedType(value: unknown): string | null {
  return readText(value) ?? readText(field(value, "type"));
}

/** A member's or owner's own limit is the spend cap; Codex says so too. */
function reachedKind(type: string): ReachedKind {
  if (type.includes("credits_depleted")) return "credits";
  return /workspace_\w+_usage_limit/.test(type) ? "spend-cap" : "window";
}

function origin(limitId: string, observedAtMs: number): ReportOrigin {
  return { limitId, observedAtMs, source: "usage" };
}

/** A credit that resets a limit once. Times are epoch ms. */
export interface ResetCredit {
  readonly id: string;
  readonly resetType: string | null;
  readonly status: string | null;
  readonly grantedAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly title: string | null;
  readonly description: string | null;
}

export interface ResetCredits {
  /** As reported, else counted; null when neither is possible. */
  readonly availableCount: number | null;
  readonly credits: readonly ResetCredit[];
}

/** The payload of `GET …/rate-limit-reset-credits`. Null when it is not one. */
export function parseResetCredits(payload: unknown): ResetCredits | null {
  if (!isRecord(payload)) return null;
  const credits = readList(field(payload, "credits")).flatMap((each) => readCredit(each));
  const reported = readNumber(field(payload, "available_count"));
  const isListed = Array.isArray(field(payload, "credits"));
  const counted = isListed ? credits.filter((each) => each.status === "available").length : null;
  return { availableCount: reported !== null && reported >= 0 ? reported : counted, credits };
}

function readCredit(value: unknown): ResetCredit[] {
  const id = readText(field(value, "id"));
  if (id === null) return [];
  return [
    {
      id,
      resetType: readText(field(value, "reset_type")),
      status: readText(field(value, "status")),
      grantedAtMs: readTimeMs(field(value, "granted_at")),
      expiresAtMs: readTimeMs(field(value, "expires_at")),
      title: readText(field(value, "title")),
      description: readText(field(value, "description")),
    },
  ];
}
