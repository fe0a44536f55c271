import { type ApiErrorCode, apiErrorRow } from "./api-errors.ts";
import { type CodexErrorInfo, toCodexErrorInfo } from "./codex-error-info.ts";
import { type ErrorDiagnostics, type ErrorEnvelope, toErrorEnvelope } from "./envelope.ts";
import { type ClassifyOptions, failureFacts, type FailureFacts, type HttpFailure } from "./failure-facts.ts";
import {
  type AccountVerdict,
  consequences,
  failureKind,
  type FailureKind,
  type NextStep,
} from "./failure-rules.ts";
import type { RetryHint } from "./retry-hint.ts";

/** What an upstream failure means and what to do about it. */
export interface FailureClassification {
  readonly kind: FailureKind;
  readonly codexErrorInfo: CodexErrorInfo;
  /** The HTTP status that fits the envelope; not always upstream's own. */
  readonly status: number;
  readonly envelope: ErrorEnvelope;
  /** Integer ms from now; absent when nothing was said or a wait does not help. */
  readonly retryAfterMs?: number;
  /** The same moment in integer unix seconds, rounded up. */
  readonly resetsAtSec?: number;
  /** True when the wait stands in a header or a body field, false when only in words. */
  readonly isHintAuthoritative: boolean;
  readonly account: AccountVerdict;
  readonly next: NextStep;
  readonly diagnostics: ErrorDiagnostics;
}

/** An HTTP answer, one event of a Responses stream (SSE `data` or WebSocket frame), or what fetch threw. */
export type UpstreamFailure =
  | HttpFailure
  | { readonly type: string }
  | Error
  | object
  | string
  | null
  | undefined;

/**
 * Classifies a failure of upstream: what it is, what it says about the account, what to do next, and how to tell
 * a client. `nowMs` is epoch ms. Total and pure: never throws, whatever status, headers or body; linear in the body.
 */
export function classifyFailure(
  failure: UpstreamFailure,
  nowMs: number,
  options: ClassifyOptions = {},
): FailureClassification {
  const facts = failureFacts(failure, nowMs, options);
  const kind = failureKind(facts);
  const hint = hintFor(kind, facts);
  const { status, type, code } = namesFor(kind, facts);
  const message = facts.error.message ?? defaultMessage(facts);
  const reset = hint && { resetsAtSec: Math.ceil(hint.resetsAtMs / 1000), retryAfterMs: hint.retryAfterMs };
  const envelope = toErrorEnvelope({ message, type, code, ...extrasFor(kind, facts, hint) });
  return {
    kind,
    codexErrorInfo: infoFor(kind, facts),
    status,
    envelope,
    ...reset,
    isHintAuthoritative: hint?.isAuthoritative ?? false,
    account: consequences[kind].account,
    next: consequences[kind].next,
    diagnostics: facts.diagnostics,
  };
}

/** A wait helps only where time heals; windows matter only where a limit was hit. */
function hintFor(kind: FailureKind, facts: FailureFacts): RetryHint | undefined {
  const { wait } = consequences[kind];
  if (wait === "none") return undefined;
  return wait === "window" ? facts.hint : facts.plainHint;
}

function extrasFor(kind: FailureKind, { error }: FailureFacts, hint: RetryHint | undefined) {
  const { param, planType } = error;
  if (kind !== "usageLimit" && kind !== "rateLimit") return { param, planType };
  const resetsAtSec = hint && hint.resetsAtMs / 1000;
  return { param, planType, resetsAtSec, resetsInSeconds: hint && hint.retryAfterMs / 1000 };
}

interface Names {
  readonly status: number;
  readonly type: string;
  readonly code: string;
}

function namesFor(kind: FailureKind, facts: FailureFacts): Names {
  const { code } = facts.error;
  if (kind === "entitlement") return own(entitlementCode(facts));
  if (kind === "usageLimit") return { ...own("usage_limit_reached"), code: limitCode(code) };
  if (kind === "rateLimit") return own("rate_limit_exceeded");
  if (kind === "slowDown") return { ...own("rate_limit_exceeded"), code: code ?? "rate_limit_exceeded" };
  return surfaced(kind, facts);
}

/** Upstream's own names where it gave some; else the catalog's for the status. */
function surfaced(kind: FailureKind, { error, isUnreadable, status: said }: FailureFacts): Names {
  const status = said !== undefined && said >= 400 && said <= 599 ? said : consequences[kind].status;
  const isPlain = !isUnreadable || status === 401 || status === 501;
  const fallback = own(isPlain ? codeForStatus(status) : "upstream_error");
  return { status, type: error.type ?? fallback.type, code: error.code ?? fallback.code };
}

function own(code: ApiErrorCode): Names {
  const row = apiErrorRow(code);
  return { code, type: row?.type ?? "server_error", status: row?.statuses[0] ?? 500 };
}

function entitlementCode({ names, words }: FailureFacts): ApiErrorCode {
  const isModel = /not_supported_with_chatgpt|model/.test(names) || words.includes("with a chatgpt account");
  return isModel ? "model_not_supported_with_chatgpt_account" : "usage_not_included";
}

/** Keeps upstream's name of a limit, as long as it names one. */
function limitCode(code: string | undefined): string {
  return code !== undefined && /usage_limit|quota/i.test(code) ? code : "usage_limit_reached";
}

function codeForStatus(status: number): ApiErrorCode {
  if (status === 401) return "invalid_api_key";
  if (status === 402 || status === 403) return "insufficient_permissions";
  if (status === 404) return "not_found";
  if (status === 422) return "validation_error";
  if (status < 500) return "invalid_request_error";
  if (status === 500) return "server_error";
  return status === 501 ? "not_implemented" : "upstream_error";
}

function infoFor(kind: FailureKind, { status, error, stage, source }: FailureFacts): CodexErrorInfo {
  const { info } = consequences[kind];
  if (info) return info;
  const where = stage ?? (source === "stream" && kind === "stream" ? "stream" : undefined);
  return toCodexErrorInfo({ status, code: error.code, type: error.type, stage: where });
}

function defaultMessage({ status, source, stage }: FailureFacts): string {
  if (status !== undefined) return `Upstream answered ${statusText(status)} without a readable reason.`;
  if (source === "stream") return "The stream failed without a reason.";
  return stage === "connect" ? "OpenAI could not be reached." : "The connection to OpenAI was lost.";
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  426: "Upgrade Required",
  429: "Too Many Requests",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  520: "Unknown Error",
  529: "Overloaded",
};

/** `503 Service Unavailable`; the bare number for a status without a known reason. */
function statusText(status: number): string {
  const reason = reasons[status];
  return reason === undefined ? String(status) : `${status} ${reason}`;
}
