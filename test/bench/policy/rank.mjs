// The built ranking in the shape of the account-selection simulator: seconds, indexes, windows as reported.
//   npx tsc -p .ci/tsconfig.lib.json && node <simulator>/check.mjs --rank mine=<absolute path of this file>
import { rankAccounts as rank } from "../../../dist/lib/index.js";

const ids = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, "0"));
const noneTried = new Set();

export function rankAccounts(state, now, options = {}) {
  const nowMs = now * 1000;
  const { request } = state;
  const tried = request.tried ? new Set([...request.tried].map((index) => ids[index])) : noneTried;
  const { decision } = rank(
    {
      accounts: state.accounts.map((account) => toCandidate(account, nowMs)),
      runningTurns: state.running,
      need: state.need,
      request: {
        homeId: request.home === null ? null : ids[request.home],
        idleMs: request.idleS * 1000,
        isTurnStart: request.turnStart,
        triedIds: tried,
      },
    },
    nowMs,
    options,
  );
  if (decision.kind === "use") return { decision: { use: Number(decision.accountId), why: decision.reason } };
  const untilS = decision.untilMs === null ? null : decision.untilMs / 1000;
  if (decision.kind === "hold") return { decision: { holdUntil: untilS, why: decision.reason } };
  return { decision: { waitUntil: untilS, why: decision.reason } };
}

function toCandidate(account, nowMs) {
  const limits = [];
  if (account.primary) limits.push(toLimit(account.primary, "primary", nowMs));
  if (account.secondary) limits.push(toLimit(account.secondary, "secondary", nowMs));
  const untilMs = account.cooldownUntil * 1000;
  return {
    id: ids[account.id],
    plan: account.plan,
    limits,
    block: untilMs > nowMs ? { kind: account.cooldownKind, sinceMs: 0, untilMs } : null,
    otherConversations: account.hot,
  };
}

function toLimit(window, slot, nowMs) {
  return {
    limitId: "codex",
    window: slot,
    usedPercent: window.usedPercent,
    windowMinutes: window.windowMinutes,
    resetsAtMs: window.resetsAt * 1000,
    observedAtMs: nowMs,
    source: "headers",
  };
}
