import { apiErrors } from "../../errors/catalog.ts";
import { commandErrors } from "../../errors/command-errors.ts";
import { timeOr } from "./shape.ts";

/** Words of our catalog and of the servers, by which a line can be told. */
const codes = new Set([
  ...Object.keys(commandErrors),
  ...Object.keys(apiErrors),
  ...`refresh_token_reused refresh_token_expired refresh_token_invalidated invalid_grant token_expired
  token_invalidated token_revoked app_session_terminated account_session_expired account_auth_invalidated
  account_deactivated account_suspended account_deleted access_denied invalid_client unsupported_grant_type
  usage_limit_reached rate_limit_exceeded insufficient_quota`.split(/\s+/),
]);
const level = /\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR)\b/i;
const stamp = /^"?(\d{4}-\d\d-\d\dT[\d:.]{1,24}Z)/;
const status = /\b[1-5]\d\d\b/g;
const word = /[a-z][a-z_]{3,40}/g;

interface LogLine {
  at: string | null;
  level: string | null;
  /** Codes and three-digit numbers in it that we know. */
  codes: string[];
  statuses: number[];
  length: number;
}

/** A line of a log without its words: when, how grave, which known codes, how long. */
export function logOutline(line: string): LogLine {
  const text = line.slice(0, 10_000);
  return {
    at: timeOr(stamp.exec(text)?.[1] ?? null),
    level: level.exec(text)?.[0].toUpperCase() ?? null,
    codes: [...new Set(text.match(word) ?? [])].filter((each) => codes.has(each)),
    statuses: [...new Set(text.match(status) ?? [])].map(Number).filter((each) => statuses.has(each)),
    length: line.length,
  };
}

/** Answers of HTTP that a login meets. */
const statuses = new Set([
  200, 201, 302, 400, 401, 402, 403, 404, 407, 408, 409, 422, 426, 429, 500, 502, 503, 504,
]);
