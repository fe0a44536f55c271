import { blockOf, whyUnusable } from "../../pool/state.ts";
import type { Account } from "../../pool/account.ts";
import { activeBlock } from "../../quota/block.ts";
import type { Candidate } from "../../quota/candidate.ts";
import { mainLimitId } from "../../quota/limit.ts";
import { type Decision, homeDecision, rankAccounts, type Ranking } from "../../quota/rank.ts";
import type { RequestFacts } from "../door/request-facts.ts";
import type { Pin } from "../options.ts";
import type { Busy, TurnKey, Turns } from "./turns.ts";
import type { Conversations } from "./conversations.ts";
import type { Ledger } from "./ledger.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Models, RememberedFailures } from "./models.ts";

/** Everything that a choice depends on beside the request. */
export interface ChoiceState {
  readonly pool: { readonly accounts: ReadonlyMap<string, Account> };
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly busy: Busy;
  readonly turns: Turns;
  readonly accessTokens: Pick<AccessTokens, "needed" | "isAlive">;
  readonly models: Models;
  readonly remembered: RememberedFailures;
  readonly pin: Pin | null;
  /** Proxies beside this one, each of one run, that began before it and chose before it. */
  readonly neighbours: () => number;
}

export interface Choice {
  readonly decision: Decision;
  readonly ranking: Ranking;
  /** The one account that may serve: the pin, or the owner of the answer that the request goes on from. */
  readonly only: { readonly accountId: string; readonly reason: "pin" | "continuation" } | null;
  /** For whom what is left is kept, when the decision is `reserved`. */
  readonly reserve: Reserve | null;
}

interface Reserve {
  readonly turns: number;
  /** When the first window is full again, epoch ms. */
  readonly refillsAtMs: number | null;
}

/** The request that an account is chosen for. */
export interface Wanted {
  readonly facts: RequestFacts;
  readonly key: TurnKey;
  readonly triedIds: ReadonlySet<string>;
  /** Ids of the accounts that may serve; null or absent: all. */
  readonly allowed?: ReadonlySet<string> | null;
}

/** Who serves the request now. */
export function choose(state: ChoiceState, wanted: Wanted, nowMs: number): Choice {
  const decision = stayHome(state, wanted, nowMs);
  if (decision === null) return chooseAmongAll(state, wanted, nowMs);
  // Only who asks what the others were worth pays for the ranking.
  return {
    decision,
    get ranking() {
      return chooseAmongAll(state, wanted, nowMs).ranking;
    },
    only: null,
    reserve: null,
  };
}

/** The account that serves the conversation goes on with it while it can; null when all have to be looked at. */
function stayHome(state: ChoiceState, wanted: Wanted, nowMs: number): Decision | null {
  const { conversations, models, pool, pin, accessTokens } = state;
  const { facts, allowed = null } = wanted;
  const home = conversations.homeOf(facts);
  const account = home === null ? undefined : pool.accounts.get(home.accountId);
  if (home === null || account === undefined) return null;
  if (pin !== null || accessTokens.needed.size > 0 || conversations.ownerOf(facts) !== null) return null;
  if (wanted.triedIds.has(account.id) || allowed?.has(account.id) === false) return null;
  const limitId = models.limitOf(facts.model) ?? mainLimitId;
  const request = {
    homeId: account.id,
    idleMs: nowMs - home.lastMs,
    isTurnStart: false,
    triedIds: wanted.triedIds,
  };
  const moment = { only: null, limitId, nowMs };
  return homeDecision(candidate(state, wanted, account, moment), request, nowMs, { limitId });
}

/**
 * An account that waits for another token is passed over, and while one does, so is every
 * account that would need one too.
 */
function chooseAmongAll(state: ChoiceState, wanted: Wanted, nowMs: number): Choice {
  const { conversations, models, turns } = state;
  const { facts, key } = wanted;
  const triedIds = withUnready(state, wanted.triedIds);
  const only = onlyAccount(state, facts);
  const home = conversations.homeOf(facts);
  const runningTurns = turns.others(key, nowMs);
  const limitId = models.limitOf(facts.model) ?? mainLimitId;
  const accounts = candidates(state, wanted, { only, limitId, nowMs });
  if (home === null && only === null) seatNeighbours(accounts, state.neighbours(), { limitId, nowMs });
  const ranking = rankAccounts(
    {
      accounts,
      runningTurns,
      need: turns.need,
      request: {
        // A home that failed this very request is not waited for: the next account answers at once.
        homeId: home !== null && !triedIds.has(home.accountId) ? home.accountId : null,
        idleMs: home === null ? 0 : nowMs - home.lastMs,
        // With one account there is nobody to be kept for, and an answer's owner must be asked.
        isTurnStart: only === null && conversations.isTurnStart(facts, turns.isRunning(key, nowMs)),
        triedIds,
      },
    },
    nowMs,
    { limitId },
  );
  const { decision } = ranking;
  if (decision.kind !== "wait" || decision.reason !== "reserved")
    return { decision, ranking, only, reserve: null };
  // It is free when the turns have ended, too, which is mostly long before a window is reset.
  const untilMs = Math.min(decision.untilMs ?? Infinity, turns.quietAtMs(nowMs));
  const reserve = { turns: runningTurns, refillsAtMs: decision.untilMs };
  return { decision: { ...decision, untilMs }, ranking, only, reserve };
}

function withUnready(
  { accessTokens, pool }: ChoiceState,
  triedIds: ReadonlySet<string>,
): ReadonlySet<string> {
  if (accessTokens.needed.size === 0) return triedIds;
  const dead = [...pool.accounts.values()].filter((account) => !accessTokens.isAlive(account));
  return new Set([...triedIds, ...accessTokens.needed.keys(), ...dead.map(({ id }) => id)]);
}

/**
 * Runs that begin together know nothing of each other but how many began before: each of those has taken the account
 * that is best without it, so this one counts them there. Else eight runs would all take the same of eight accounts.
 */
function seatNeighbours(
  accounts: Candidate[],
  count: number,
  { limitId, nowMs }: Omit<Moment, "only">,
): void {
  for (let seated = 0; seated < Math.min(count, mostNeighbours); seated += 1) {
    const { decision } = rankAccounts({ accounts, runningTurns: 0, need: 0 }, nowMs, { limitId });
    const at = decision.kind === "use" ? accounts.findIndex(({ id }) => id === decision.accountId) : -1;
    const taken = accounts[at];
    if (!taken) return;
    accounts[at] = { ...taken, otherConversations: (taken.otherConversations ?? 0) + 1 };
  }
}

const mostNeighbours = 64;

function onlyAccount({ pin, conversations, pool }: ChoiceState, facts: RequestFacts): Choice["only"] {
  if (pin !== null) return { accountId: pin.accountId, reason: "pin" };
  const owner = conversations.ownerOf(facts);
  return owner !== null && pool.accounts.has(owner) ? { accountId: owner, reason: "continuation" } : null;
}

interface Moment {
  readonly only: Choice["only"];
  readonly limitId: string;
  readonly nowMs: number;
}

function candidates(state: ChoiceState, wanted: Wanted, moment: Moment): Candidate[] {
  const { only } = moment;
  const list: Candidate[] = [];
  for (const account of state.pool.accounts.values()) {
    if (only !== null && only.accountId !== account.id) continue;
    if (wanted.allowed?.has(account.id) === false) continue;
    list.push(candidate(state, wanted, account, moment));
  }
  return list;
}

function candidate(
  { ledger, models, busy, remembered }: ChoiceState,
  { facts: { model }, key }: Wanted,
  account: Account,
  { limitId, nowMs }: Moment,
): Candidate {
  const { id } = account;
  const block = blockOf(account, ledger.availabilityOf(id)?.block ?? null, nowMs);
  const refusal = remembered.refusalOf(id, model, nowMs);
  const unusable = whyUnusable(account, nowMs) ?? refusal?.envelope.error.code ?? null;
  const known = {
    id,
    plan: ledger.planOf(account),
    limits: ledger.limitsOf(id),
    block: activeBlock(block, nowMs, limitId) ?? models.holdOf(id, model),
    otherConversations: busy.others(id, key, nowMs),
  };
  return unusable === null ? known : Object.assign(known, { unusable });
}
