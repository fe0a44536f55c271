import { ofClient, type RequestFacts } from "../door/request-facts.ts";
import type { Busy } from "./turns.ts";

/** A map that forgets what was not used for longest when it is full. */
export class RecentMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  values(): Iterable<V> {
    return this.#entries.values();
  }
}

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

  knows(conversation: string): boolean {
    return this.#conversations.get(conversation) !== undefined;
  }

  /** Somebody else has served it; what this process has seen itself counts more. */
  recall(conversation: string, accountId: string, lastMs: number): void {
    if (!this.knows(conversation)) this.#conversations.set(conversation, { accountId, lastMs, turnId: null });
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

  ownResponse(facts: RequestFacts, responseId: string, accountId: string): void {
    this.#responseOwners.set(ofClient(facts, responseId), accountId);
  }

  /** The account that gave its client the answer which the request goes on from. */
  ownerOf(facts: RequestFacts): string | null {
    const { previousResponseId: id } = facts;
    return id === null ? null : (this.#responseOwners.get(ofClient(facts, id)) ?? null);
  }

  ownTurnState(facts: RequestFacts, value: string, accountId: string): void {
    this.#turnStateOwners.set(ofClient(facts, value), accountId);
  }

  /** Whether the turn's state may travel to the account: only to the one that gave it, for the client that got it. */
  mayCarryTurnState(facts: RequestFacts, accountId: string): boolean {
    const { turnState } = facts;
    return turnState !== null && this.#turnStateOwners.get(ofClient(facts, turnState)) === accountId;
  }
}
