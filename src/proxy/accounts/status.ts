import { accountState, type StateKind, whyUnusable } from "../../pool/state.ts";
import type { Account } from "../../pool/account.ts";
import { type Block, blockWords } from "../../quota/block.ts";
import type { AccountState, AccountStatus } from "../options.ts";
import type { RotationParts } from "../parts.ts";

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
    plan: ledger.planOf(account),
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
  const { kind, untilMs, block } = accountState(
    account,
    ledger.availabilityOf(account.id)?.block ?? null,
    nowMs,
  );
  if (kind === "ready") return readyState(models.longestHold(account.id, nowMs));
  const reason = block === null ? whyUnusable(account, nowMs) : restText(block);
  return {
    state: kind === "expired" && account.login.kind !== "chatgpt" ? "unusable" : proxyStates[kind],
    reason,
    returnsAtMs: untilMs,
  };
}

const proxyStates: Readonly<Record<StateKind, AccountState>> = {
  ready: "ready",
  "no-plan": "unusable",
  limited: "limited",
  resting: "cooling",
  unclear: "cooling",
  "backing-off": "cooling",
  paused: "paused",
  flagged: "login-needed",
  expired: "login-needed",
};

function restText({ kind }: Block): string {
  return kind === "transient" ? "upstream trouble, or asked to slow down" : blockWords[kind];
}

/** It serves, but not every model. */
function readyState(hold: { model: string | null; untilMs: number } | null): State {
  if (hold === null) return { state: "ready", reason: null, returnsAtMs: null };
  const reason = `asked to slow down${hold.model === null ? "" : ` for ${hold.model}`}`;
  return { state: "ready", reason, returnsAtMs: hold.untilMs };
}
