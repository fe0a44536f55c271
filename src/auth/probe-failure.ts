import { apiErrorRow } from "../errors/catalog.ts";
import type { FailureClassification } from "../errors/classify.ts";
import type { CodexErrorInfo } from "../errors/codex-error-info.ts";
import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { FailureKind } from "../errors/failure-rules.ts";
import { redact } from "../errors/redact.ts";

/** Why a probe of an account failed: for a person, for a script, and for what is written down of it. */
export interface ProbeFailure {
  /** Upstream's code, or one of ours when nothing could be asked. */
  code: string;
  message: string;
  hint: string | null;
  codexErrorInfo: CodexErrorInfo;
  httpStatus: number | null;
  retryAfterMs: number | null;
  resetsAtMs: number | null;
  requestId: string | null;
  /** What upstream's answer was; null when the login could not be renewed, so that nothing was asked. */
  answer: FailureKind | null;
}

/** The usage endpoint refused or did not answer. */
export function usageFailure(failure: FailureClassification): ProbeFailure {
  const { kind, envelope, diagnostics, codexErrorInfo, retryAfterMs, resetsAtSec } = failure;
  const { code } = envelope.error;
  return {
    code: kind === "network" ? "network_unreachable" : redact(code),
    message: messageFor(kind, envelope.error),
    hint: hintFor(kind, code),
    codexErrorInfo,
    httpStatus: diagnostics.httpStatus ?? null,
    retryAfterMs: retryAfterMs ?? null,
    resetsAtMs: resetsAtSec === undefined ? null : resetsAtSec * 1000,
    requestId: diagnostics.requestId ?? null,
    answer: kind,
  };
}

/** The answer for a closed workspace is a bare code. */
function messageFor(kind: FailureKind, { code, message }: { code: string; message: string }): string {
  const isBare = kind === "deactivated" && message.startsWith("Upstream answered");
  return isBare ? `The account or its workspace is closed: ${redact(code)}.` : message;
}

const hints: Partial<Record<FailureKind, string>> = {
  reauth: "Log in again: codex auth login",
  deactivated: "Ask the owner of the workspace, or forget it: codex auth remove <account>",
  network: "Check the network, then run the command again.",
  blocked: "Try again later; a browser check stands between this network and OpenAI.",
};

function hintFor(kind: FailureKind, code: string): string | null {
  return hints[kind] ?? apiErrorRow(code)?.hint ?? "Try again in a moment.";
}

/** The access token had ended, and a new one was not to be had. */
export function renewalFailure({ code, message, hint }: CodexAuthError): ProbeFailure {
  const unknown = { httpStatus: null, retryAfterMs: null, resetsAtMs: null, requestId: null, answer: null };
  return { ...unknown, code, message, hint: hint ?? null, codexErrorInfo: renewalInfo(code) };
}

function renewalInfo(code: CodexAuthError["code"]): CodexErrorInfo {
  if (code === "login_flagged" || code === "login_expired") return "unauthorized";
  if (code === "network_unreachable") return { httpConnectionFailed: { httpStatusCode: null } };
  if (code === "refresh_uncertain") return { responseStreamDisconnected: { httpStatusCode: null } };
  return "other";
}
