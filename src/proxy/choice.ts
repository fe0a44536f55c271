import type { Decision } from "../accounts/decision.ts";
import { rankAccounts } from "../accounts/rank.ts";
import type { Ranking } from "../accounts/rank.ts";
import { mainLimitId } from "../accounts/limit.ts";
import type { Candidate } from "../accounts/ranked-account.ts";
import { whyUnusable } from "../auth/unusable.ts";
import type { Account } from "../store/account.ts";
import type { Conversations, Traffic } from "./conversations.ts";
import type { Ledger } from "./ledger.ts";
import type { ModelBook } from "./model-book.ts";
import type { Pin, Preference } from "./options.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Everything that a choice depends on beside the request. */
export interface ChoiceState {
  readonly pool: { readonly accounts: ReadonlyMap<string, Account> };
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly models: ModelBook;
  readonly preferences: ReadonlyMap<string, Preference>;
  readonly pin: Pin | null;
}

export interface Choice {
  readonly decision: Decision;
  readonly ranking: Ranking;
  /** The one account that may serve: the pin, or the owner of the answer that the request goes on from. */
  readonly only: { readonly accountId: string; readonly reason: "pin" | "continuation" } | null;
}

/** Who serves the request now. */
export function choose(
  state: ChoiceState,
  facts: RequestFacts,
  triedIds: ReadonlySet<string>,
  nowMs: number,
): Choice {
  const { conversations, models } = state;
  const only = onlyAccount(state, facts);
  const home = conversations.homeOf(facts);
  const traffic = conversations.traffic(nowMs);
  const limitId = models.limitOf(facts.model) ?? mainLimitId;
  const ranking = rankAccounts(
    {
      accounts: candidates(state, facts, { traffic, homeId: home?.accountId ?? null, only, nowMs }),
      // A conversation that runs already is not in its own way.
      runningTurns: Math.max(0, traffic.runningTurns - (home === null ? 0 : 1)),
      request: {
        // A home that failed this very request is not waited for: the next account answers at once.
        homeId: home !== null && !triedIds.has(home.accountId) ? home.accountId : null,
        idleMs: home === null ? 0 : nowMs - home.lastMs,
        // With one account there is nobody to be kept for, and an answer's owner must be asked.
        isTurnStart: only === null && conversations.isTurnStart(facts, nowMs),
        triedIds,
      },
    },
    nowMs,
    { limitId },
  );
  return { decision: notLongerThanTurns(ranking.decision, traffic), ranking, only };
}

/** What is kept for running turns is free when they have ended, which is mostly long before a window is reset. */
function notLongerThanTurns(decision: Decision, { quietAtMs }: Traffic): Decision {
  if (decision.kind !== "wait" || decision.reason !== "reserved") return decision;
  return { ...decision, untilMs: Math.min(decision.untilMs ?? Infinity, quietAtMs) };
}

function onlyAccount({ pin, conversations, pool }: ChoiceState, facts: RequestFacts): Choice["only"] {
  if (pin !== null) return { accountId: pin.accountId, reason: "pin" };
  const owner = conversations.ownerOf(facts);
  return owner !== null && pool.accounts.has(owner) ? { accountId: owner, reason: "continuation" } : null;
}

interface Moment {
  readonly traffic: Traffic;
  readonly homeId: string | null;
  readonly only: Choice["only"];
  readonly nowMs: number;
}

function candidates(state: ChoiceState, facts: RequestFacts, moment: Moment): Candidate[] {
  const list: Candidate[] = [];
  for (const account of state.pool.accounts.values()) {
    if (moment.only !== null && moment.only.accountId !== account.id) continue;
    list.push(candidate(state, facts, account, moment));
  }
  return list;
}

function candidate(
  { ledger, models, preferences }: ChoiceState,
  { model }: RequestFacts,
  account: Account,
  { traffic, homeId, nowMs }: Moment,
): Candidate {
  const { id, login } = account;
  const { weight = 1, keepPercent = 0 } = preferences.get(id) ?? {};
  const busy = (traffic.busy.get(id) ?? 0) - (homeId === id ? 1 : 0);
  const unusable = whyUnusable(account, nowMs) ?? models.whyExcluded(id, model, nowMs);
  const known = {
    id,
    plan: login.plan,
    limits: ledger.limitsOf(id),
    block: ledger.availabilityOf(id)?.block ?? null,
    weight,
    keepPercent,
    otherConversations: Math.max(0, busy),
  };
  return unusable === null ? known : Object.assign(known, { unusable });
}
