// The public library. Named exports only; each one's docstring gives shapes, units, errors and source.
export { CodexAuthError } from "./errors/codex-auth-error.ts";
export type { ErrorDetails } from "./errors/codex-auth-error.ts";
export { apiErrors } from "./errors/catalog.ts";
export { commandErrors } from "./errors/command-errors.ts";
export type { ApiErrorCode, ErrorType, Fault } from "./errors/catalog.ts";
export type { CommandErrorCode } from "./errors/command-errors.ts";
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

/** Which account serves next and why: pure, the same answer for advice and routing. */
export { rankAccounts } from "./accounts/rank.ts";
export type { Ranking, RankState } from "./accounts/rank.ts";
export type { Decision, RankOptions, RankRequest } from "./accounts/decision.ts";
export type { Candidate, RankedAccount, Tier } from "./accounts/ranked-account.ts";
export type { ScoreTerms } from "./accounts/score.ts";
/** The ranking in words. */
export { explainRanking } from "./accounts/explain.ts";
export type { Limit, LimitSource } from "./accounts/limit.ts";
export type { Block, BlockKind } from "./accounts/block.ts";
export type { Availability, PoolAvailability } from "./accounts/availability.ts";
/** When a window, an account or the whole pool runs out. */
export { forecastWindow } from "./accounts/forecast-window.ts";
export type { TimeRange, WindowForecast, WindowForecastInput } from "./accounts/forecast-window.ts";
export { forecastAccount } from "./accounts/forecast-account.ts";
export type { AccountForecast, LimitForecast, Risk } from "./accounts/forecast-account.ts";
export { forecastPool } from "./accounts/forecast-pool.ts";
export type { PoolForecast, Refill } from "./accounts/forecast-pool.ts";
export type { UsageHistory } from "./accounts/usage-track.ts";
/** What OpenAI reports about an account's windows: payloads, headers and events; wrong parts read as null. */
export { parseUsagePayload } from "./upstream/usage-payload.ts";
export { parseRateLimitHeaders } from "./upstream/rate-limit-headers.ts";
export { parseRateLimitEvent } from "./upstream/rate-limit-event.ts";
export { parseResetCredits } from "./upstream/reset-credits.ts";
export type { ResetCredit, ResetCredits } from "./upstream/reset-credits.ts";
export type { UsageReport } from "./upstream/usage-payload.ts";
export type { RateLimitHeaders } from "./upstream/rate-limit-headers.ts";
/** The newest limits per account and the tokens used, from Codex's local session logs; no request is made. */
export { readSessionLimits } from "./sessions/session-limits.ts";
export { readSessionUsage } from "./sessions/session-usage.ts";
export { readSessionHistory } from "./sessions/session-history.ts";

/** The rotation proxy, and the renewal that it needs. */
export { startRotationProxy } from "./proxy/rotation-proxy.ts";
export type {
  AccountState,
  AccountStatus,
  DecisionRecord,
  Pin,
  ProxyLimits,
  RotationProxy,
  RotationProxyOptions,
  RotationStatus,
  TokenCounts,
} from "./proxy/options.ts";
export { renewDetached } from "./platform/detached-renewal.ts";
export type { RefreshNeed, RefreshOutcome } from "./auth/refresh-outcome.ts";
