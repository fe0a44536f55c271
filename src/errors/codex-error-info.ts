import { field, isRecord, numberField } from "../text/json.ts";

const unitNames = [
  "contextWindowExceeded",
  "sessionBudgetExceeded",
  "usageLimitExceeded",
  "rateLimitExceeded",
  "flexUnavailable",
  "serverOverloaded",
  "modelNotFound",
  "policyCapacityUnavailable",
  "inferenceHookDenied",
  "cyberPolicy",
  "bioPolicy",
  "misalignmentPolicyViolation",
  "tooManyDenials",
  "internalServerError",
  "unauthorized",
  "badRequest",
  "threadRollbackFailed",
  "sandboxError",
  "other",
] as const;

const httpNames = [
  "httpConnectionFailed",
  "responseStreamConnectionFailed",
  "responseStreamDisconnected",
  "responseTooManyFailedAttempts",
] as const;

const allNames: readonly CodexErrorInfoName[] = [...unitNames, ...httpNames, "activeTurnNotSteerable"];

/** The variants without data: plain strings since Codex 0.169. */
export type CodexErrorName = (typeof unitNames)[number];
/** The variants that carry the HTTP status of the last answer, or null when there was none. */
export type CodexHttpErrorName = (typeof httpNames)[number];

export type CodexHttpError = {
  readonly [Name in CodexHttpErrorName]: {
    readonly [Key in Name]: { readonly httpStatusCode: number | null };
  };
}[CodexHttpErrorName];

export interface CodexTurnNotSteerable {
  readonly activeTurnNotSteerable: { readonly turnKind: string };
}

/** A variant of a Codex newer than this library, kept as it came. */
export type UnknownCodexErrorInfo = (string & Record<never, never>) | Readonly<Record<string, unknown>>;

/**
 * The `codexErrorInfo` of Codex's app-server v2 events: every variant of 0.63, 0.169 and 0.171, and an open rest.
 * Source: the JSON schema that `codex app-server generate-json-schema` writes.
 */
export type CodexErrorInfo = CodexErrorName | CodexHttpError | CodexTurnNotSteerable | UnknownCodexErrorInfo;

export type FailureStage = "connect" | "streamConnect" | "stream" | "retriesExhausted" | "sandbox";

/** What is known of a failure when its variant is chosen. */
export interface CodexErrorFacts {
  readonly status?: number | undefined;
  /** Codes and types as upstream or our own envelope name them. */
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly stage?: FailureStage | undefined;
}

type FromStatus<T> = (httpStatusCode: number | null) => T;

const httpVariants: Readonly<Record<CodexHttpErrorName, FromStatus<CodexHttpError>>> = {
  httpConnectionFailed: (httpStatusCode) => ({ httpConnectionFailed: { httpStatusCode } }),
  responseStreamConnectionFailed: (httpStatusCode) => ({
    responseStreamConnectionFailed: { httpStatusCode },
  }),
  responseStreamDisconnected: (httpStatusCode) => ({ responseStreamDisconnected: { httpStatusCode } }),
  responseTooManyFailedAttempts: (httpStatusCode) => ({ responseTooManyFailedAttempts: { httpStatusCode } }),
};

const byStage: Readonly<Record<FailureStage, FromStatus<CodexErrorInfo>>> = {
  connect: httpVariants.httpConnectionFailed,
  streamConnect: httpVariants.responseStreamConnectionFailed,
  stream: httpVariants.responseStreamDisconnected,
  retriesExhausted: httpVariants.responseTooManyFailedAttempts,
  sandbox: () => "sandboxError",
};

const byName: readonly [RegExp, CodexErrorName][] = [
  [/context_length|context_window/, "contextWindowExceeded"],
  [/\bbudget_reached\b/, "sessionBudgetExceeded"],
  [/\b(?:invalid_audio|audio_too_large|missing_audio_)/, "badRequest"],
  [/cyber_policy/, "cyberPolicy"],
  [/bio_policy/, "bioPolicy"],
  [/model_not_found/, "modelNotFound"],
  [/overloaded/, "serverOverloaded"],
  [/usage_limit|quota|usage_not_included|entitlement|not_supported_with_chatgpt/, "usageLimitExceeded"],
  [/pool_exhausted|pinned_account/, "usageLimitExceeded"],
  [/rate_limit|slow_down/, "rateLimitExceeded"],
];

/**
 * The variant for a failure, in the spelling of Codex 0.171. Names decide first, then the stage, then the status.
 * A code or type that is a variant's own name in snake case is that variant. Never throws; `other` when nothing fits.
 */
export function toCodexErrorInfo({ status, code = "", type = "", stage }: CodexErrorFacts): CodexErrorInfo {
  const names = `${clip(code)} ${clip(type)}`.toLowerCase();
  const named = unitName(code) ?? byName.find(([pattern]) => pattern.test(names))?.[1] ?? unitName(type);
  if (named) return named;
  return (stage && byStage[stage](status ?? null)) ?? fromStatus(status);
}

function fromStatus(status: number | undefined): CodexErrorInfo {
  if (status === 401) return "unauthorized";
  if (status === 400) return "badRequest";
  if (status === 429) return "rateLimitExceeded";
  return status !== undefined && status >= 500 && status < 600 ? "internalServerError" : "other";
}

/**
 * Reads any spelling: `"unauthorized"` (0.169, and 0.63 as measured), `{"unauthorized":{}}` and
 * `{"type":"unauthorized"}` (0.63 as documented), `"usage_limit_exceeded"` and
 * `{"response_stream_disconnected":{"http_status_code":503}}` (v1 events). A variant that is not known is returned
 * as it came; what is neither text nor object is undefined.
 */
export function parseCodexErrorInfo(value: unknown): CodexErrorInfo | undefined {
  if (typeof value === "string") return unitName(value) ?? value;
  if (!isRecord(value)) return undefined;
  const tag = field(value, "type");
  if (typeof tag === "string") return parseVariant(tag, value) ?? value;
  const [name, ...others] = Object.keys(value);
  if (name === undefined || others.length > 0) return value;
  return parseVariant(name, field(value, name)) ?? value;
}

/** True for the variants that this library knows by name. */
export function isKnownCodexErrorInfo(
  info: CodexErrorInfo,
): info is CodexErrorName | CodexHttpError | CodexTurnNotSteerable {
  return codexErrorName(info) !== "unknown";
}

/** Every name of a variant that this library knows. */
export type CodexErrorInfoName = CodexErrorName | CodexHttpErrorName | "activeTurnNotSteerable";

/**
 * The name of a variant: `unauthorized`, `httpConnectionFailed`; `unknown` for one of a newer Codex, which `info` still
 * holds. A switch over it is exhaustive: a name that a later version of this library adds is an error of the compiler.
 */
export function codexErrorName(info: CodexErrorInfo): CodexErrorInfoName | "unknown" {
  const spelling = spellingOf(info);
  return allNames.find((each) => each === spelling) ?? "unknown";
}

/** The HTTP status inside a variant, also one that is not known, or undefined. */
export function codexErrorStatus(info: CodexErrorInfo): number | undefined {
  return numberField(field(info, spellingOf(info)), "httpStatusCode");
}

function spellingOf(info: CodexErrorInfo): string {
  return typeof info === "string" ? info : (Object.keys(info)[0] ?? "");
}

function parseVariant(spelling: string, data: unknown): CodexErrorInfo | undefined {
  const name = camelCase(spelling);
  const unit = unitName(name);
  if (unit) return unit;
  if (name === "activeTurnNotSteerable") {
    const kind = field(data, "turnKind") ?? field(data, "turn_kind");
    return typeof kind === "string" ? { activeTurnNotSteerable: { turnKind: kind } } : undefined;
  }
  const httpName = httpNames.find((each) => each === name);
  const httpStatusCode = numberField(data, "httpStatusCode") ?? numberField(data, "http_status_code") ?? null;
  return httpName && httpVariants[httpName](httpStatusCode);
}

function unitName(spelling: string): CodexErrorName | undefined {
  const name = camelCase(spelling);
  return unitNames.find((each) => each === name);
}

/** `usage_limit_exceeded` and `UsageLimitExceeded` as `usageLimitExceeded`. */
function camelCase(spelling: string): string {
  const joined = clip(spelling).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return joined.slice(0, 1).toLowerCase() + joined.slice(1);
}

/** No code is longer; a hostile one must not cost time. */
function clip(text: string): string {
  return text.length > 200 ? text.slice(0, 200) : text;
}
