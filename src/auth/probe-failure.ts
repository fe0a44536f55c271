import { apiErrorRow } from "../errors/catalog.ts";
import type { FailureClassification } from "../errors/classify.ts";
import type { CodexErrorInfo } from "../errors/codex-error-info.ts";
import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { FailureKind } from "../errors/failure-rules.ts";
import { redact } from "../errors/redact.ts";
import type { Account } from "../store/account.ts";
import type { WorkspaceAnswer } from "../upstream/workspace.ts";
import { remedyOf } from "./remedies.ts";

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
export function usageFailure(failure: FailureClassification, account: Account): ProbeFailure {
  const { kind, envelope, diagnostics, codexErrorInfo, retryAfterMs, resetsAtSec } = failure;
  const { code } = envelope.error;
  return {
    code: kind === "network" ? "network_unreachable" : redact(code),
    message: messageFor(kind, envelope.error),
    hint: hintFor(kind, code, account),
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
  network: "Check the network, then run the command again.",
  blocked: "Try again later; a browser check stands between this network and OpenAI.",
};

function hintFor(kind: FailureKind, code: string, account: Account): string | null {
  if (kind === "reauth") return `Log in again: ${remedyOf("refused", account)}`;
  if (kind === "deactivated")
    return `Ask the owner of the workspace, or forget it: ${remedyOf("closed", account)}`;
  return hints[kind] ?? apiErrorRow(code)?.hint ?? "Try again in a moment.";
}

const workspaceTexts = {
  missing: "OpenAI does not list the workspace of this login",
  duplicate: "OpenAI lists the workspace of this login twice",
  deactivated: "OpenAI says that the workspace of this login is deactivated",
} as const;

/**
 * Why Codex would not get to its first request although the usage endpoint answers. Null when it would.
 */
export function workspaceFailure(answer: WorkspaceAnswer, account: Account): ProbeFailure | null {
  if (answer.kind === "found") return null;
  const asked = answer.kind === "failure" ? usageFailure(answer.failure, account) : null;
  const status = asked?.httpStatus ?? null;
  const said = status === null ? asked?.message : `HTTP ${status}: ${asked?.message}`;
  const why =
    answer.kind === "failure"
      ? `OpenAI does not say where its workspace is (${said})`
      : workspaceTexts[answer.kind];
  return {
    ...(asked ?? { httpStatus: null, retryAfterMs: null, resetsAtMs: null, requestId: null, answer: null }),
    code: asked?.answer === "network" ? asked.code : "workspace_unroutable",
    message: `${why}, so Codex does not start with this account.`,
    hint: `Use another account: codex auth switch <account>. If it stays, sign in again: ${remedyOf("refused", account)}`,
    codexErrorInfo: asked?.codexErrorInfo ?? "other",
  };
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
