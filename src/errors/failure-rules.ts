import type { CodexErrorName } from "./codex-error-info.ts";
import type { FailureFacts } from "./failure-facts.ts";

/** What a failure is, whoever reported it. */
export type FailureKind =
  /** The account's plan does not include what was asked. */
  | "entitlement"
  /** A window or quota of the account is used up. */
  | "usageLimit"
  /** Requests come too fast; the server named the limit. */
  | "rateLimit"
  /** "Slow down": the account is not exhausted. */
  | "slowDown"
  /** The access token was refused once; a refresh may help. */
  | "unauthorized"
  /** Only a new login helps. */
  | "reauth"
  /** The account or its workspace is closed. */
  | "deactivated"
  /** The account may not do this. */
  | "permission"
  /** A bot wall stands between. */
  | "blocked"
  | "overloaded"
  | "server"
  | "network"
  /** The stream stalled, was cut, or failed without a known reason. */
  | "stream"
  | "contextWindow"
  | "policy"
  | "modelNotFound"
  /** The request itself is at fault. */
  | "request"
  | "unknown";

/** What a failure says about the account. */
export type AccountVerdict = "fine" | "limited" | "transient" | "reauth" | "deactivated" | "entitlement";
/** `rotate`: another account; `refresh`: once, then the same account; `retry`: any account, later; `surface`: tell the client. */
export type NextStep = "rotate" | "refresh" | "retry" | "surface";

interface Consequence {
  readonly account: AccountVerdict;
  readonly next: NextStep;
  /** Which waits count: also the reset of a used-up window, only what was asked for outright, or none. */
  readonly wait: "window" | "asked" | "none";
  /** The status for a client, when the failure came without one. */
  readonly status: number;
  /** Set when the kind alone decides the variant. */
  readonly info?: CodexErrorName;
}

const quota = "usageLimitExceeded";
const rate = "rateLimitExceeded";

export const consequences: Readonly<Record<FailureKind, Consequence>> = {
  entitlement: { account: "entitlement", next: "rotate", wait: "none", status: 403, info: quota },
  usageLimit: { account: "limited", next: "rotate", wait: "window", status: 429, info: quota },
  rateLimit: { account: "limited", next: "rotate", wait: "window", status: 429, info: rate },
  slowDown: { account: "transient", next: "rotate", wait: "window", status: 429, info: rate },
  unauthorized: { account: "transient", next: "refresh", wait: "none", status: 401, info: "unauthorized" },
  reauth: { account: "reauth", next: "rotate", wait: "none", status: 401, info: "unauthorized" },
  deactivated: { account: "deactivated", next: "rotate", wait: "none", status: 403, info: "unauthorized" },
  permission: { account: "entitlement", next: "rotate", wait: "none", status: 403 },
  blocked: { account: "transient", next: "rotate", wait: "asked", status: 403 },
  // No account is better off when the model is at capacity or OpenAI is out of reach.
  overloaded: { account: "transient", next: "retry", wait: "asked", status: 503 },
  server: { account: "transient", next: "rotate", wait: "asked", status: 502 },
  network: { account: "transient", next: "retry", wait: "asked", status: 502 },
  stream: { account: "transient", next: "rotate", wait: "asked", status: 502 },
  contextWindow: { account: "fine", next: "surface", wait: "none", status: 400 },
  policy: { account: "fine", next: "surface", wait: "none", status: 400 },
  modelNotFound: { account: "fine", next: "surface", wait: "none", status: 404 },
  request: { account: "fine", next: "surface", wait: "none", status: 400 },
  unknown: { account: "transient", next: "rotate", wait: "asked", status: 502 },
};

/** A wait up to this long is "slow down", not the end of a window. */
const longestSlowDownMs = 60_000;

type Rule = readonly [FailureKind, (facts: FailureFacts) => boolean];

// The first rule that holds decides. Names of upstream come before the status, because proxies change the status.
const rules: readonly Rule[] = [
  ["entitlement", ({ names }) => /usage_not_included|entitlement|not_supported_with_chatgpt/.test(names)],
  ["entitlement", (facts) => isPlanStatus(facts.status) && saysNotIncluded(facts.words)],
  ["entitlement", ({ words }) => /not supported when using codex with a chatgpt account/.test(words)],
  ["reauth", ({ names }) => /refresh_token_(?:reused|expired|invalidated)|invalid_grant/.test(names)],
  ["reauth", ({ names }) => /token_invalidated|app_session_terminated|account_session_expired/.test(names)],
  ["reauth", ({ names }) => names.includes("account_auth_invalidated")],
  [
    "deactivated",
    ({ names }) => /account_(?:deactivated|suspended|deleted)|deactivated_workspace/.test(names),
  ],
  ["contextWindow", ({ names }) => /context_length_exceeded|context_window_exceeded/.test(names)],
  ["policy", ({ names }) => /invalid_prompt|cyber_policy/.test(names)],
  ["modelNotFound", ({ names }) => names.includes("model_not_found")],
  ["usageLimit", ({ names }) => /usage_limit|insufficient_quota/.test(names)],
  ["rateLimit", ({ names }) => names.includes("rate_limit_exceeded")],
  ["slowDown", ({ names }) => names.includes("slow_down")],
  ["overloaded", ({ names }) => names.includes("overloaded")],
  ["usageLimit", (facts) => facts.status === 429 && isLong(facts)],
  ["slowDown", ({ status }) => status === 429],
  ["reauth", ({ status, isAfterRefresh }) => status === 401 && isAfterRefresh],
  ["unauthorized", ({ status }) => status === 401],
  ["blocked", ({ status, isUnreadable }) => status === 403 && isUnreadable],
  ["permission", ({ status }) => status === 402 || status === 403],
  ["server", ({ status }) => status === 408 || isBetween(status, 500, 599)],
  ["request", ({ status }) => isBetween(status, 400, 499)],
  ["network", ({ source, stage }) => source === "network" && stage === "connect"],
  ["stream", ({ source }) => source === "network"],
  ["request", ({ source, names }) => source === "stream" && /invalid_request|validation_error/.test(names)],
  // An incomplete response is an answer: cut by its own length or by a content filter.
  ["request", ({ source, words }) => source === "stream" && words.startsWith("incomplete response")],
  ["stream", ({ source }) => source === "stream"],
];

/** The kind of a failure. Total: what no rule knows is `unknown`. */
export function failureKind(facts: FailureFacts): FailureKind {
  return rules.find(([, holds]) => holds(facts))?.[0] ?? "unknown";
}

function isPlanStatus(status: number | undefined): boolean {
  return status === 402 || status === 403 || status === 404;
}

function saysNotIncluded(words: string): boolean {
  return /usage[_ ]not[_ ]included|not included in your .{0,40}(?:plan|subscription)|(?:subscription|plan) does not include/.test(
    words,
  );
}

function isLong({ hint, plainHint, words }: FailureFacts): boolean {
  if (/usage limit|quota/.test(words)) return true;
  return Math.max(hint?.retryAfterMs ?? 0, plainHint?.retryAfterMs ?? 0) > longestSlowDownMs;
}

function isBetween(status: number | undefined, low: number, high: number): boolean {
  return status !== undefined && status >= low && status <= high;
}
