import { classifyFailure, type FailureClassification } from "../errors/classify.ts";
import { answerText } from "../errors/upstream-body.ts";
import { parseJson } from "../text/json.ts";
import { backendUrl, codeInWords, type Fetch, isConnectFailure, networkCode } from "./backend.ts";

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

export type BackendAnswer =
  | { kind: "payload"; payload: unknown }
  | { kind: "failure"; failure: FailureClassification };

const defaultTimeoutMs = 20_000;

/** Puts one question about an account to its backend. Never throws: whatever goes wrong is classified. */
export async function askBackend(
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
