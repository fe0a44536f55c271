export { CodexAuthError } from "./errors/codex-auth-error.ts";

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
