import { field, readBoolean, readList } from "../accounts/unknown-value.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { askBackend } from "./ask-backend.ts";
import type { BackendRequest } from "./ask-backend.ts";
import type { Fetch } from "./network-failure.ts";

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
