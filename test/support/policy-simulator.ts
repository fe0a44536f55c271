// A small world with hidden quotas, to see what a policy's choices are worth. Longer than most files because a
// world is one subject: people who ask, accounts that run out, and what a client does when it must wait.
import {
  type PoolAvailability,
  recordFailure,
  recordReport,
  recordSuccess,
} from "../../src/quota/availability.ts";
import { type Candidate, planSize } from "../../src/quota/candidate.ts";
import { seededRandom } from "../../src/quota/forecast/futures.ts";
import { hourMs, type Limit, minuteMs, weekMs } from "../../src/quota/limit.ts";
import {
  type Decision,
  noTurnCosts,
  type RankState,
  turnNeed,
  withEndedTurn,
  withReport,
} from "../../src/quota/rank.ts";

export interface World {
  readonly seed: number;
  readonly days: number;
  readonly plans: readonly string[];
  /** Parallel terminals of one person, nine to eighteen on working days. */
  readonly lanes: number;
  /** Demand over the capacity of all weeks. */
  readonly load: number;
}

export interface Outcome {
  /** Served work over demanded work. */
  served: number;
  /** Turns that were interrupted, per thousand requests. */
  interrupted: number;
  /** Requests that waited, reservations apart, while an account could serve, per thousand. */
  avoidable: number;
  /** Conversations that changed account within ten minutes, per thousand requests. */
  moved: number;
}

export type Policy = (state: RankState, nowMs: number) => Decision;

interface Request {
  readonly conversation: Conversation;
  readonly cost: number;
  readonly isTurnStart: boolean;
  readonly gapMs: number;
}

interface Conversation {
  readonly startMs: number;
  readonly requests: readonly Request[];
  next: number;
  homeId: string | null;
  lastMs: number;
  patienceMs: number;
}

interface Hidden {
  readonly id: string;
  readonly plan: string;
  readonly capacity: { readonly short: number; readonly week: number };
  short: { endMs: number; used: number };
  week: { endMs: number; used: number };
  limits: readonly Limit[];
}

const patienceMs = 45 * minuteMs;

export function simulate(world: World, policy: Policy): Outcome {
  const conversations = makeConversations(world);
  const demand = sum(conversations.flatMap(({ requests }) => requests.map(({ cost }) => cost)));
  const accounts = makeAccounts(world, demand);
  const queue = conversations.map((conversation) => ({ atMs: conversation.startMs, conversation }));
  let pool: PoolAvailability = new Map();
  let costs = noTurnCosts;
  const count = { requests: 0, served: 0, interrupted: 0, avoidable: 0, moved: 0 };

  for (;;) {
    queue.sort((a, b) => b.atMs - a.atMs);
    const event = queue.pop();
    if (event === undefined || event.atMs > world.days * 24 * hourMs) break;
    const { atMs, conversation } = event;
    const request = conversation.requests[conversation.next];
    if (request === undefined) continue;
    count.requests++;
    const waitUntilMs = serve(request, atMs);
    const next = waitUntilMs === null ? advance(request, atMs) : giveTime(request, atMs, waitUntilMs);
    if (next !== null) queue.push({ atMs: next, conversation });
  }
  const perThousand = (value: number) => (1000 * value) / count.requests;
  return {
    served: count.served / demand,
    interrupted: perThousand(count.interrupted),
    avoidable: perThousand(count.avoidable),
    moved: perThousand(count.moved),
  };

  /** Null when served, else when to come again. */
  function serve(request: Request, atMs: number): number | null {
    const triedIds = new Set<string>();
    const { conversation } = request;
    for (;;) {
      const decision = policy(stateFor(request, triedIds, atMs), atMs);
      if (decision.kind !== "use") {
        if (!request.isTurnStart) count.interrupted++;
        const isForced =
          decision.reason !== "reserved" && accounts.some((account) => canServe(account, atMs));
        if (isForced) count.avoidable++;
        return decision.untilMs ?? atMs + minuteMs;
      }
      const account = accounts.find(({ id }) => id === decision.accountId);
      if (account === undefined)
        throw new Error(`The policy chose ${decision.accountId}, which is not there.`);
      const moment = { accountId: account.id, nowMs: atMs, poolSize: accounts.length };
      if (canServe(account, atMs)) {
        const before = account.limits;
        use(account, request.cost, atMs);
        costs = withReport(costs, account.plan, before, account.limits);
        if (isTurnEnd(conversation.next, conversation)) costs = withEndedTurn(costs);
        pool = recordReport(recordSuccess(pool, account.id), account.id, account.limits, atMs);
        if (conversation.homeId !== account.id && atMs - conversation.lastMs < 10 * minuteMs) count.moved++;
        conversation.homeId = account.id;
        count.served += request.cost;
        return null;
      }
      account.limits = report(account, atMs);
      pool = recordFailure(pool, { kind: "usage-limit", resetsAtMs: resetMs(account) }, moment);
      triedIds.add(account.id);
    }
  }

  function stateFor(request: Request, triedIds: ReadonlySet<string>, atMs: number): RankState {
    const { conversation } = request;
    const others = conversations.filter(
      (each) => each !== conversation && atMs - each.lastMs < 10 * minuteMs,
    );
    return {
      accounts: accounts.map((account): Candidate => {
        const otherConversations = others.filter(({ homeId }) => homeId === account.id).length;
        const block = pool.get(account.id)?.block ?? null;
        return { id: account.id, plan: account.plan, limits: account.limits, block, otherConversations };
      }),
      runningTurns: others.filter((each) => isRunning(each, atMs)).length,
      need: turnNeed(costs),
      request: {
        homeId: conversation.homeId,
        idleMs: atMs - conversation.lastMs,
        isTurnStart: request.isTurnStart,
        triedIds,
      },
    };
  }
}

/** Its tool works: requests themselves take no time here. */
function isRunning(conversation: Conversation, atMs: number): boolean {
  const { next, lastMs } = conversation;
  return next > 0 && !isTurnEnd(next - 1, conversation) && atMs - lastMs < 2 * minuteMs;
}

function isTurnEnd(index: number, { requests }: Conversation): boolean {
  return requests[index + 1]?.isTurnStart !== false;
}

function advance({ conversation, gapMs }: Request, atMs: number): number {
  conversation.next++;
  conversation.lastMs = atMs;
  conversation.patienceMs = patienceMs;
  return atMs + gapMs;
}

/** A client waits as long as a person's patience lasts, then the conversation is given up. */
function giveTime({ conversation }: Request, atMs: number, untilMs: number): number | null {
  const waitMs = Math.max(5000, untilMs - atMs);
  if (waitMs > conversation.patienceMs) return null;
  conversation.patienceMs -= waitMs;
  return atMs + waitMs;
}

function canServe(account: Hidden, atMs: number): boolean {
  const isShortFree = account.short.endMs <= atMs || account.short.used < account.capacity.short;
  return isShortFree && (account.week.endMs <= atMs || account.week.used < account.capacity.week);
}

function use(account: Hidden, cost: number, atMs: number): void {
  if (account.short.endMs <= atMs) account.short = { endMs: atMs + 5 * hourMs, used: 0 };
  if (account.week.endMs <= atMs) account.week = { endMs: atMs + weekMs, used: 0 };
  // As upstream does: what is reported was used before this request.
  account.limits = report(account, atMs);
  account.short.used += cost;
  account.week.used += cost;
}

function report({ short, week, capacity }: Hidden, atMs: number): Limit[] {
  const limit = (window: string, minutes: number, { endMs, used }: Hidden["short"], size: number): Limit => ({
    limitId: "codex",
    window,
    usedPercent: endMs <= atMs ? 0 : Math.min(100, Math.floor((100 * used) / size)),
    windowMinutes: minutes,
    resetsAtMs: endMs <= atMs ? atMs + minutes * minuteMs : endMs,
    observedAtMs: atMs,
    source: "headers",
  });
  return [limit("primary", 300, short, capacity.short), limit("secondary", 10_080, week, capacity.week)];
}

function resetMs({ short, week, capacity }: Hidden): number {
  return Math.max(
    short.used >= capacity.short ? short.endMs : 0,
    week.used >= capacity.week ? week.endMs : 0,
  );
}

function makeAccounts({ plans, seed, days, load }: World, demand: number): Hidden[] {
  const random = seededRandom(seed + 1);
  const perSize = demand / load / sum(plans.map((plan) => planSize(plan))) / (days / 7);
  return plans.map((plan, index) => {
    const week = perSize * planSize(plan) * (0.85 + 0.3 * random());
    const ageMs = random() * weekMs;
    const used = week * (ageMs / weekMs) * (0.3 + 0.7 * random());
    const account: Hidden = {
      id: `account-${index}`,
      plan,
      capacity: { short: week / 6, week },
      short: { endMs: 0, used: 0 },
      week: { endMs: weekMs - ageMs, used },
      limits: [],
    };
    account.limits = report(account, 0);
    return account;
  });
}

/** Conversations of turns of requests; a request costs what its answer and the new part of its prompt do. */
function makeConversations({ seed, days, lanes }: World): Conversation[] {
  const random = seededRandom(seed);
  const skewed = (mean: number) => -mean * Math.log(1 - random());
  const found: Conversation[] = [];
  for (let day = 0; day < days; day++) {
    if (day % 7 >= 5) continue;
    for (let lane = 0; lane < lanes; lane++) {
      let atMs = (day * 24 + 9) * hourMs + skewed(20 * minuteMs);
      while (atMs < (day * 24 + 18) * hourMs) {
        const requests: Request[] = [];
        const conversation = newConversation(atMs, requests);
        for (let turn = 1 + Math.floor(skewed(4)); turn > 0; turn--) {
          for (let left = 1 + Math.floor(skewed(6)); left > 0; left--) {
            const gapMs = left === 1 ? skewed(3 * minuteMs) : 5000 + skewed(15_000);
            const isTurnStart = requests.length === 0 || (requests.at(-1)?.gapMs ?? 0) > minuteMs;
            requests.push({ conversation, cost: 2000 + skewed(4000), isTurnStart, gapMs });
            atMs += gapMs;
          }
        }
        found.push(conversation);
        atMs += skewed(30 * minuteMs);
      }
    }
  }
  return found;
}

function newConversation(startMs: number, requests: readonly Request[]): Conversation {
  return { startMs, requests, next: 0, homeId: null, lastMs: -Infinity, patienceMs };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
