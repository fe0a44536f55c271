import type { Account } from "../store/account.ts";
import { activeBlock, blockWords, laterBlock } from "../accounts/block.ts";
import { mainLimitId } from "../accounts/limit.ts";
import { renewalBlock } from "../auth/renewal-trouble.ts";
import { whyUnusable } from "../auth/unusable.ts";
import type { AccountState, AccountStatus } from "./options.ts";
import type { RotationParts } from "./parts.ts";

/** One account as `rotation status` shows it. */
export function accountStatus(
  account: Account,
  { ledger, counters, models }: Pick<RotationParts, "ledger" | "counters" | "models">,
  nowMs: number,
): AccountStatus {
  const { id, label, login } = account;
  const { served, failedOver, inFlight, lastError, tokens } = counters.of(id);
  const counted = { served, failedOver, inFlight, lastError, tokens };
  return {
    id,
    label,
    email: login.email,
    plan: login.plan,
    ...stateOf(account, { ledger, models }, nowMs),
    ...counted,
  };
}

interface State {
  readonly state: AccountState;
  readonly reason: string | null;
  readonly returnsAtMs: number | null;
}

function stateOf(
  account: Account,
  { ledger, models }: Pick<RotationParts, "ledger" | "models">,
  nowMs: number,
): State {
  const unusable = whyUnusable(account, nowMs);
  if (unusable !== null) return { state: unusableState(account), reason: unusable, returnsAtMs: null };
  const known = laterBlock(ledger.availabilityOf(account.id)?.block ?? null, renewalBlock(account, nowMs));
  const block = activeBlock(known, nowMs, mainLimitId);
  if (block === null) return readyState(models.longestHold(account.id, nowMs));
  const returnsAtMs = block.untilMs;
  if (block.kind === "exhausted") return { state: "limited", reason: "limit reached", returnsAtMs };
  const reason =
    block.kind === "transient" ? "upstream trouble, or asked to slow down" : blockWords[block.kind];
  return { state: "cooling", reason, returnsAtMs };
}

/** It serves, but not every model. */
function readyState(hold: { model: string | null; untilMs: number } | null): State {
  if (hold === null) return { state: "ready", reason: null, returnsAtMs: null };
  const reason = `asked to slow down${hold.model === null ? "" : ` for ${hold.model}`}`;
  return { state: "ready", reason, returnsAtMs: hold.untilMs };
}

function unusableState({ pausedAt, flag, login }: Account): AccountState {
  if (pausedAt !== null) return "paused";
  return flag !== null || login.kind === "chatgpt" ? "login-needed" : "unusable";
}
