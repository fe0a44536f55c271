import { classifyFailure } from "../errors/classify.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { askBackend } from "./ask-backend.ts";
import type { BackendRequest } from "./ask-backend.ts";
import type { Fetch } from "./network-failure.ts";
import { parseResetCredits } from "./reset-credits.ts";
import type { ResetCredits } from "./reset-credits.ts";
import { parseUsagePayload } from "./usage-payload.ts";
import type { UsageReport } from "./usage-payload.ts";

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
