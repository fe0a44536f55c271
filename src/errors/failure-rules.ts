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
  /** What was asked for is refused, and would be for everybody. */
  | "policy"
  /** The kind of capacity that was asked for is not there. */
  | "capacity"
  | "modelNotFound"
  /** The request itself is at fault. */
  | "request"
  /** A refusal that nobody knows: of this account perhaps, and perhaps of what was asked. */
  | "unfamiliar"
  | "unknown";

/** What a failure says about the account. */
export type AccountVerdict = "fine" | "limited" | "transient" | "reauth" | "deactivated" | "entitlement";
/**
 * `rotate`: another account; `another`: one more account, and then what it answers; `refresh`: once, then the same
 * account; `retry`: any account, later; `surface`: tell the client.
 */
export type NextStep = "rotate" | "another" | "refresh" | "retry" | "surface";

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
  capacity: { account: "fine", next: "surface", wait: "asked", status: 503 },
  modelNotFound: { account: "fine", next: "surface", wait: "none", status: 404 },
  request: { account: "fine", next: "surface", wait: "none", status: 400 },
  unfamiliar: { account: "fine", next: "another", wait: "none", status: 502 },
  unknown: { account: "transient", next: "rotate", wait: "asked", status: 502 },
};

/** A wait up to this long is "slow down", not the end of a window. */
const longestSlowDownMs = 60_000;

type Rule =
  | readonly [FailureKind, (facts: FailureFacts) => boolean]
  | ((facts: FailureFacts) => FailureKind | undefined);

// The first rule that holds decides. Names of upstream come before the status, because proxies change the status.
const rules: readonly Rule[] = [
  ["entitlement", ({ names }) => /usage_not_included|entitlement|not_supported_with_chatgpt/.test(names)],
  ["entitlement", (facts) => isPlanStatus(facts.status) && saysNotIncluded(facts.words)],
  ["entitlement", ({ words }) => /not supported when using codex with a chatgpt account/.test(words)],
  ["reauth", ({ names }) => namesLoginEnd(names)],
  [
    "deactivated",
    ({ names }) => /account_(?:deactivated|suspended|deleted)|deactivated_workspace/.test(names),
  ],
  ({ names }) => finalKind(names.split(" ")),
  ["contextWindow", ({ names }) => /context_length_exceeded|context_window_exceeded/.test(names)],
  ["modelNotFound", ({ names }) => names.includes("model_not_found")],
  ["usageLimit", ({ names }) => /usage_limit|insufficient_quota|credits_depleted/.test(names)],
  ["rateLimit", ({ names }) => names.includes("rate_limit_exceeded")],
  ["slowDown", ({ names }) => names.includes("slow_down")],
  ["overloaded", ({ names }) => names.includes("overloaded")],
  // No Codex knows these. Whoever refuses what is in a request must not be asked for it once per account.
  ["policy", ({ names }) => /polic(?:y|ies)|moderation|content_filter|safety|guardrail/.test(names)],
  ["usageLimit", (facts) => facts.status === 429 && isLong(facts)],
  ["slowDown", ({ status }) => status === 429],
  ["reauth", (facts) => facts.isAfterRefresh && isTokenRefused(facts)],
  ["unauthorized", isTokenRefused],
  ["blocked", ({ status, isUnreadable }) => status === 403 && isUnreadable],
  ["permission", ({ status }) => status === 402 || status === 403],
  ["request", ({ status }) => status === 501],
  ["server", ({ status }) => status === 408 || isBetween(status, 500, 599)],
  ["unfamiliar", (facts) => isBetween(facts.status, 400, 499) && isOfAccount(facts)],
  ["request", ({ status }) => isBetween(status, 400, 499)],
  ["network", ({ source, stage }) => source === "network" && stage === "connect"],
  ["stream", ({ source }) => source === "network"],
  ["request", ({ source, names }) => source === "stream" && /invalid_request|validation_error/.test(names)],
  // An incomplete response is an answer: cut by its own length or by a content filter.
  ["request", ({ source, words }) => source === "stream" && words.startsWith("incomplete response")],
  ["stream", ({ source, error }) => source === "stream" && saysServerTrouble(error.code ?? error.type)],
  ["unfamiliar", ({ source }) => source === "stream"],
];

/** The kind of a failure. Total: what no rule knows is `unknown`. */
export function failureKind(facts: FailureFacts): FailureKind {
  for (const rule of rules) {
    const kind = typeof rule === "function" ? rule(facts) : rule[1](facts) ? rule[0] : undefined;
    if (kind !== undefined) return kind;
  }
  return "unknown";
}

/** The issuer or upstream says that the login itself has ended, and not only its access token. */
export function namesLoginEnd(names: string): boolean {
  return (
    /refresh_token_(?:reused|expired|invalidated)|invalid_grant/.test(names) ||
    /app_session_terminated|account_session_expired|account_auth_invalidated/.test(names)
  );
}

/** A 401 is about the access token, whatever it is called; elsewhere only the name tells. */
function isTokenRefused({ status, names }: FailureFacts): boolean {
  return status === 401 || /(?:^|[ .]|access_)token_(?:expired|invalidated|revoked)/.test(names);
}

/** Statuses whose meaning is known, and is about the request. */
const plainStatuses: ReadonlySet<number> = new Set([
  400, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 431,
  451,
]);

/** A status that nobody knows, or one that is about the account or its workspace and not about the request. */
function isOfAccount({ status = 0, names, words, error }: FailureFacts): boolean {
  if (!plainStatuses.has(status)) return true;
  if (status === 413 || status === 422 || error.param !== undefined) return false;
  return /workspace|account/.test(names) || /\b(?:workspace|account)\b/.test(words);
}

/** Codes that say nothing about the request: what failed may go well a moment later, or elsewhere. */
function saysServerTrouble(code: string | undefined): boolean {
  return /^(?:(?:internal_)?server_error|internal_error|upstream_error|(?:(?:request|gateway|upstream|read|connect|server)_)?timeout|(?:service_|temporarily_)?unavailable|bad_gateway)$/i.test(
    code ?? "",
  );
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
  if (/usage limit|quota|spend cap|out of credits/.test(words)) return true;
  return Math.max(hint?.retryAfterMs ?? 0, plainHint?.retryAfterMs ?? 0) > longestSlowDownMs;
}

function isBetween(status: number | undefined, low: number, high: number): boolean {
  return status !== undefined && status >= low && status <= high;
}

/** The versions of Codex that were run with each code, oldest first. */
export const seenVersions = ["0.63.0", "0.169.0", "0.171.0"] as const;

interface FinalCode {
  /** The `FailureKind`: what the code is about, and so whether another account helps. */
  readonly kind: string;
  /** The oldest version that ends the turn after one request; every newer one does too. */
  readonly since: (typeof seenVersions)[number];
}

/**
 * The codes of `response.failed` after which Codex asks no second time, as seen with the real program in a cut network:
 * each was served as the first answer of a turn. Every other code makes it try again, six requests in all. What is
 * about the request is shown as it came: another account would only be asked to do what was refused already.
 */
export const finalCodes = {
  context_length_exceeded: code("contextWindow", "0.63.0"),
  insufficient_quota: code("usageLimit", "0.63.0"),
  usage_not_included: code("entitlement", "0.169.0"),
  server_is_overloaded: code("overloaded", "0.169.0"),
  model_not_found: code("modelNotFound", "0.169.0"),
  invalid_prompt: code("policy", "0.169.0"),
  cyber_policy: code("policy", "0.169.0"),
  bio_policy: code("policy", "0.169.0"),
  misalignment_policy_violation: code("policy", "0.169.0"),
  content_policy_violation: code("policy", "0.169.0"),
  inference_hook_denied: code("policy", "0.169.0"),
  access_program_not_enabled: code("policy", "0.169.0"),
  flex_unavailable: code("capacity", "0.169.0"),
  policy_capacity_unavailable: code("capacity", "0.169.0"),
  audio_too_large: code("request", "0.169.0"),
  invalid_audio: code("request", "0.169.0"),
  invalid_audio_data: code("request", "0.169.0"),
  invalid_audio_format: code("request", "0.169.0"),
  missing_audio_sample_rate: code("request", "0.169.0"),
  budget_reached: code("request", "0.169.0"),
} as const satisfies Record<string, FinalCode>;

/** The kind that one of the names stands for; undefined when none is a final code. */
function finalKind(names: readonly string[]) {
  const found = names.find((name): name is keyof typeof finalCodes => Object.hasOwn(finalCodes, name));
  return found && finalCodes[found].kind;
}

function code<const Kind extends string>(kind: Kind, since: FinalCode["since"]) {
  return { kind, since };
}
