// The public library. Named exports only; each one's docstring gives shapes, units, errors and source. The parts that
// have a door of their own (`codex-auth/errors`, `/proxy`, `/store`) are all here too.
export * from "./errors.ts";
export * from "./proxy.ts";
export * from "./store.ts";

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
export type { HealthScoreConfig } from "./helpers/health-score.ts";
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
export type { TokenBucketConfig } from "./helpers/token-bucket.ts";
export type { Clock } from "./helpers/tracker-config.ts";
export { transformRequestBody } from "./helpers/transform-request-body.ts";
export type { TransformRequestBodyParams } from "./helpers/transform-request-body.ts";
export type { FastSessionStrategy } from "./helpers/fast-session.ts";
export { documentSchemas } from "./documents.ts";
export type { DocumentSchemas } from "./documents.ts";
export type * from "./document-types.ts";

/** Which account serves next and why: pure, the same answer for advice and routing. */
export { rankAccounts } from "./accounts/rank.ts";
export type { Ranking, RankState } from "./accounts/rank.ts";
export type { Decision, Demand, RankOptions, RankRequest } from "./accounts/decision.ts";
export type { Candidate, RankedAccount, Tier } from "./accounts/ranked-account.ts";
export type { ScoreInput, ScoreTerms } from "./accounts/score.ts";
/** The ranking in words. */
export { explainRanking } from "./accounts/explain.ts";
export type { ExplainWords } from "./accounts/explain.ts";
export type { PoolAvailability } from "./accounts/availability.ts";
/** When a window, an account or the whole pool runs out. */
export { forecastWindow } from "./accounts/forecast-window.ts";
export type { TimeRange, WindowForecast, WindowForecastInput } from "./accounts/forecast-window.ts";
export { forecastAccount } from "./accounts/forecast-account.ts";
export type {
  AccountForecast,
  AccountForecastInput,
  LimitForecast,
  Risk,
} from "./accounts/forecast-account.ts";
export { forecastPool } from "./accounts/forecast-pool.ts";
export type { PoolForecast, PoolForecastInput, Refill } from "./accounts/forecast-pool.ts";
export type { HistoryStep } from "./accounts/history.ts";
export type { UsageHistory } from "./accounts/usage-track.ts";
/** What OpenAI reports about an account's windows: payloads, headers and events; wrong parts read as null. */
export { parseUsagePayload } from "./upstream/usage-payload.ts";
export { parseRateLimitHeaders } from "./upstream/rate-limit-headers.ts";
export { parseRateLimitEvent } from "./upstream/rate-limit-event.ts";
export { parseResetCredits } from "./upstream/reset-credits.ts";
export type { ResetCredit, ResetCredits } from "./upstream/reset-credits.ts";
export type { UsageReport } from "./upstream/usage-payload.ts";
export type { RateLimitEvent } from "./upstream/rate-limit-event.ts";
export type { HeaderPairs, RateLimitHeaders } from "./upstream/rate-limit-headers.ts";
/** The newest limits per account and the tokens used, from Codex's local session logs; no request is made. */
export { readSessionLimits } from "./sessions/session-limits.ts";
export { readSessionUsage } from "./sessions/session-usage.ts";
export { readSessionHistory } from "./sessions/session-history.ts";
export type { SessionLimits, SessionLimitsOptions } from "./sessions/session-limits.ts";
export type { DayUsage, SessionUsageOptions } from "./sessions/session-usage.ts";
export type { SessionHistoryOptions } from "./sessions/session-history.ts";
export type { Attribute, SessionAccount } from "./sessions/attribution.ts";
export type { IndexStorage } from "./sessions/session-index.ts";
export type { SessionHead, SessionTokens } from "./sessions/session-lines.ts";
export type { SessionScanOptions } from "./sessions/session-scan.ts";
