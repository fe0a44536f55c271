import type { Busy } from "./busy.ts";
import { RecentMap } from "./recent-map.ts";
import type { RequestFacts } from "./request-facts.ts";

interface Conversation {
  accountId: string;
  lastMs: number;
  turnId: string | null;
}

const mostConversations = 10_000;
const mostMarks = 20_000;

/** Which account served what last, so that a conversation finds its prompt cache and a turn its state. */
export class Conversations {
  readonly #conversations = new RecentMap<string, Conversation>(mostConversations);
  readonly #responseOwners = new RecentMap<string, string>(mostMarks);
  readonly #turnStateOwners = new RecentMap<string, string>(mostConversations);
  readonly #busy: Busy;

  constructor(busy: Busy) {
    this.#busy = busy;
  }

  homeOf({ conversation }: RequestFacts): { accountId: string; lastMs: number } | null {
    return conversation === null ? null : (this.#conversations.get(conversation) ?? null);
  }

  /** A new turn may wait; a request inside a turn may not. `isRunning`: a turn of the conversation runs. */
  isTurnStart(facts: RequestFacts, isRunning: boolean): boolean {
    if (facts.turnState !== null || facts.previousResponseId !== null) return false;
    const known = facts.conversation === null ? undefined : this.#conversations.get(facts.conversation);
    if (known === undefined) return true;
    return facts.turnId === null ? !isRunning : facts.turnId !== known.turnId;
  }

  /** A request of the conversation was given to the account. */
  note({ conversation, turnId }: RequestFacts, accountId: string, nowMs: number): void {
    if (conversation === null) return;
    const before = this.#conversations.get(conversation)?.accountId ?? accountId;
    this.#conversations.set(conversation, { accountId, lastMs: nowMs, turnId });
    if (before !== accountId) this.#busy.leave(before, conversation);
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
