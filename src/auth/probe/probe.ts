import type { Login } from "../../codex/auth-json.ts";
import type { Context } from "../../context.ts";
import { apiErrorRow } from "../../errors/api-errors.ts";
import type { FailureClassification } from "../../errors/classify.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { CodexErrorInfo } from "../../errors/codex-error-info.ts";
import type { FailureKind } from "../../errors/failure-rules.ts";
import {
  type BackendRequest,
  findWorkspace,
  readResetCredits,
  readUsage,
  type UsageAnswer,
  type WorkspaceAnswer,
} from "../../openai/ask.ts";
import type { UsageReport } from "../../openai/usage-payload.ts";
import type { Account } from "../../pool/account.ts";
import { adviceOf, remedyOf } from "../../pool/state.ts";
import { redact } from "../../text/safe-text.ts";
import { capitalized } from "../../text/words.ts";
import { isValid } from "../renew/outcome.ts";
import { usableLogin } from "../renew/usable-login.ts";

export interface ProbeContext extends Pick<Context, "fetch" | "now" | "store" | "renew"> {
  /** As `backendOf` gives it. */
  baseUrl: string;
}

/** What asking upstream about one account has shown. `login` is the one that was asked with last. */
export type Probe = {
  account: Account;
  login: Login;
  /** Epoch ms of the answer's figures. */
  atMs: number;
} & (
  | {
      kind: "usage";
      usage: UsageReport;
      resetCredits: number | null;
      /** Why Codex would not find the workspace; null when nobody asked. */
      workspace: ProbeFailure | "found" | null;
    }
  | { kind: "failure"; failure: ProbeFailure }
);

export interface ProbeOptions {
  /** Also for an account that is flagged. */
  isFlagged?: boolean;
  /** A person wants to know, so that a renewal which rests is tried. */
  isAsked?: boolean;
  /** Also ask for the workspace, as Codex does before its first request. */
  asksWorkspace?: boolean;
}

/**
 * Asks the usage endpoint about an account. A token is renewed only when it has ended, or when upstream says 401 for
 * exactly this one; then the question is put once more, and a second 401 is final.
 */
export async function probeAccount(
  ctx: ProbeContext,
  account: Account,
  { isFlagged = false, isAsked = false, asksWorkspace = false }: ProbeOptions = {},
): Promise<Probe> {
  const probe = { account, login: account.login, atMs: ctx.now() };
  try {
    // Not the margin of `usableLogin`: a token is never renewed for a question that the old one can still ask.
    const hasEnded = !isValid(account.login, ctx.now());
    const ended = { kind: isFlagged ? "verify" : "expiring", isAsked } as const;
    if (hasEnded) probe.login = await usableLogin(ctx, account, ended);
    const first = await ask(ctx, probe.login, hasEnded || isKnownRefused(ctx, account));
    if (first.kind === "usage" || first.failure.next !== "refresh")
      return await concluded({ ...ctx, asksWorkspace }, probe, first);
    const { accessToken } = probe.login;
    const kind = isFlagged ? "verify" : "rejected";
    probe.login = await usableLogin(ctx, account, { kind, accessToken, isAsked });
    return await concluded({ ...ctx, asksWorkspace }, probe, await ask(ctx, probe.login, true));
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
    return { ...probe, kind: "failure", failure: renewalFailure(error) };
  }
}

/** This very token was refused after its renewal a moment ago: yet another one would be spent for nothing. */
function isKnownRefused({ store, now }: ProbeContext, { id, login }: Account): boolean {
  const block = store.usage().get(id)?.availability?.block ?? null;
  const isResting = block?.kind === "auth" && block.untilMs > now();
  return isResting && block.sinceMs >= (login.issuedAtSec ?? 0) * 1000;
}

function ask(ctx: ProbeContext, login: Login, isAfterRefresh: boolean): Promise<UsageAnswer> {
  return readUsage(ctx.fetch, { ...request(ctx, login), isAfterRefresh });
}

function request({ baseUrl, now }: ProbeContext, { accessToken, identity }: Login): BackendRequest {
  const accountId = identity.kind === "seat" ? identity.accountId : null;
  return { baseUrl, accessToken, accountId, nowMs: now() };
}

async function concluded(
  ctx: ProbeContext & { asksWorkspace: boolean },
  probe: { account: Account; login: Login; atMs: number },
  answer: UsageAnswer,
): Promise<Probe> {
  const atMs = ctx.now();
  if (answer.kind === "failure")
    return { ...probe, atMs, kind: "failure", failure: usageFailure(answer.failure, probe.account) };
  const { usage } = answer;
  // Only who has run out wants to know whether a credit resets a window.
  const resets = isExhausted(usage) ? await readResetCredits(ctx.fetch, request(ctx, probe.login)) : null;
  const workspace = ctx.asksWorkspace
    ? (workspaceFailure(await findWorkspace(ctx.fetch, request(ctx, probe.login)), probe.account) ?? "found")
    : null;
  return { ...probe, atMs, kind: "usage", usage, resetCredits: resets?.availableCount ?? null, workspace };
}

/** Upstream says so, whatever the percentages are. */
export function isExhausted({ isAllowed, isLimitReached, reached }: UsageReport): boolean {
  return isAllowed === false || isLimitReached === true || reached !== null;
}

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
  if (kind === "reauth") return capitalized(adviceOf("refused", account));
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
    hint: `Use another account: codex auth switch <account>. If it stays, ${adviceOf("refused", account)}`,
    codexErrorInfo: asked?.codexErrorInfo ?? "other",
  };
}

/** The access token had ended, and a new one was not to be had. */
function renewalFailure({ code, message, hint }: CodexAuthError): ProbeFailure {
  const unknown = { httpStatus: null, retryAfterMs: null, resetsAtMs: null, requestId: null, answer: null };
  return { ...unknown, code, message, hint: hint ?? null, codexErrorInfo: renewalInfo(code) };
}

function renewalInfo(code: CodexAuthError["code"]): CodexErrorInfo {
  if (code === "login_flagged" || code === "login_expired") return "unauthorized";
  if (code === "network_unreachable") return { httpConnectionFailed: { httpStatusCode: null } };
  if (code === "refresh_uncertain") return { responseStreamDisconnected: { httpStatusCode: null } };
  return "other";
}
