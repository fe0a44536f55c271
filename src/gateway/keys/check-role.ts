import type { KeyPolicy } from "../../budget/policy.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";

interface RoleAndPolicy {
  readonly role: "client" | "admin";
  readonly policy: KeyPolicy;
}

/** Throws `limit_invalid` for what would mean nothing. */
export function checkRole({ role, policy }: RoleAndPolicy): void {
  const { limits, models, accounts, parallel } = policy;
  if (role === "client" || (limits.length === 0 && !models && !accounts && !parallel)) return;
  throw new CodexAuthError("limit_invalid", "An admin key asks no models, so nothing limits it.", {
    hint: "Make it without limits, models, accounts and parallel requests; or make a client key.",
  });
}
