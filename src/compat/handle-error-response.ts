import { classifyFailure, type FailureClassification } from "../errors/classify.ts";
import type { ErrorEnvelope } from "../errors/envelope.ts";
import { answerText } from "../errors/upstream-body.ts";
import { defined } from "../text/json.ts";

export interface HandleErrorOptions {
  readonly requestCorrelationId?: string | undefined;
  readonly threadId?: string | undefined;
  /** Epoch ms; the present when absent. */
  readonly nowMs?: number | undefined;
}

export interface RateLimitInfo {
  /** Whole ms; absent when the server said nothing. */
  readonly retryAfterMs?: number | undefined;
  /** Integer unix seconds. */
  readonly resetsAtSec?: number | undefined;
  /** `usage_limit_reached`, `rate_limit_exceeded`, … */
  readonly code: string;
}

export interface HandledError {
  /** Status and JSON body in the error envelope; upstream's other headers are kept. */
  readonly response: Response;
  /** Only for limits; never for an entitlement. */
  readonly rateLimit?: RateLimitInfo | undefined;
  /** The same as the body of `response`. */
  readonly errorBody: ErrorEnvelope;
}

/** A wait that only words announce is believed up to a week. */
const longestWordsMs = 7 * 24 * 3_600_000;
const ownHeaders = ["content-length", "content-encoding", "transfer-encoding", "content-type"];

/**
 * Reads a failed answer of the Codex backend and puts it into the error envelope: entitlement 404s become 403, usage
 * limits 429, `param`, `plan_type` and resets are kept, ids go into `error.diagnostics`. Consumes the response's body.
 * Rejects only when the body cannot be read.
 */
export async function handleErrorResponse(
  response: Response,
  { requestCorrelationId, threadId, nowMs = Date.now() }: HandleErrorOptions = {},
): Promise<HandledError> {
  const { status, headers } = response;
  const found = classifyFailure({ status, headers, body: await answerText(response) }, nowMs);
  const diagnostics = defined({ ...found.diagnostics, correlationId: requestCorrelationId, threadId });
  const errorBody = { error: { ...found.envelope.error, diagnostics } };
  const answer = new Response(JSON.stringify(errorBody), {
    status: found.status,
    headers: jsonHeaders(headers),
  });
  return defined({ response: answer, rateLimit: rateLimitOf(found), errorBody });
}

function rateLimitOf(found: FailureClassification): RateLimitInfo | undefined {
  if (found.status !== 429) return undefined;
  const { retryAfterMs, resetsAtSec, isHintAuthoritative, envelope } = found;
  const isTrusted = isHintAuthoritative || retryAfterMs === undefined || retryAfterMs <= longestWordsMs;
  const wait = isTrusted ? { retryAfterMs, resetsAtSec } : { retryAfterMs: longestWordsMs };
  return defined({ ...wait, code: envelope.error.code });
}

function jsonHeaders(given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of ownHeaders) headers.delete(name);
  headers.set("content-type", "application/json");
  return headers;
}
