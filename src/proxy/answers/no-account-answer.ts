import { apiErrorRow, apiErrors } from "../../errors/api-errors.ts";
import type { FailureClassification } from "../../errors/classify.ts";
import { toErrorEnvelope } from "../../errors/envelope.ts";
import type { Account } from "../../pool/account.ts";
import { type Block, blockWords } from "../../quota/block.ts";
import type { RankedAccount } from "../../quota/candidate.ts";
import type { Choice, ChoiceState } from "../accounts/choose-account.ts";
import { isLoginFailure } from "../accounts/login-failure.ts";
import type { RequestFacts } from "../door/request-facts.ts";
import { type PoolReason, proxyAnswer, type ProxyAnswer } from "./refusals.ts";

/** What has happened to a request that no account could serve. */
export interface Dead {
  readonly choice: Choice;
  readonly facts: RequestFacts;
  /** The last failure of each account that was asked for this request. */
  readonly failures: ReadonlyMap<string, FailureClassification>;
}

interface Facts {
  readonly choice: Choice;
  readonly ranked: readonly RankedAccount[];
  readonly accountOf: (id: string) => Account | undefined;
  /** Why an account does not serve the request: what it said to this one, else to the one before. */
  readonly failureOf: (account: RankedAccount) => FailureClassification | null;
  readonly nowMs: number;
}

/** Why the pool cannot serve, before it is put into words for a client. */
export type DeadPool =
  /** No plan of those that could serve includes what was asked. */
  | { readonly kind: "refusal"; readonly failure: FailureClassification }
  | {
      readonly kind: "exhausted";
      readonly reason: PoolReason;
      readonly resetsAtMs: number | null;
      readonly planType: string | null;
      readonly accountSkipReasons: Readonly<Record<string, string>>;
      /** What this request was told last. */
      readonly last: FailureClassification | null;
    };

type PoolState = Pick<ChoiceState, "pool" | "pin" | "remembered"> & { now: () => number };

export function deadPool({ pool, remembered, now }: PoolState, { choice, facts, failures }: Dead): DeadPool {
  const nowMs = now();
  const known: Facts = {
    choice,
    ranked: choice.ranking.ranked,
    accountOf: (id) => pool.accounts.get(id),
    failureOf: ({ id, block }) =>
      failures.get(id) ??
      remembered.refusalOf(id, facts.model, nowMs) ??
      (block === null ? null : causeOf(block, remembered.lastOf(id))),
    nowMs,
  };
  const refusal = sharedRefusal(known);
  if (refusal) return { kind: "refusal", failure: refusal };
  const reason = poolReason(known);
  const back = returnOf(known);
  return {
    kind: "exhausted",
    reason,
    resetsAtMs: isTimed(reason) ? (back?.untilMs ?? null) : null,
    planType: back?.plan ?? null,
    accountSkipReasons: Object.fromEntries(known.ranked.map((each) => [each.id, skipReason(each, known)])),
    last: [...failures.values()].at(-1) ?? null,
  };
}

/** The answer when every account was tried or may not be asked. */
export function noAccountAnswer(state: PoolState, dead: Dead): ProxyAnswer {
  const { pin, now } = state;
  const { choice, facts } = dead;
  const client = { isCodex: facts.isCodex, nowMs: now() };
  const found = deadPool(state, dead);
  if (found.kind === "refusal") return refusalAnswer(found.failure, facts.isCodex);
  const { reason, resetsAtMs, planType, accountSkipReasons } = found;
  if (reason === "no-account" && pin === null) return proxyAnswer({ kind: "no-account" }, client);
  const told = {
    reason,
    resetsAtMs: resetsAtMs ?? undefined,
    planType: planType ?? undefined,
    accountSkipReasons,
    reserve: choice.reserve ?? undefined,
  };
  if (pin === null) return proxyAnswer({ kind: "pool-exhausted", ...told }, client);
  const isGone = !state.pool.accounts.has(pin.accountId);
  return proxyAnswer({ kind: "pin-unavailable", pinSource: pin.source, isGone, ...told }, client);
}

/** What an account failed with last, if that is what it is blocked for. */
function causeOf({ kind }: Block, last: FailureClassification | null): FailureClassification | null {
  if (kind === "transient" || last === null) return last;
  const isOfLogin = isLoginFailure(last) || last.account === "reauth" || last.account === "deactivated";
  return isOfLogin ? last : null;
}

/** Why an account was passed over. */
function skipReason(each: RankedAccount, { failureOf, choice }: Facts): string {
  if (each.unusable !== null) return each.unusable;
  if (each.block?.kind === "exhausted") return "limit reached";
  const failure = failureOf(each);
  if (failure) return isLoginFailure(failure) ? lowered(failure) : failure.envelope.error.code;
  if (each.block) return blockWords[each.block.kind];
  return choice.decision.reason;
}

/** As half a sentence. */
function lowered({ envelope }: FailureClassification): string {
  const { message } = envelope.error;
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}

/** A limit comes first: it is what Codex can tell with the time of its end. */
function poolReason(known: Facts): PoolReason {
  if (known.choice.decision.reason === "reserved") return "reserved";
  const reasons = new Set(known.ranked.map((each) => accountReason(each, known)));
  const order: readonly PoolReason[] = [
    "rate-limit",
    "server-error",
    "network-error",
    "auth-failure",
    "deactivated",
  ];
  return order.find((reason) => reasons.has(reason)) ?? "no-account";
}

function accountReason(each: RankedAccount, { failureOf, accountOf }: Facts): PoolReason | null {
  const { id, block, tier } = each;
  const account = accountOf(id);
  if (account?.pausedAt) return null;
  if (account?.flag) return account.flag.reason === "deactivated" ? "deactivated" : "auth-failure";
  if (block?.kind === "exhausted") return "rate-limit";
  const failure = failureOf(each);
  if (failure?.account === "entitlement") return null;
  if (block?.kind === "auth" || failure?.account === "reauth")
    return failure?.account === "deactivated" ? "deactivated" : "auth-failure";
  const kind = failure?.kind;
  if (kind === "rateLimit" || kind === "slowDown" || kind === "usageLimit") return "rate-limit";
  if (kind === "network") return "network-error";
  return tier === "unusable" ? "auth-failure" : "server-error";
}

function isTimed(reason: PoolReason): boolean {
  return reason !== "auth-failure" && reason !== "deactivated" && reason !== "no-account";
}

/** The account that comes back first, and when; a time that nobody named is not told, because Codex would show it. */
function returnOf({ choice: { decision }, ranked, nowMs }: Facts): Return | null {
  const untilMs = decision.kind === "use" ? null : decision.untilMs;
  const blocked = ranked
    .filter(({ block }) => block !== null && block.untilMs > nowMs)
    .sort((a, b) => (a.block?.untilMs ?? 0) - (b.block?.untilMs ?? 0));
  const named = blocked.find(({ block }) => !block?.isGuess);
  const first = named ?? blocked[0] ?? ranked[0];
  if (!first) return null;
  const isGuess = blocked.some(({ block }) => block?.isGuess && block.untilMs === untilMs);
  return { untilMs: (isGuess ? null : untilMs) ?? named?.block?.untilMs ?? null, plan: first.plan };
}

interface Return {
  readonly untilMs: number | null;
  readonly plan: string | null;
}

/** No plan of those that could serve includes what was asked, so neither waiting nor a new login helps. */
function sharedRefusal({ ranked, failureOf }: Facts): FailureClassification | null {
  let first: FailureClassification | null = null;
  for (const each of ranked) {
    const failure = failureOf(each);
    if (failure?.account === "entitlement") first ??= failure;
    else if (each.tier !== "unusable") return null;
  }
  return first;
}

/** Codex shows a plain 400 as it is after one request, but asks six times after a 403. */
export function refusalAnswer({ envelope, status }: FailureClassification, isCodex: boolean): ProxyAnswer {
  const { code, type, message } = envelope.error;
  if (isCodex)
    return { status: 400, headers: { "content-type": "text/plain; charset=utf-8" }, body: message };
  const hint = apiErrorRow(code)?.hint ?? apiErrors.insufficient_permissions.hint;
  const body = JSON.stringify(toErrorEnvelope({ code, type, message, hint, retryAfterMs: null }));
  return { status, headers: { "content-type": "application/json" }, body };
}
