import { classifyFailure, type FailureClassification } from "../errors/classify.ts";
import { field, readBoolean, readList } from "../text/json.ts";
import { askBackend, type BackendRequest } from "./ask.ts";
import type { Fetch } from "./backend.ts";
import {
  parseResetCredits,
  parseUsagePayload,
  type ResetCredits,
  type UsageReport,
} from "./usage-payload.ts";

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
