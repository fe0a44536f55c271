// `codex-auth/errors`: what failures mean, and how they are told. Loads nothing of Node, and no package.
export { CodexAuthError } from "./errors/codex-auth-error.ts";
export type { ErrorDetails } from "./errors/codex-auth-error.ts";
export { apiErrors } from "./errors/api-errors.ts";
export { commandErrors } from "./errors/command-errors.ts";
export type { ApiErrorCode, ApiErrorRow, CatalogRow, ErrorType, Fault } from "./errors/api-errors.ts";
export type { CommandErrorCode } from "./errors/command-errors.ts";
export { parseErrorEnvelope, toErrorEnvelope, validationEnvelope } from "./errors/envelope.ts";
export type { ErrorDetail, ErrorDiagnostics, ErrorEnvelope, ErrorEnvelopeInput } from "./errors/envelope.ts";
export { paramFromPath } from "./errors/envelope.ts";
export type { ValidationIssue } from "./errors/envelope.ts";
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
export { parseSse } from "./errors/stream-failure.ts";
export type { SseEvent } from "./errors/stream-failure.ts";
export { classifyFailure } from "./errors/classify.ts";
export type { FailureClassification, UpstreamFailure } from "./errors/classify.ts";
export type { ClassifyOptions, HttpFailure } from "./errors/failure-facts.ts";
export type { AccountVerdict, FailureKind, NextStep } from "./errors/failure-rules.ts";
export type { HeaderSource } from "./errors/upstream-body.ts";
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
  CodexErrorInfoName,
  CodexErrorName,
  CodexHttpError,
  CodexHttpErrorName,
  CodexTurnNotSteerable,
  FailureStage,
  UnknownCodexErrorInfo,
} from "./errors/codex-error-info.ts";
export { parseAppServerError } from "./errors/app-server-error.ts";
export type { AppServerError } from "./errors/app-server-error.ts";
export { isCodexClient, proxyAnswer } from "./proxy/answers/refusals.ts";
export type { PoolFacts, PoolReason, ProxyAnswer, ProxySituation } from "./proxy/answers/refusals.ts";
export { redact } from "./text/safe-text.ts";
export { codexErrorGuide } from "./errors/codex-error-guide.ts";
export type { CodexErrorAdvice } from "./errors/codex-error-guide.ts";
