import { limitText, type LimitRule } from "../budget/policy.ts";
import type { Refusal as BudgetRefusal } from "../budget/usage-state.ts";
import { toErrorEnvelope, type ErrorEnvelopeInput } from "../errors/envelope.ts";
import { paramFromPath, type ValidationIssue } from "../errors/param-path.ts";

/** A whole HTTP answer of the gateway's own. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the request log. */
  readonly code: string;
}

/** Why the gateway itself answers. */
export type Refusal =
  | {
      readonly kind: "invalid-key";
      readonly why: "missing" | "unknown" | "expired" | "revoked" | "not-an-account";
    }
  | { readonly kind: "not-found" }
  | { readonly kind: "not-implemented"; readonly what: string }
  | { readonly kind: "bad-request" | "invalid"; readonly issue: ValidationIssue }
  | { readonly kind: "model-not-allowed"; readonly model: string }
  | { readonly kind: "insufficient-permissions"; readonly message: string }
  | { readonly kind: "over-limit"; readonly refusal: BudgetRefusal }
  | { readonly kind: "no-accounts"; readonly resetsAtMs: number | null; readonly planType: string | null }
  | {
      readonly kind: "rate-limited";
      readonly message: string;
      readonly resetsAtMs: number | null;
      readonly planType: string | null;
    }
  | { readonly kind: "upstream-unreadable" }
  | { readonly kind: "upstream-away"; readonly message: string }
  | { readonly kind: "database-away" }
  | { readonly kind: "fault"; readonly isManagement: boolean };

export interface Asker {
  /** Codex retries what others understand at once, so it is told in its own form. */
  readonly isCodex: boolean;
  readonly nowMs: number;
}

/** A client that waits this long by itself is told how long; a longer wait is the person's decision. */
const longestRetryMs = 60_000;

/** The answer that the source's error reference asks for, or the one that makes Codex stop at once and say why. */
export function refuse(refusal: Refusal, { isCodex, nowMs }: Asker): GatewayAnswer {
  const { status, detail, retryAfterMs } = literal(refusal, nowMs);
  if (isCodex) return forCodex(refusal, status, detail, retryAfterMs);
  return answer(status, detail, status === 429 ? retryHeaders(retryAfterMs) : {});
}

interface Literal {
  readonly status: number;
  readonly detail: ErrorEnvelopeInput;
  readonly retryAfterMs?: number | null;
}

function literal(refusal: Refusal, nowMs: number): Literal {
  switch (refusal.kind) {
    case "invalid-key":
      return { status: 401, detail: { code: "invalid_api_key", message: keyTexts[refusal.why] } };
    case "not-found":
      return { status: 404, detail: { code: "not_found", message: "There is nothing at this address." } };
    case "not-implemented":
      return {
        status: 501,
        detail: { code: "not_implemented", message: `Not served here: ${refusal.what}.` },
      };
    case "bad-request":
      return { status: 400, detail: { code: "invalid_request_error", ...issueDetail(refusal.issue) } };
    case "invalid":
      return { status: 422, detail: { code: "validation_error", ...issueDetail(refusal.issue) } };
    case "model-not-allowed": {
      const message = `This API key may not use the model ${refusal.model}.`;
      return { status: 403, detail: { code: "model_not_allowed", message, param: "model" } };
    }
    case "insufficient-permissions":
      return { status: 403, detail: { code: "insufficient_permissions", message: refusal.message } };
    case "over-limit":
      return overLimit(refusal.refusal, nowMs);
    case "no-accounts": {
      const { resetsAtMs, planType } = refusal;
      const when = resetsAtMs === null ? "" : ` Try again in ${waitText(resetsAtMs - nowMs)}.`;
      const message = `No account of the pool can serve this request now.${when}`;
      return {
        status: 503,
        detail: { code: "no_accounts", message, ...resetDetail(resetsAtMs, planType, nowMs) },
      };
    }
    case "rate-limited": {
      const { message, resetsAtMs, planType } = refusal;
      const retryAfterMs = resetsAtMs === null ? null : resetsAtMs - nowMs;
      const detail = { code: "rate_limit_exceeded", message, ...resetDetail(resetsAtMs, planType, nowMs) };
      return { status: 429, detail, retryAfterMs };
    }
    case "upstream-unreadable":
      return {
        status: 502,
        detail: { code: "upstream_error", message: "OpenAI's answer could not be read." },
      };
    case "upstream-away":
      return { status: 503, detail: { code: "upstream_error", message: refusal.message } };
    case "database-away": {
      const message =
        "The gateway's database cannot be reached, so the limits of this key cannot be checked.";
      return { status: 503, detail: { code: "server_error", message } };
    }
    case "fault":
      break;
  }
  const code = refusal.isManagement ? "internal_error" : "server_error";
  return { status: 500, detail: { code, message: "The gateway failed in a way that nobody expected." } };
}

const keyTexts = {
  missing: "An API key is needed: send it as Authorization: Bearer <key>.",
  unknown: "This API key is not known here.",
  expired: "This API key has expired.",
  revoked: "This API key was revoked.",
  "not-an-account": "This ChatGPT token belongs to no account of the pool.",
} as const;

function overLimit(refusal: BudgetRefusal, nowMs: number): Literal {
  if (refusal.kind === "parallel") {
    const message = `This API key runs ${refusal.parallel} requests at the same time and no more. Try again in 1 second.`;
    return { status: 429, detail: { code: "rate_limit_exceeded", message }, retryAfterMs: 1000 };
  }
  const { rule, resetsAtMs } = refusal;
  const message = `The limit of this API key is used up: ${ruleText(rule)}. Try again in ${waitText(resetsAtMs - nowMs)}.`;
  const detail = { code: "rate_limit_exceeded", message, ...resetDetail(resetsAtMs, null, nowMs) };
  return { status: 429, detail, retryAfterMs: resetsAtMs - nowMs };
}

function ruleText(rule: LimitRule): string {
  return limitText(rule);
}

/** In words that our own and other clients' readers of retry hints understand. */
function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const units = [
    [Math.floor(seconds / 86_400), "day"],
    [Math.floor(seconds / 3600) % 24, "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ] as const;
  return units
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`)
    .join(" ");
}

function issueDetail({ message, path }: ValidationIssue) {
  return { message, param: paramFromPath(path) };
}

function resetDetail(resetsAtMs: number | null, planType: string | null, nowMs: number) {
  return {
    ...(planType === null ? {} : { planType }),
    ...(resetsAtMs === null
      ? {}
      : { resetsAtSec: resetsAtMs / 1000, resetsInSeconds: Math.max(0, resetsAtMs - nowMs) / 1000 }),
  };
}

/** Codex retries 401, 403 and 422 six times and hides their text; a 400 it shows at once. */
function forCodex(
  refusal: Refusal,
  status: number,
  detail: ErrorEnvelopeInput,
  retryAfterMs: number | null | undefined,
): GatewayAnswer {
  if (refusal.kind === "over-limit" && refusal.refusal.kind === "parallel") {
    return answer(429, detail, retryHeaders(retryAfterMs));
  }
  if (status === 429 || refusal.kind === "no-accounts") {
    return answer(
      429,
      { ...detail, type: "usage_limit_reached" },
      { "x-codex-promo-message": detail.message },
    );
  }
  if (status === 401 || status === 403 || status === 422) return answer(400, detail, {});
  return answer(status, detail, {});
}

function retryHeaders(retryAfterMs: number | null | undefined): Record<string, string> {
  if (retryAfterMs === null || retryAfterMs === undefined) return {};
  if (retryAfterMs > longestRetryMs) return { "x-should-retry": "false" };
  return { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}

function answer(status: number, detail: ErrorEnvelopeInput, headers: Record<string, string>): GatewayAnswer {
  const body = JSON.stringify(toErrorEnvelope(detail));
  return { status, headers: { "content-type": "application/json", ...headers }, body, code: detail.code };
}
