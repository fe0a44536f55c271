import { apiErrors } from "../../errors/api-errors.ts";
import { type ErrorEnvelope, type ErrorEnvelopeInput, toErrorEnvelope } from "../../errors/envelope.ts";
import { headerMap, type HeaderSource } from "../../errors/upstream-body.ts";
import { defined } from "../../text/json.ts";

/** Why no account can serve: the reason that most accounts share, or the one that ends first. */
export type PoolReason =
  | "rate-limit"
  | "server-error"
  | "network-error"
  | "auth-failure"
  | "deactivated"
  | "reserved"
  | "no-account";

/** Answers of the guard, which need no facts. */
const refusals = {
  unauthorized: ["runtime_rotation_proxy_unauthorized", "The proxy's client key is missing or wrong."],
  "not-found": ["runtime_rotation_proxy_not_found", "The proxy does not serve this path or method."],
  "payload-too-large": [
    "runtime_rotation_proxy_payload_too_large",
    "The request body is over the proxy's cap.",
  ],
  "failed-before-forwarding": [
    "codex_runtime_rotation_proxy_error",
    "The proxy failed before forwarding the request.",
  ],
  "no-room": ["codex_runtime_rotation_proxy_error", "The proxy holds too many large requests at once."],
} as const satisfies Record<string, readonly [keyof typeof apiErrors, string]>;

/** What the proxy has to tell its client. */
export type ProxySituation =
  | ({ readonly kind: "pool-exhausted"; readonly reason: PoolReason } & PoolFacts)
  | ({
      readonly kind: "pin-unavailable";
      readonly reason: PoolReason;
      readonly pinSource: string;
      /** The pool does not have it any more. */
      readonly isGone?: boolean;
    } & PoolFacts)
  | { readonly kind: "no-account"; readonly message?: string }
  | { readonly kind: keyof typeof refusals }
  | { readonly kind: "websocket-not-served" };

export interface PoolFacts {
  /** Epoch ms of the earliest return of an account. */
  readonly resetsAtMs?: number | undefined;
  readonly planType?: string | undefined;
  /** Account id to the reason why it was passed over. */
  readonly accountSkipReasons?: Readonly<Record<string, string>> | undefined;
  /** Accounts are ready, but what they have left is kept for so many turns that run. */
  readonly reserve?: { readonly turns: number; readonly refillsAtMs: number | null } | undefined;
}

/** A whole HTTP answer, ready to be written. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const noAccountText =
  "No account can serve this request: none is configured, or all need a new login (no-account). Run: codex auth login";
const goneText =
  "The account that this proxy is pinned to is not in the pool any more: it was removed, or moved into a database.";
const goneHint =
  "Start the proxy anew with another account, or without a pin. Where each account is: codex auth gateway accounts";
const poolHint = apiErrors.codex_runtime_rotation_pool_exhausted.hint;

/**
 * The answer that makes the client do the right thing. `isCodex` says that the client is Codex itself, which retries
 * a 503 thirty times. There is never a Retry-After header: Codex would wait for it without bound.
 */
export function proxyAnswer(
  situation: ProxySituation,
  { isCodex, nowMs }: { isCodex: boolean; nowMs: number },
): ProxyAnswer {
  if (situation.kind === "no-account") return noAccountAnswer(situation.message ?? noAccountText, isCodex);
  if (situation.kind === "websocket-not-served") return textAnswer(426, "Use HTTPS POST.");
  if (situation.kind === "pool-exhausted" || situation.kind === "pin-unavailable") {
    return poolAnswer(situation, { isCodex, nowMs });
  }
  const [code, message] = refusals[situation.kind];
  return catalogAnswer(code, message);
}

/** True when a request comes from Codex itself: its user-agent or originator starts with `codex`. */
export function isCodexClient(headers: HeaderSource): boolean {
  const all = headerMap(headers);
  return ["user-agent", "originator"].some((name) => all.get(name)?.toLowerCase().startsWith("codex"));
}

type PoolSituation = Extract<ProxySituation, { kind: "pool-exhausted" | "pin-unavailable" }>;

function poolAnswer(situation: PoolSituation, client: { isCodex: boolean; nowMs: number }): ProxyAnswer {
  const isPin = situation.kind === "pin-unavailable";
  const kept = situation.reserve && reserveText(situation.reserve, client.nowMs);
  const isGone = isPin && situation.isGone === true;
  const hint = isGone ? goneHint : poolHint;
  const message =
    kept ??
    (isGone
      ? goneText
      : isPin
        ? `The pinned account cannot serve this request now (${situation.reason}).`
        : `No managed account can serve this request now (${situation.reason}).`);
  // A login is what these need, so Codex must stop at once instead of trying thirty times.
  if (client.isCodex && needsLogin(situation.reason)) return noAccountAnswer(`${message} ${hint}`, true);
  const code = isPin ? "codex_pinned_account_unavailable" : "codex_runtime_rotation_pool_exhausted";
  const status = isLimit(situation.reason) ? 429 : 503;
  const type = status === 503 ? "server_error" : undefined;
  const extras = { ...poolTimes(situation.resetsAtMs, client.nowMs), ...pinFields(situation) };
  const { planType, accountSkipReasons, reason } = situation;
  const detail = { code, type, message, reason, planType, accountSkipReasons, hint, ...extras };
  return jsonAnswer(status, detail, {
    "x-codex-promo-message": kept === undefined ? hint : `${kept} ${hint}`,
  });
}

/** Codex shows it behind "You've hit your usage limit", which alone would be wrong: accounts are ready. */
function reserveText({ turns, refillsAtMs }: NonNullable<PoolFacts["reserve"]>, nowMs: number): string {
  const whom = turns === 1 ? "the turn that runs" : `the ${turns} turns that run`;
  const refill = refillsAtMs === null ? "" : `; next refill ${clockOf(refillsAtMs, nowMs)}`;
  return `What is left is kept for ${whom}${refill}.`;
}

/** "14:05", on another day "Thu 14:05"; in the local zone. */
function clockOf(atMs: number, nowMs: number): string {
  const [day = "", , , , clock = ""] = new Date(atMs).toString().split(" ");
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  return `${isToday ? "" : `${day} `}${clock.slice(0, 5)}`;
}

/** Whether a wait helps is always said: null where nothing comes back by itself. */
function poolTimes(resetsAtMs: number | undefined, nowMs: number) {
  if (resetsAtMs === undefined) return { retryAfterMs: null };
  const retryAfterMs = Math.max(0, Math.ceil(resetsAtMs - nowMs));
  return { resetsAtSec: resetsAtMs / 1000, resetsInSeconds: retryAfterMs / 1000, retryAfterMs };
}

function pinFields(situation: PoolSituation) {
  if (situation.kind !== "pin-unavailable") return {};
  const { pinSource, resetsAtMs } = situation;
  return defined({ pinSource, resetAtSec: resetsAtMs === undefined ? undefined : resetsAtMs / 1000 });
}

function isLimit(reason: PoolReason): boolean {
  return reason === "rate-limit" || reason === "reserved";
}

function needsLogin(reason: PoolReason): boolean {
  return reason === "auth-failure" || reason === "deactivated" || reason === "no-account";
}

function noAccountAnswer(message: string, isCodex: boolean): ProxyAnswer {
  if (isCodex) return textAnswer(400, message);
  const { hint } = apiErrors.no_accounts;
  return jsonAnswer(503, { code: "no_accounts", message, reason: "no-account", retryAfterMs: null, hint });
}

function catalogAnswer(code: keyof typeof apiErrors, message: string): ProxyAnswer {
  const { statuses, hint } = apiErrors[code];
  return jsonAnswer(statuses[0], { code, message, hint });
}

function jsonAnswer(
  status: number,
  detail: ErrorEnvelopeInput,
  headers: Record<string, string> = {},
): ProxyAnswer {
  const envelope: ErrorEnvelope = toErrorEnvelope(detail);
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(envelope),
  };
}

function textAnswer(status: number, body: string): ProxyAnswer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}
