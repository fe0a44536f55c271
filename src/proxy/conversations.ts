import { minuteMs } from "../accounts/limit.ts";
import { RecentMap } from "./recent-map.ts";
import type { RequestFacts } from "./request-facts.ts";

interface Conversation {
  accountId: string;
  lastMs: number;
  turnId: string | null;
}

/** Who is busy now. */
export interface Traffic {
  readonly runningTurns: number;
  /** Epoch ms when the last of them counts as ended, unless it goes on. */
  readonly quietAtMs: number;
  /** Conversations by account. */
  readonly busy: ReadonlyMap<string, number>;
}

const runningMs = 2 * minuteMs;
const hotMs = 10 * minuteMs;
/** Counting a thousand conversations for every request would cost more than the request. */
const countEveryMs = 250;
const mostConversations = 10_000;
const mostMarks = 20_000;

/** Which account served what last, so that a conversation finds its prompt cache and a turn its state. */
export class Conversations {
  readonly #conversations = new RecentMap<string, Conversation>(mostConversations);
  readonly #responseOwners = new RecentMap<string, string>(mostMarks);
  readonly #turnStateOwners = new RecentMap<string, string>(mostConversations);
  #traffic: Traffic = { runningTurns: 0, quietAtMs: 0, busy: new Map() };
  #countedAtMs = -Infinity;

  homeOf({ conversation }: RequestFacts): { accountId: string; lastMs: number } | null {
    return conversation === null ? null : (this.#conversations.get(conversation) ?? null);
  }

  /** A new turn may wait; a request inside a turn may not. */
  isTurnStart(facts: RequestFacts, nowMs: number): boolean {
    if (facts.turnState !== null || facts.previousResponseId !== null) return false;
    const known = facts.conversation === null ? undefined : this.#conversations.get(facts.conversation);
    if (known === undefined) return true;
    if (facts.turnId !== null) return facts.turnId !== known.turnId;
    return nowMs - known.lastMs > runningMs;
  }

  /** A request of the conversation was given to the account. */
  note({ conversation, turnId }: RequestFacts, accountId: string, nowMs: number): void {
    if (conversation === null) return;
    const isNew = this.#conversations.get(conversation)?.accountId !== accountId;
    this.#conversations.set(conversation, { accountId, lastMs: nowMs, turnId });
    if (isNew) this.#countedAtMs = -Infinity;
  }

  traffic(nowMs: number): Traffic {
    if (nowMs - this.#countedAtMs < countEveryMs && nowMs >= this.#countedAtMs) return this.#traffic;
    const busy = new Map<string, number>();
    let runningTurns = 0;
    let quietAtMs = 0;
    for (const { accountId, lastMs } of this.#conversations.values()) {
      if (nowMs - lastMs <= runningMs) runningTurns += 1;
      quietAtMs = Math.max(quietAtMs, lastMs + runningMs);
      if (nowMs - lastMs <= hotMs) busy.set(accountId, (busy.get(accountId) ?? 0) + 1);
    }
    this.#countedAtMs = nowMs;
    this.#traffic = { runningTurns, quietAtMs, busy };
    return this.#traffic;
  }

  ownResponse(responseId: string, accountId: string): void {
    this.#responseOwners.set(responseId, accountId);
  }

  /** The account that gave the answer which the request goes on from. */
  ownerOf({ previousResponseId }: RequestFacts): string | null {
    return previousResponseId === null ? null : (this.#responseOwners.get(previousResponseId) ?? null);
  }

  ownTurnState(value: string, accountId: string): void {
    this.#turnStateOwners.set(value, accountId);
  }

  /** Whether the turn's state may travel to the account: only to the one that gave it. */
  mayCarryTurnState({ turnState }: RequestFacts, accountId: string): boolean {
    return turnState !== null && this.#turnStateOwners.get(turnState) === accountId;
  }
}
