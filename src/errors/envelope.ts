import { defined, field, numberField, parseJson, textField } from "../text/json.ts";
import { apiErrorRow } from "./api-errors.ts";

/** Ids that help to find one failed request in somebody's log. */
export interface ErrorDiagnostics {
  readonly httpStatus?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cfRay?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly threadId?: string | undefined;
}

/** One error, as our code handles it. `code` and `type` may be names of OpenAI that the catalog does not list. */
export interface ErrorDetail {
  readonly message: string;
  readonly type: string;
  readonly code: string;
  /** The field at fault, in dot notation: `input.0.content`. */
  readonly param?: string | undefined;
  readonly planType?: string | undefined;
  /** Integer unix seconds. */
  readonly resetsAtSec?: number | undefined;
  /** Integer seconds. */
  readonly resetsInSeconds?: number | undefined;
  /** The rest is said by the rotation proxy only. */
  readonly reason?: string | undefined;
  /** Null: waiting does not help. */
  readonly retryAfterMs?: number | null | undefined;
  /** Account id to the reason why it was passed over. */
  readonly accountSkipReasons?: Readonly<Record<string, string>> | undefined;
  readonly hint?: string | undefined;
  readonly pinSource?: string | undefined;
  /** Integer unix seconds. */
  readonly resetAtSec?: number | undefined;
  readonly diagnostics?: ErrorDiagnostics | undefined;
}

/** The error document of OpenAI's API, as it travels. */
export interface ErrorEnvelope {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param?: string | undefined;
    readonly plan_type?: string | undefined;
    readonly resets_at?: number | undefined;
    readonly resets_in_seconds?: number | undefined;
    readonly reason?: string | undefined;
    readonly retry_after_ms?: number | null | undefined;
    readonly account_skip_reasons?: Readonly<Record<string, string>> | undefined;
    readonly hint?: string | undefined;
    readonly pin_source?: string | undefined;
    readonly reset_at?: number | undefined;
    readonly diagnostics?: ErrorDiagnostics | undefined;
  };
}

export type ErrorEnvelopeInput = Omit<ErrorDetail, "type"> & { readonly type?: string | undefined };

/**
 * Builds the envelope of one error. Without a `type` the catalog's type of the code is used, else `server_error`.
 * Times become integers, rounded up, because Codex ignores a fraction; what is not finite is left out.
 */
export function toErrorEnvelope(detail: ErrorEnvelopeInput): ErrorEnvelope {
  return {
    error: defined({
      message: detail.message,
      type: detail.type ?? apiErrorRow(detail.code)?.type ?? "server_error",
      code: detail.code,
      param: detail.param,
      plan_type: detail.planType,
      resets_at: wholeUp(detail.resetsAtSec),
      resets_in_seconds: wholeUp(detail.resetsInSeconds),
      reason: detail.reason,
      retry_after_ms: detail.retryAfterMs === null ? null : wholeUp(detail.retryAfterMs),
      account_skip_reasons: detail.accountSkipReasons,
      hint: detail.hint,
      pin_source: detail.pinSource,
      reset_at: wholeUp(detail.resetAtSec),
      diagnostics: detail.diagnostics && defined(detail.diagnostics),
    }),
  };
}

/** The envelope of a request that failed validation: 422, with the first issue's message and path. */
export function validationEnvelope(issues: readonly ValidationIssue[]): ErrorEnvelope {
  const first = issues[0];
  return toErrorEnvelope({
    code: "validation_error",
    message: first?.message ?? "The request is not valid.",
    param: first && paramFromPath(first.path),
  });
}

/**
 * Reads an envelope back: `parseErrorEnvelope(toErrorEnvelope(x))` equals x. Takes a value or JSON text.
 * Undefined when message, type or code is missing; for looser bodies use `classifyFailure`.
 */
export function parseErrorEnvelope(body: unknown): ErrorDetail | undefined {
  const error = field(typeof body === "string" ? parseJson(body) : body, "error");
  const message = field(error, "message");
  const type = field(error, "type");
  const code = field(error, "code");
  if (typeof message !== "string" || typeof type !== "string" || typeof code !== "string") return undefined;
  return { message, type, code, ...readErrorExtras(error) };
}

/** The optional fields of an error object, each only when it has the right type. */
export function readErrorExtras(error: unknown): Partial<ErrorDetail> {
  return defined({
    param: stringField(error, "param"),
    planType: stringField(error, "plan_type"),
    resetsAtSec: numberField(error, "resets_at"),
    resetsInSeconds: numberField(error, "resets_in_seconds"),
    reason: stringField(error, "reason"),
    retryAfterMs: field(error, "retry_after_ms") === null ? null : numberField(error, "retry_after_ms"),
    accountSkipReasons: stringMap(field(error, "account_skip_reasons")),
    hint: stringField(error, "hint"),
    pinSource: stringField(error, "pin_source"),
    resetAtSec: numberField(error, "reset_at"),
    diagnostics: readDiagnosticsField(field(error, "diagnostics")),
  });
}

function stringField(error: unknown, key: string): string | undefined {
  const found = field(error, key);
  return typeof found === "string" ? found : undefined;
}

function readDiagnosticsField(value: unknown): ErrorDiagnostics | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return defined({
    httpStatus: numberField(value, "httpStatus"),
    requestId: textField(value, "requestId"),
    cfRay: textField(value, "cfRay"),
    correlationId: textField(value, "correlationId"),
    threadId: textField(value, "threadId"),
  });
}

function stringMap(value: unknown): Record<string, string> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const pairs = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return Object.fromEntries(pairs);
}

function wholeUp(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.ceil(value);
}

/** What is needed of a zod issue. Structural, so that importing this never loads zod. */
export interface ValidationIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `bad`: 400, a document that lacks or adds what cannot be. `invalid`: 422, one that says it wrongly. */
interface DocumentFault {
  readonly kind: "bad" | "invalid";
  readonly issue: ValidationIssue;
}

interface FoundIssue extends ValidationIssue {
  readonly keys?: readonly string[] | undefined;
  /** Of a choice of forms: what is wrong with each. */
  readonly errors?: readonly (readonly FoundIssue[])[] | undefined;
}

/** The one to tell of all issues that zod found: what is missing comes first, then what is too much. */
export function firstFault(document: unknown, found: readonly FoundIssue[]): DocumentFault {
  const issues = found.map(deepest);
  const absent = issues.find((issue) => isAbsent(document, issue));
  if (absent) return { kind: "bad", issue: missingIssue(absent.path) };
  const surplus = issues.find(({ keys }) => keys !== undefined);
  if (surplus) {
    const { path, keys: [name = ""] = [] } = surplus;
    return { kind: "bad", issue: { path: [...path, name], message: `Unknown parameter: '${name}'.` } };
  }
  const [issue = { path: [], message: "The request is not valid." }] = issues;
  return { kind: "invalid", issue };
}

/** Of several forms the one is meant that fits furthest. */
function deepest(issue: FoundIssue): FoundIssue {
  const inner = (issue.errors ?? []).flatMap(([first]) =>
    first && first.path.length > 0 ? deepest(first) : [],
  );
  const [furthest] = inner.toSorted((one, other) => other.path.length - one.path.length);
  return furthest ? { ...furthest, path: [...issue.path, ...furthest.path] } : issue;
}

function isAbsent(document: unknown, { path }: ValidationIssue): boolean {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return false;
    value = Reflect.get(value, key);
  }
  return path.length > 0 && value === undefined;
}

/** In the words of OpenAI's own API. */
export function missingIssue(path: readonly PropertyKey[]): ValidationIssue {
  return { path, message: `Missing required parameter: '${paramFromPath(path)}'.` };
}

/** A path in the dot notation of the error contract: `["input", 0, "content"]` is `input.0.content`. */
export function paramFromPath(path: readonly PropertyKey[]): string | undefined {
  return path.length === 0 ? undefined : path.map(String).join(".");
}
