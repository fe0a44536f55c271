import type { PoolFigures, QuotaFigures, Recommendation } from "./forecast-lines.ts";

export interface TokenFigures {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
}

/** The part of a report that a person sees, as text or as a page. */
export interface ReportFigures {
  summary: {
    generatedAt: string;
    accounts: number;
    ready: number;
    tokens: number;
  };
  accounts: readonly QuotaFigures[];
  usage: {
    since: string;
    until: string;
    total: TokenFigures;
    days: readonly (TokenFigures & { day: string })[];
    accounts: readonly (TokenFigures & { accountId: string | null; name: string })[];
    models: readonly (TokenFigures & { model: string | null })[];
    rows: readonly (TokenFigures & { day: string; accountId: string | null })[];
  };
  forecast: {
    recommendation: Recommendation;
    pool: PoolFigures;
    courses: readonly Course[];
  };
  findings: readonly { severity: string; message: string; fix: string | null }[];
  runtime: {
    version: string;
    nodeVersion: string;
    platform: string;
    codexHome: string;
    sessionFiles: number;
  };
}

export interface Course {
  accountId: string;
  kind: string;
  points: readonly { at: string; p10: number; p50: number; p90: number }[];
}
