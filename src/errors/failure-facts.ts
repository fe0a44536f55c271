import { defined, field, numberField, parseJson, textField } from "../text/json.ts";
import type { FailureStage } from "./codex-error-info.ts";
import type { ErrorDiagnostics } from "./envelope.ts";
import { longerHint, parseRetryHint, type RetryHint, type RetryHintOptions } from "./retry-hint.ts";
import { parseStreamFailure } from "./stream-failure.ts";
import {
  cleanMessage,
  headerMap,
  type HeaderSource,
  readUpstreamError,
  type UpstreamError,
} from "./upstream-body.ts";

/** An HTTP answer that is no success. `body` is the text, or JSON already parsed. */
export interface HttpFailure {
  readonly status: number;
  readonly headers?: HeaderSource | undefined;
  readonly body?: unknown;
}

export interface ClassifyOptions extends RetryHintOptions {
  /** True when this is the answer to a request that was repeated with a fresh token. */
  readonly isAfterRefresh?: boolean | undefined;
  /** Where a network error happened, when the caller knows. */
  readonly stage?: FailureStage | undefined;
}

/** Everything that the classification looks at. */
export interface FailureFacts {
  readonly source: "http" | "stream" | "network";
  readonly status?: number | undefined;
  readonly stage?: FailureStage | undefined;
  /** `code` and `type` of upstream in lower case, blank when absent. */
  readonly names: string;
  /** The message in lower case. */
  readonly words: string;
  readonly error: UpstreamError;
  /** True for a body that could not be read at all, such as HTML or nothing. */
  readonly isUnreadable: boolean;
  /** The wait that the server asked for outright. */
  readonly plainHint?: RetryHint | undefined;
  /** The same, or the reset of a window that is used up, whichever is later. */
  readonly hint?: RetryHint | undefined;
  readonly isAfterRefresh: boolean;
  readonly diagnostics: ErrorDiagnostics;
}

const requestIdHeaders = ["x-request-id", "request-id", "openai-request-id", "x-openai-request-id"];

/** Gathers the facts of a failure of any shape. Never throws. */
export function failureFacts(failure: unknown, nowMs: number, options: ClassifyOptions): FailureFacts {
  const stream = parseStreamFailure(failure);
  if (stream) {
    const facts = answerFacts(stream.headers, failure, nowMs, options);
    return { ...facts, source: "stream", status: stream.status, ...errorFacts(stream.error) };
  }
  const status = numberField(failure, "status");
  if (status === undefined) return networkFacts(failure, options);
  const given = field(failure, "body");
  const body = typeof given === "string" ? (parseJson(given) ?? given) : given;
  const facts = answerFacts(field(failure, "headers"), body, nowMs, options);
  const diagnostics = { ...facts.diagnostics, httpStatus: status };
  return { ...facts, source: "http", status, diagnostics, ...errorFacts(readUpstreamError(body)) };
}

function answerFacts(headers: unknown, body: unknown, nowMs: number, options: ClassifyOptions) {
  const all = headerMap(headers);
  const plain = [...all].filter(([name]) => name.startsWith("retry-after") || name === "x-ms-retry-after-ms");
  const said = parseRetryHint(hintSource(body), nowMs, options);
  return {
    plainHint: longerHint(parseRetryHint(plain, nowMs, options), said),
    hint: longerHint(parseRetryHint(all, nowMs, options), said),
    isAfterRefresh: options.isAfterRefresh ?? false,
    diagnostics: readDiagnostics(all),
  };
}

function hintSource(body: unknown): string | object | undefined {
  return typeof body === "string" || (typeof body === "object" && body !== null) ? body : undefined;
}

function errorFacts(error: UpstreamError): Pick<FailureFacts, "error" | "names" | "words" | "isUnreadable"> {
  const { code = "", type = "", message = "" } = error;
  return {
    error,
    names: `${code} ${type}`.toLowerCase(),
    words: message.toLowerCase(),
    isUnreadable: code === "" && type === "" && message === "",
  };
}

function networkFacts(failure: unknown, { stage, isAfterRefresh = false }: ClassifyOptions): FailureFacts {
  const code = networkCode(failure);
  const words = failure instanceof Error ? failure.message : textField(failure, "message");
  const message = cleanMessage(words ?? "");
  const error = message === "" ? {} : { message };
  return {
    source: "network",
    ...errorFacts(error),
    stage: stage ?? stageOf(code),
    diagnostics: {},
    isAfterRefresh,
  };
}

/** The system's code: `ECONNREFUSED`. fetch hides it in `cause`. */
function networkCode(failure: unknown): string {
  if (typeof failure !== "object" || failure === null) return "";
  if ("code" in failure && typeof failure.code === "string") return failure.code;
  const cause: unknown = "cause" in failure ? failure.cause : undefined;
  return textField(cause, "code") ?? "";
}

function stageOf(code: string): FailureStage {
  if (/^(?:ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|CERT_|ERR_TLS|UND_ERR_CONNECT)/.test(code))
    return "connect";
  if (/^(?:UND_ERR_HEADERS|ETIMEDOUT)/.test(code)) return "streamConnect";
  return "stream";
}

/** The ids that upstream gave a request, from its answer's headers. */
function readDiagnostics(headers: ReadonlyMap<string, string>): ErrorDiagnostics {
  const name = requestIdHeaders.find((each) => headers.has(each));
  return defined({
    requestId: name && safeId(headers.get(name)),
    cfRay: safeId(headers.get("cf-ray")),
  });
}

function safeId(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : cleanMessage(value.slice(0, 200));
}
