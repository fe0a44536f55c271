import { classifyFailure, type FailureClassification } from "../errors/classify.ts";
import { answerText } from "../errors/upstream-body.ts";
import { field, parseJson, readBoolean, readList } from "../text/json.ts";
import { backendUrl, codeInWords, type Fetch, isConnectFailure, networkCode } from "./backend.ts";
import {
  parseResetCredits,
  parseUsagePayload,
  type ResetCredits,
  type UsageReport,
} from "./usage-payload.ts";

export interface BackendRequest {
  /** As `backendOf` gives it. */
  baseUrl: string;
  accessToken: string;
  /** The workspace (seat) id; null when the login names none. */
  accountId: string | null;
  nowMs: number;
  /** This request repeats one that was answered with 401, with a new token. */
  isAfterRefresh?: boolean;
  timeoutMs?: number;
}

type BackendAnswer =
  | { kind: "payload"; payload: unknown }
  | { kind: "failure"; failure: FailureClassification };

const defaultTimeoutMs = 20_000;

/** Puts one question about an account to its backend. Never throws: whatever goes wrong is classified. */
async function askBackend(
  fetch: Fetch,
  name: Parameters<typeof backendUrl>[1],
  request: BackendRequest,
): Promise<BackendAnswer> {
  const { nowMs, isAfterRefresh } = request;
  const url = backendUrl(request.baseUrl, name);
  let stage: "streamConnect" | "stream" = "streamConnect";
  try {
    const response = await fetch(url, requestInit(request));
    stage = "stream";
    const text = withoutToken(await answerText(response), request.accessToken);
    const { ok, status, headers } = response;
    if (ok) return { kind: "payload", payload: parseJson(text) };
    return {
      kind: "failure",
      failure: classifyFailure({ status, headers, body: text }, nowMs, { isAfterRefresh }),
    };
  } catch (error) {
    const where = isConnectFailure(error) ? "connect" : stage;
    const problem = new Error(networkMessage(error, url, request));
    return { kind: "failure", failure: classifyFailure(problem, nowMs, { stage: where }) };
  }
}

function requestInit({ accessToken, accountId, timeoutMs = defaultTimeoutMs }: BackendRequest): RequestInit {
  const headers = {
    authorization: `Bearer ${accessToken}`,
    originator: "codex_cli_rs",
    "user-agent": "codex_cli_rs",
    ...(accountId === null ? {} : { "chatgpt-account-id": accountId }),
  };
  // A redirect would carry the token to another place.
  return { headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) };
}

/** An answer that repeats our own token, as pages of errors do, must not bring it into a message. */
function withoutToken(text: string, token: string): string {
  if (token === "") return text;
  const bytes = Buffer.from(token);
  const forms = [token, encodeURIComponent(token), bytes.toString("base64"), bytes.toString("base64url")];
  return forms.reduce((rest, form) => rest.replaceAll(form, "[redacted]"), text);
}

/** In words of our own: what fetch throws may quote the headers. */
function networkMessage(
  error: unknown,
  url: string,
  { timeoutMs = defaultTimeoutMs }: BackendRequest,
): string {
  const { host } = new URL(url);
  const code = networkCode(error);
  if (isConnectFailure(error)) return `${host} cannot be reached: ${codeInWords(code)}.`;
  if (code === "TimeoutError") return `${host} did not answer within ${timeoutMs / 1000} s.`;
  if (isRedirect(error)) return `${host} answered with a redirect, which is not followed.`;
  return `The connection to ${host} was lost: ${code}.`;
}

function isRedirect(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.cause instanceof Error &&
    error.cause.message.includes("unexpected redirect")
  );
}

export type UsageAnswer =
  | { kind: "usage"; usage: UsageReport }
  | { kind: "failure"; failure: FailureClassification };

/** Asks how much of an account's windows is used. Never throws: whatever goes wrong is classified. */
export async function readUsage(fetch: Fetch, request: BackendRequest): Promise<UsageAnswer> {
  const answer = await askBackend(fetch, "usage", request);
  if (answer.kind === "failure") return answer;
  const usage = parseUsagePayload(answer.payload, request.nowMs);
  // A page of a proxy may be JSON too: a report says at least a plan or a window.
  if (usage && (usage.plan !== null || usage.limits.length > 0)) return { kind: "usage", usage };
  const message = "The usage endpoint answered with something that is no usage report.";
  return { kind: "failure", failure: classifyFailure({ status: 200, body: { message } }, request.nowMs) };
}

/** Asks for the credits that reset a window; null when nobody knows. */
export async function readResetCredits(fetch: Fetch, request: BackendRequest): Promise<ResetCredits | null> {
  const answer = await askBackend(fetch, "rate-limit-reset-credits", request);
  return answer.kind === "payload" ? parseResetCredits(answer.payload) : null;
}

/** What Codex learns before its first request: whether OpenAI says where the workspace of a login lives. */
export type WorkspaceAnswer =
  | { kind: "found" }
  | { kind: "missing" | "duplicate" | "deactivated" }
  | { kind: "failure"; failure: FailureClassification };

/** The entries of an answer to `accounts/check` that are about one workspace: Codex insists on exactly one. */
export function workspacesOf(payload: unknown, accountId: string): unknown[] {
  return readList(field(payload, "accounts")).filter((each) => field(each, "id") === accountId);
}

/**
 * Asks as Codex does for the workspace of a login, without which its terminal interface does not start and no turn
 * is sent. A login that names no workspace is served without that question.
 */
export async function findWorkspace(fetch: Fetch, request: BackendRequest): Promise<WorkspaceAnswer> {
  const { accountId } = request;
  if (accountId === null) return { kind: "found" };
  const answer = await askBackend(fetch, "accounts/check", request);
  if (answer.kind === "failure") return answer;
  const [mine, ...others] = workspacesOf(answer.payload, accountId);
  if (mine === undefined) return { kind: "missing" };
  if (others.length > 0) return { kind: "duplicate" };
  return readBoolean(field(mine, "is_deactivated")) === true ? { kind: "deactivated" } : { kind: "found" };
}
