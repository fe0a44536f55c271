// The public library. Named exports only; each one's docstring gives shapes, units, errors and source. The parts that
// have a door of their own (`codex-auth/errors`, `/proxy`, `/store`) are all here too.
export * from "./errors.ts";
export * from "./proxy.ts";
export * from "./store.ts";

export { createCodexHeaders } from "./compat/codex-headers.ts";
export type { CodexHeadersOptions, CodexHeadersParams } from "./compat/codex-headers.ts";
export { exponentialBackoff } from "./compat/backoff.ts";
export type { ExponentialBackoffParams } from "./compat/backoff.ts";
export { getTopCandidates } from "./compat/get-top-candidates.ts";
export type {
  CandidateAccount,
  CandidateSource,
  GetTopCandidatesParams,
  TopCandidatesOptions,
} from "./compat/get-top-candidates.ts";
export { handleErrorResponse } from "./compat/handle-error-response.ts";
export type { HandledError, HandleErrorOptions, RateLimitInfo } from "./compat/handle-error-response.ts";
export { HealthScoreTracker } from "./compat/trackers.ts";
export type { HealthScoreConfig } from "./compat/trackers.ts";
export type {
  HealthSource,
  HybridWeights,
  ScoredAccount,
  TokenSource,
} from "./compat/select-hybrid-account.ts";
export {
  createRateLimitBackoff,
  getRateLimitBackoffWithReason,
  resetRateLimitBackoff,
} from "./compat/backoff.ts";
export type {
  RateLimitBackoff,
  RateLimitBackoffParams,
  RateLimitBackoffResult,
  RateLimitReason,
} from "./compat/backoff.ts";
export type {
  CodexRequestBody,
  InputItem,
  ModelOptions,
  RequestBody,
  UserConfig,
} from "./compat/request-body.ts";
export { selectHybridAccount } from "./compat/select-hybrid-account.ts";
export type {
  HybridAccount,
  HybridOptions,
  SelectHybridAccountParams,
} from "./compat/select-hybrid-account.ts";
export { TokenBucketTracker } from "./compat/trackers.ts";
export type { TokenBucketConfig } from "./compat/trackers.ts";
export type { Clock } from "./compat/trackers.ts";
export { transformRequestBody } from "./compat/transform-request-body.ts";
export type { TransformRequestBodyParams } from "./compat/transform-request-body.ts";
export type { FastSessionStrategy } from "./compat/input-items.ts";
export { documentSchemas } from "./documents.ts";
export type { DocumentSchemas } from "./documents.ts";
export type * from "./document-types.ts";

/** Which account serves next and why: pure, the same answer for advice and routing. */
export { rankAccounts } from "./quota/rank.ts";
export type { Ranking, RankState } from "./quota/rank.ts";
export type { Decision, Demand, RankOptions, RankRequest } from "./quota/rank.ts";
export type { Candidate, RankedAccount, Tier } from "./quota/candidate.ts";
export type { ScoreInput, ScoreTerms } from "./quota/candidate.ts";
/** The ranking in words. */
export { explainRanking } from "./quota/explain.ts";
export type { ExplainWords } from "./quota/explain.ts";
export type { PoolAvailability } from "./quota/availability.ts";
/** When a window, an account or the whole pool runs out. */
export { forecastWindow } from "./quota/forecast/window.ts";
export type { TimeRange, WindowForecast, WindowForecastInput } from "./quota/forecast/window.ts";
export { forecastAccount } from "./quota/forecast/window.ts";
export type { AccountForecast, AccountForecastInput, LimitForecast, Risk } from "./quota/forecast/window.ts";
export { forecastPool } from "./quota/forecast/pool.ts";
export type { PoolForecast, PoolForecastInput, PoolGap, Refill } from "./quota/forecast/pool.ts";
export type { HistoryStep } from "./quota/history.ts";
export type { UsageHistory } from "./quota/forecast/past.ts";
/** What OpenAI reports about an account's windows: payloads, headers and events; wrong parts read as null. */
export { parseUsagePayload } from "./openai/usage-payload.ts";
export { parseRateLimitHeaders } from "./openai/rate-limits.ts";
export { parseRateLimitEvent } from "./openai/rate-limits.ts";
export { parseResetCredits } from "./openai/usage-payload.ts";
export type { ResetCredit, ResetCredits } from "./openai/usage-payload.ts";
export type { UsageReport } from "./openai/usage-payload.ts";
export type { RateLimitEvent } from "./openai/rate-limits.ts";
export type { HeaderPairs, RateLimitHeaders } from "./openai/rate-limits.ts";
/** The newest limits per account and the tokens used, from Codex's local session logs; no request is made. */
export { readSessionLimits } from "./sessions/limits.ts";
export { readSessionUsage } from "./sessions/usage.ts";
export { readSessionHistory } from "./sessions/history.ts";
export type { SessionLimits, SessionLimitsOptions } from "./sessions/limits.ts";
export type { DayUsage, SessionUsageOptions } from "./sessions/usage.ts";
export type { SessionHistoryOptions } from "./sessions/history.ts";
export type { Attribute, SessionAccount } from "./sessions/limits.ts";
export type { IndexStorage } from "./sessions/scan.ts";
export type { SessionHead, SessionTokens } from "./sessions/lines.ts";
export type { SessionScanOptions } from "./sessions/scan.ts";
