import { blockWords } from "../accounts/block.ts";
import type { RankedAccount } from "../accounts/ranked-account.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { toErrorEnvelope } from "../errors/envelope.ts";
import { proxyAnswer } from "../errors/proxy-answer.ts";
import type { PoolReason, ProxyAnswer } from "../errors/proxy-answer.ts";
import type { Account } from "../store/account.ts";
import type { Choice } from "./choice.ts";
import type { Pin } from "./options.ts";

/** What has happened to a request that no account could serve. */
export interface Dead {
  readonly choice: Choice;
  readonly accounts: ReadonlyMap<string, Account>;
  /** The last failure of each account that was asked for this request. */
  readonly failures: ReadonlyMap<string, FailureClassification>;
  readonly pin: Pin | null;
  readonly isCodex: boolean;
  readonly nowMs: number;
}

/** The answer when every account was tried or may not be asked. */
export function exhaustedAnswer(dead: Dead): ProxyAnswer {
  const { choice, pin, isCodex, nowMs } = dead;
  const client = { isCodex, nowMs };
  const refused = entitlementAnswer(dead);
  if (refused) return refused;
  const reason = poolReason(dead);
  if (reason === "no-account" && pin === null) return proxyAnswer({ kind: "no-account" }, client);
  const facts = {
    reason,
    resetsAtMs: isTimed(reason) ? (returnOf(dead)?.untilMs ?? undefined) : undefined,
    planType: returnOf(dead)?.plan ?? undefined,
    accountSkipReasons: skipReasons(choice.ranking.ranked, dead),
    reserve: choice.reserve ?? undefined,
  };
  return pin === null
    ? proxyAnswer({ kind: "pool-exhausted", ...facts }, client)
    : proxyAnswer({ kind: "pin-unavailable", pinSource: pin.source, ...facts }, client);
}

/** Why each account was passed over, by id. */
function skipReasons(ranked: readonly RankedAccount[], dead: Dead): Record<string, string> {
  return Object.fromEntries(ranked.map((each) => [each.id, skipReason(each, dead)]));
}

function skipReason(each: RankedAccount, { failures, choice }: Dead): string {
  if (each.unusable !== null) return each.unusable;
  if (each.block?.kind === "exhausted") return "limit reached";
  const failure = failures.get(each.id);
  if (failure) return failure.envelope.error.code;
  if (each.block) return blockWords[each.block.kind];
  return choice.decision.reason;
}

/** A limit comes first: it is what Codex can tell with the time of its end. */
function poolReason({ choice, failures, accounts }: Dead): PoolReason {
  if (choice.decision.reason === "reserved") return "reserved";
  const reasons = new Set(choice.ranking.ranked.map((each) => accountReason(each, failures, accounts)));
  const order: readonly PoolReason[] = [
    "rate-limit",
    "server-error",
    "network-error",
    "auth-failure",
    "deactivated",
  ];
  return order.find((reason) => reasons.has(reason)) ?? "no-account";
}

function accountReason(
  { id, block, tier }: RankedAccount,
  failures: Dead["failures"],
  accounts: Dead["accounts"],
): PoolReason | null {
  const account = accounts.get(id);
  if (account?.pausedAt) return null;
  if (account?.flag) return account.flag.reason === "deactivated" ? "deactivated" : "auth-failure";
  if (block?.kind === "exhausted") return "rate-limit";
  if (block?.kind === "auth")
    return failures.get(id)?.account === "deactivated" ? "deactivated" : "auth-failure";
  const kind = failures.get(id)?.kind;
  if (kind === "rateLimit" || kind === "slowDown" || kind === "usageLimit") return "rate-limit";
  if (kind === "network") return "network-error";
  if (tier === "unusable") return "auth-failure";
  return "server-error";
}

function isTimed(reason: PoolReason): boolean {
  return reason !== "auth-failure" && reason !== "deactivated" && reason !== "no-account";
}

/** The account that comes back first, and when. */
function returnOf({
  choice: { decision, ranking },
  nowMs,
}: Dead): { untilMs: number | null; plan: string | null } | null {
  const untilMs = decision.kind === "use" ? null : decision.untilMs;
  const blocked = ranking.ranked.filter(({ block }) => block !== null && block.untilMs > nowMs);
  const first =
    blocked.sort((a, b) => (a.block?.untilMs ?? 0) - (b.block?.untilMs ?? 0))[0] ?? ranking.ranked[0];
  return first ? { untilMs: untilMs ?? first.block?.untilMs ?? null, plan: first.plan } : null;
}

/**
 * No plan of the pool includes what was asked, so waiting does not help. Codex shows a plain 400 as it is after one
 * request, but asks six times after a 403.
 */
function entitlementAnswer({ failures, isCodex }: Dead): ProxyAnswer | null {
  const all = [...failures.values()];
  const [first] = all;
  if (!first || !all.every(({ account }) => account === "entitlement")) return null;
  const { error } = first.envelope;
  if (isCodex)
    return { status: 400, headers: { "content-type": "text/plain; charset=utf-8" }, body: error.message };
  const body = JSON.stringify(
    toErrorEnvelope({ code: error.code, type: error.type, message: error.message }),
  );
  return { status: first.status, headers: { "content-type": "application/json" }, body };
}
