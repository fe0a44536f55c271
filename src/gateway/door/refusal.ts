import { limitText } from "../../budget/policy.ts";
import type { Refusal as BudgetRefusal } from "../../budget/usage-state.ts";
import { apiErrorRow } from "../../errors/api-errors.ts";
import {
  type ErrorEnvelope,
  type ErrorEnvelopeInput,
  paramFromPath,
  toErrorEnvelope,
  type ValidationIssue,
} from "../../errors/envelope.ts";
import { parseRetryHint } from "../../errors/retry-hint.ts";

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
      readonly why: "missing" | "unknown" | "expired" | "revoked" | "not-an-account" | "link";
    }
  /** `message` where the address is one of ours, and what it names is not there. */
  | { readonly kind: "not-found"; readonly message?: string }
  | { readonly kind: "not-implemented"; readonly what: string }
  | { readonly kind: "bad-request" | "invalid"; readonly issue: ValidationIssue }
  | { readonly kind: "model-not-allowed"; readonly model: string; readonly isAnswer?: boolean }
  | { readonly kind: "insufficient-permissions"; readonly message: string }
  | { readonly kind: "over-limit"; readonly refusal: BudgetRefusal }
  | { readonly kind: "no-accounts"; readonly resetsAtMs: number | null; readonly planType: string | null }
  | {
      readonly kind: "rate-limited";
      readonly message: string;
      readonly resetsAtMs: number | null;
      readonly planType: string | null;
    }
  /** What OpenAI said, in as many words of its own as could be read. */
  | {
      readonly kind: "upstream-failed";
      readonly error: ErrorEnvelope["error"];
      /** The same request would fail again, whoever serves it. */
      readonly isFinal: boolean;
    }
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
  const isFinal = refusal.kind === "upstream-failed" ? refusal.isFinal : refusal.kind === "not-implemented";
  if (isFinal) return answer(status, detail, stopRetrying);
  return answer(status, detail, retryHeaders(retryAfterMs));
}

/** The openai SDK asks again after a 501 and a 502 unless it is told not to. */
const stopRetrying = { "x-should-retry": "false" };
const nothingHere = "There is nothing at this address.";

interface Literal {
  readonly status: number;
  readonly detail: ErrorEnvelopeInput;
  readonly retryAfterMs?: number | null;
}

function literal(refusal: Refusal, nowMs: number): Literal {
  switch (refusal.kind) {
    case "invalid-key":
      return { status: 401, detail: keyDetail(refusal.why) };
    case "not-found":
      return { status: 404, detail: { code: "not_found", message: refusal.message ?? nothingHere } };
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
      const { model, isAnswer = false } = refusal;
      const message = isAnswer
        ? `OpenAI answered with the model ${model}, which this API key may not use.`
        : `This API key may not use the model ${model}.`;
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
        retryAfterMs: resetsAtMs === null ? null : resetsAtMs - nowMs,
      };
    }
    case "rate-limited": {
      const { message, resetsAtMs, planType } = refusal;
      const retryAfterMs = resetsAtMs === null ? null : resetsAtMs - nowMs;
      const detail = {
        code: "rate_limit_exceeded",
        message: withReset(message, retryAfterMs, nowMs),
        ...resetDetail(resetsAtMs, planType, nowMs),
      };
      return { status: 429, detail, retryAfterMs };
    }
    case "upstream-failed":
      return upstreamFailed(refusal.error);
    case "upstream-away":
      return { status: 503, detail: { code: "upstream_error", message: refusal.message } };
    case "database-away": {
      const message = "The gateway's database cannot be reached, so this key cannot be checked.";
      return { status: 503, detail: { code: "server_error", message } };
    }
    case "fault":
      break;
  }
  const code = refusal.isManagement ? "internal_error" : "server_error";
  return { status: 500, detail: { code, message: "The gateway failed in a way that nobody expected." } };
}

/** 502, with OpenAI's own names; those that would say that the gateway itself has failed become `upstream_error`. */
function upstreamFailed({ message, type, code, param }: ErrorEnvelope["error"]): Literal {
  const statuses: readonly number[] | undefined = apiErrorRow(code)?.statuses;
  if (code === "no_accounts") return { status: 503, detail: { code, type, message } };
  const isOurs = statuses !== undefined && statuses[0] !== undefined && statuses[0] >= 500;
  return { status: 502, detail: { code: isOurs ? "upstream_error" : code, type, message, param } };
}

/** What upstream said of a limit, with the wait in words when it left that to a header. */
function withReset(message: string, waitMs: number | null, nowMs: number): string {
  if (waitMs === null || parseRetryHint(message, nowMs) !== undefined) return message;
  return `${message} Try again in ${waitText(waitMs)}.`;
}

const keyTexts = {
  missing: "An API key is needed: send it as Authorization: Bearer <key>.",
  unknown: "This API key is not known here.",
  expired: "This API key has expired.",
  revoked: "This API key was revoked.",
  link: "This link was used, or is older than a minute. Make another: codex auth gateway open",
  "not-an-account": "This ChatGPT token belongs to no account of the pool.",
} as const;

/** Also for an answer that is broken off. */
export function keyDetail(why: keyof typeof keyTexts) {
  return { code: "invalid_api_key", message: keyTexts[why] };
}

function overLimit(refusal: BudgetRefusal, nowMs: number): Literal {
  if (refusal.kind === "parallel") {
    const many = refusal.parallel === 1 ? "one request" : `${refusal.parallel} requests`;
    const message = `This API key may run ${many} at the same time, and no more. Try again in 1 second.`;
    return { status: 429, detail: { code: "rate_limit_exceeded", message }, retryAfterMs: 1000 };
  }
  const { rule, resetsAtMs } = refusal;
  const message = `The limit of this API key is used up: ${limitText(rule)}. Try again in ${waitText(resetsAtMs - nowMs)}.`;
  const detail = { code: "rate_limit_exceeded", message, ...resetDetail(resetsAtMs, null, nowMs) };
  return { status: 429, detail, retryAfterMs: resetsAtMs - nowMs };
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

/** Many clients show the message alone, so it says which field it is about. */
function issueDetail({ message, path }: ValidationIssue) {
  const param = paramFromPath(path);
  const isNameless = param !== undefined && /^(?:It must|Invalid|Too (?:small|big))\b/.test(message);
  return { message: isNameless ? `${param}: ${message}` : message, param };
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
    const promo = { "x-codex-promo-message": promoText(refusal) };
    return answer(429, { ...detail, type: "usage_limit_reached" }, promo);
  }
  if (status < 400 || status >= 500 || status === 404) return answer(status, detail, {});
  // Of a 400 Codex shows the body as it is.
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return { status: 400, headers, body: `${detail.message} (${detail.code})`, code: detail.code };
}

/** Codex puts "You've hit your usage limit. " before it, and ", or try again at 8:42 PM." behind it. */
function promoText(refusal: Refusal): string {
  return refusal.kind === "over-limit" && refusal.refusal.kind === "limit"
    ? `Ask whoever runs this gateway for more than ${limitText(refusal.refusal.rule)}`
    : "Ask whoever runs this gateway to look at its accounts";
}

function retryHeaders(retryAfterMs: number | null | undefined): Record<string, string> {
  if (retryAfterMs === null || retryAfterMs === undefined) return {};
  if (retryAfterMs > longestRetryMs) return stopRetrying;
  return { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}

function answer(status: number, detail: ErrorEnvelopeInput, headers: Record<string, string>): GatewayAnswer {
  const body = JSON.stringify(toErrorEnvelope(detail));
  return { status, headers: { "content-type": "application/json", ...headers }, body, code: detail.code };
}
