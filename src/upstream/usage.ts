import { parseJson } from "../accounts/unknown-value.ts";
import { classifyFailure } from "../errors/classify.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { backendUrl } from "./backend.ts";
import { isConnectFailure, networkCode } from "./network-failure.ts";
import type { Fetch } from "./network-failure.ts";
import { parseResetCredits } from "./reset-credits.ts";
import type { ResetCredits } from "./reset-credits.ts";
import { parseUsagePayload } from "./usage-payload.ts";
import type { UsageReport } from "./usage-payload.ts";

export interface UsageRequest {
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

export type UsageAnswer =
  | { kind: "usage"; usage: UsageReport }
  | { kind: "failure"; failure: FailureClassification };

type Payload = { kind: "payload"; payload: unknown } | { kind: "failure"; failure: FailureClassification };

const defaultTimeoutMs = 20_000;
const longestBody = 1_000_000;

/** Asks how much of an account's windows is used. Never throws: whatever goes wrong is classified. */
export async function readUsage(fetch: Fetch, request: UsageRequest): Promise<UsageAnswer> {
  const answer = await ask(fetch, "usage", request);
  if (answer.kind === "failure") return answer;
  const usage = parseUsagePayload(answer.payload, request.nowMs);
  // A page of a proxy may be JSON too: a report says at least a plan or a window.
  if (usage && (usage.plan !== null || usage.limits.length > 0)) return { kind: "usage", usage };
  const message = "The usage endpoint answered with something that is no usage report.";
  return { kind: "failure", failure: classifyFailure({ status: 200, body: { message } }, request.nowMs) };
}

/** Asks for the credits that reset a window; null when nobody knows. */
export async function readResetCredits(fetch: Fetch, request: UsageRequest): Promise<ResetCredits | null> {
  const answer = await ask(fetch, "rate-limit-reset-credits", request);
  return answer.kind === "payload" ? parseResetCredits(answer.payload) : null;
}

async function ask(
  fetch: Fetch,
  name: Parameters<typeof backendUrl>[1],
  request: UsageRequest,
): Promise<Payload> {
  const { nowMs, isAfterRefresh } = request;
  const url = backendUrl(request.baseUrl, name);
  let stage: "streamConnect" | "stream" = "streamConnect";
  try {
    const response = await fetch(url, requestInit(request));
    stage = "stream";
    const text = withoutToken(await readText(response), request.accessToken);
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

function requestInit({ accessToken, accountId, timeoutMs = defaultTimeoutMs }: UsageRequest): RequestInit {
  const headers = {
    authorization: `Bearer ${accessToken}`,
    originator: "codex_cli_rs",
    "user-agent": "codex_cli_rs",
    ...(accountId === null ? {} : { "chatgpt-account-id": accountId }),
  };
  // A redirect would carry the token to another place.
  return { headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) };
}

/** The start of a body is enough: a report is short, and an endless one must not fill the memory. */
async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestBody) break;
  }
  return text;
}

/** An answer that repeats our own token, as pages of errors do, must not bring it into a message. */
function withoutToken(text: string, token: string): string {
  if (token === "") return text;
  const bytes = Buffer.from(token);
  const forms = [token, encodeURIComponent(token), bytes.toString("base64"), bytes.toString("base64url")];
  return forms.reduce((rest, form) => rest.replaceAll(form, "[redacted]"), text);
}

/** In words of our own: what fetch throws may quote the headers. */
function networkMessage(error: unknown, url: string, { timeoutMs = defaultTimeoutMs }: UsageRequest): string {
  const { host } = new URL(url);
  const code = networkCode(error);
  if (isConnectFailure(error)) return `${host} cannot be reached: ${code}.`;
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
