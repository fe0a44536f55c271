import { isObject } from "../codex/claims.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** What is known about a refresh of an account that has not ended well. */
export type RefreshMark =
  /** A process is about to spend the token, or was when it died. */
  | { kind: "intent"; fingerprint: string; startedAt: string; attempts: number; process: ProcessIdentity }
  /** The request was sent and no answer came: the token may be spent or not. */
  | { kind: "uncertain"; fingerprint: string; since: string; attempts: number };

/** Why an account was set aside: a person must log in again. */
export interface Flag {
  reason: FlagReason;
  /** ISO time. */
  since: string;
  /** What upstream said, without secrets. */
  evidence: string | null;
}

const flagReasons = [
  "used-elsewhere",
  "interrupted",
  "expired",
  "revoked",
  "rejected",
  "deactivated",
  // By another tool, from whose store the account came.
  "reported",
] as const;
export type FlagReason = (typeof flagReasons)[number];

export function isRefreshMark(value: unknown): value is RefreshMark {
  if (!isObject(value) || typeof value["fingerprint"] !== "string") return false;
  if (typeof value["attempts"] !== "number") return false;
  if (value["kind"] === "intent") return typeof value["startedAt"] === "string" && isObject(value["process"]);
  return value["kind"] === "uncertain" && typeof value["since"] === "string";
}

export function isFlag(value: unknown): value is Flag {
  if (!isObject(value) || typeof value["since"] !== "string") return false;
  const { evidence, reason } = value;
  return (evidence === null || typeof evidence === "string") && flagReasons.some((each) => each === reason);
}
