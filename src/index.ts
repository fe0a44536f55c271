// The public library. Named exports only; each one's docstring gives shapes, units, errors and source.
export { CodexAuthError } from "./errors/codex-auth-error.ts";
export type { ErrorDetails } from "./errors/codex-auth-error.ts";
export { apiErrors, commandErrors } from "./errors/catalog.ts";
export type { ApiErrorCode, CommandErrorCode, ErrorType, Fault } from "./errors/catalog.ts";
export { parseErrorEnvelope, toErrorEnvelope, validationEnvelope } from "./errors/envelope.ts";
export type { ErrorDetail, ErrorDiagnostics, ErrorEnvelope, ErrorEnvelopeInput } from "./errors/envelope.ts";
export { paramFromPath } from "./errors/param-path.ts";
export type { ValidationIssue } from "./errors/param-path.ts";
export {
  formatSse,
  parseStreamFailure,
  responseFailedEvent,
  sseErrorEvent,
  webSocketErrorFrame,
} from "./errors/stream-failure.ts";
export type {
  ResponseFailedEvent,
  SseErrorEvent,
  StreamFailure,
  WebSocketErrorFrame,
} from "./errors/stream-failure.ts";
export { parseSse } from "./errors/sse.ts";
export type { SseEvent } from "./errors/sse.ts";
export { classifyFailure } from "./errors/classify.ts";
export type { FailureClassification, UpstreamFailure } from "./errors/classify.ts";
export type { ClassifyOptions, HttpFailure } from "./errors/failure-facts.ts";
export type { AccountVerdict, FailureKind, NextStep } from "./errors/failure-rules.ts";
export type { HeaderSource } from "./errors/header-map.ts";
export type { UpstreamError } from "./errors/upstream-body.ts";
export { maxRetryMs, parseRetryHint } from "./errors/retry-hint.ts";
export type { RetryHint, RetryHintOptions, RetryHintSource } from "./errors/retry-hint.ts";
export {
  codexErrorName,
  codexErrorStatus,
  isKnownCodexErrorInfo,
  parseCodexErrorInfo,
  toCodexErrorInfo,
} from "./errors/codex-error-info.ts";
export type {
  CodexErrorFacts,
  CodexErrorInfo,
  CodexErrorName,
  CodexHttpError,
  CodexHttpErrorName,
  CodexTurnNotSteerable,
  FailureStage,
  UnknownCodexErrorInfo,
} from "./errors/codex-error-info.ts";
export { parseAppServerError } from "./errors/app-server-error.ts";
export type { AppServerError } from "./errors/app-server-error.ts";
export { isCodexClient, proxyAnswer } from "./errors/proxy-answer.ts";
export type { PoolFacts, PoolReason, ProxyAnswer, ProxySituation } from "./errors/proxy-answer.ts";
export { redact } from "./errors/redact.ts";

export { createCodexHeaders } from "./helpers/codex-headers.ts";
export type { CodexHeadersOptions, CodexHeadersParams } from "./helpers/codex-headers.ts";
export { exponentialBackoff } from "./helpers/exponential-backoff.ts";
export type { ExponentialBackoffParams } from "./helpers/exponential-backoff.ts";
export { getTopCandidates } from "./helpers/get-top-candidates.ts";
export type {
  CandidateAccount,
  CandidateSource,
  GetTopCandidatesParams,
  TopCandidatesOptions,
} from "./helpers/get-top-candidates.ts";
export { handleErrorResponse } from "./helpers/handle-error-response.ts";
export type { HandledError, HandleErrorOptions, RateLimitInfo } from "./helpers/handle-error-response.ts";
export { HealthScoreTracker } from "./helpers/health-score.ts";
export type { HealthSource, HybridWeights, ScoredAccount, TokenSource } from "./helpers/hybrid-score.ts";
export {
  createRateLimitBackoff,
  getRateLimitBackoffWithReason,
  resetRateLimitBackoff,
} from "./helpers/rate-limit-backoff.ts";
export type {
  RateLimitBackoff,
  RateLimitBackoffParams,
  RateLimitBackoffResult,
  RateLimitReason,
} from "./helpers/rate-limit-backoff.ts";
export type {
  CodexRequestBody,
  InputItem,
  ModelOptions,
  RequestBody,
  UserConfig,
} from "./helpers/request-body.ts";
export { selectHybridAccount } from "./helpers/select-hybrid-account.ts";
export type {
  HybridAccount,
  HybridOptions,
  SelectHybridAccountParams,
} from "./helpers/select-hybrid-account.ts";
export { TokenBucketTracker } from "./helpers/token-bucket.ts";
export { transformRequestBody } from "./helpers/transform-request-body.ts";
export type { TransformRequestBodyParams } from "./helpers/transform-request-body.ts";
export type { FastSessionStrategy } from "./helpers/fast-session.ts";
export { documentSchemas } from "./documents.ts";
export { openStore } from "./store/open-store.ts";
export type { OpenStoreOptions } from "./store/open-store.ts";
export type { Draft, Snapshot, Store, TransactionOptions } from "./store/store.ts";
export type { Account } from "./store/account.ts";
export type { Pool } from "./store/pool-file.ts";
