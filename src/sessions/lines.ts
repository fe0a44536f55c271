import { field, jsonOrNull, readNumber, readText, readTimeMs } from "../text/json.ts";
import { type Limit, normalizeLimitId, readSnapshot } from "../quota/limit.ts";

/** The first line of a rollout: who began the session, and how it reached upstream. */
export interface SessionHead {
  readonly sessionId: string;
  /** The workspace; null in logs of old versions and with an API key. */
  readonly accountId: string | null;
  readonly userId: string | null;
  readonly modelProvider: string | null;
  /** Where Codex worked. */
  readonly folder: string | null;
  readonly startedAtMs: number;
}

export interface SessionTokens {
  /** Cached ones included. */
  readonly input: number;
  readonly cachedInput: number;
  /** Reasoning included. */
  readonly output: number;
  readonly reasoning: number;
}

/** One `token_count` line. */
export interface TokenCountLine {
  readonly atMs: number;
  /** Since the session began. */
  readonly total: SessionTokens | null;
  /** Of the last response. */
  readonly last: SessionTokens | null;
  readonly limits: readonly Limit[];
}

export function parseSessionHead(line: string): SessionHead | null {
  const value = jsonOrNull(line);
  if (field(value, "type") !== "session_meta") return null;
  const payload = field(value, "payload");
  const sessionId = readText(field(payload, "id"));
  if (sessionId === null) return null;
  return {
    sessionId,
    accountId: readText(field(payload, "creator_account_id")),
    userId: readText(field(payload, "creator_user_id")),
    modelProvider: readText(field(payload, "model_provider")),
    folder: readText(field(payload, "cwd")),
    startedAtMs: readTimeMs(field(payload, "timestamp")) ?? readTimeMs(field(value, "timestamp")) ?? 0,
  };
}

/** Null for every other line, and for one that is torn. */
export function parseTokenCount(line: string): TokenCountLine | null {
  const value = jsonOrNull(line);
  const payload = field(value, "payload");
  const atMs = readTimeMs(field(value, "timestamp"));
  if (field(value, "type") !== "event_msg" || field(payload, "type") !== "token_count" || atMs === null) {
    return null;
  }
  const info = field(payload, "info");
  const rateLimits = field(payload, "rate_limits");
  const limitId = normalizeLimitId(field(rateLimits, "limit_id"));
  return {
    atMs,
    total: readTokens(field(info, "total_token_usage")),
    last: readTokens(field(info, "last_token_usage")),
    limits: readSnapshot(rateLimits, { limitId, observedAtMs: atMs, source: "session" }),
  };
}

/** The model of a `turn_context` line. */
export function parseTurnModel(line: string): string | null {
  const value = jsonOrNull(line);
  return field(value, "type") === "turn_context" ? readText(field(field(value, "payload"), "model")) : null;
}

function readTokens(value: unknown): SessionTokens | null {
  const input = readNumber(field(value, "input_tokens"));
  const output = readNumber(field(value, "output_tokens"));
  if (input === null || output === null) return null;
  return {
    input,
    cachedInput: readNumber(field(value, "cached_input_tokens")) ?? 0,
    output,
    reasoning: readNumber(field(value, "reasoning_output_tokens")) ?? 0,
  };
}
