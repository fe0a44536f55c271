import {
  amountsOf,
  type Cost,
  costOf,
  cutAmounts,
  estimateOf,
  noTokens,
  type TokenCounts,
} from "../../budget/prices.ts";
import {
  type Amounts,
  emptyUsage,
  type Refusal,
  type Settlement,
  type UsageState,
} from "../../budget/usage-state.ts";
import { endingBy } from "../../proxy/accounts/turns.ts";
import type { Relayed } from "../../proxy/answers/relay.ts";
import type { Served } from "../../proxy/serve-request.ts";
import { field, numberField, textField } from "../../text/json.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import type { UsageBooks } from "./usage-books.ts";

/** A request that was admitted: it ends in exactly one settlement, whatever happens to it. */
export interface Ticket {
  readonly id: string;
  readonly key: ClientKey;
  readonly model: string;
  readonly estimate: Amounts;
  readonly tier: string | undefined;
  /** What the key has used, this request included; for the headers of the answer. */
  readonly state: UsageState;
}

export type TicketReading =
  | { readonly kind: "admitted"; readonly ticket: Ticket }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export interface TicketWish {
  readonly id: string;
  readonly key: ClientKey;
  readonly model: string;
  readonly asked: string;
  readonly bytes: number;
  readonly tier: string | undefined;
  readonly isWarmUp: boolean;
  readonly replica: string;
}

/** Books a request on its key. A key without limits needs no ticket, and no write. */
export async function openTicket(books: UsageBooks, wish: TicketWish): Promise<TicketReading> {
  const { id, key, model, asked, bytes, tier, isWarmUp, replica } = wish;
  const estimate = estimateOf(model, bytes, tier, isWarmUp ? 0 : undefined);
  const ticket = { id, key, model, estimate, tier, state: emptyUsage };
  if (!isCounted(key)) return { kind: "admitted", ticket };
  const result = await books.admit(key.id, key.policy, { ticketId: id, replica, model, asked, estimate });
  if (result.kind === "refused") return result;
  return { kind: "admitted", ticket: { ...ticket, state: result.state } };
}

export function isCounted({ policy }: ClientKey): boolean {
  return policy.limits.length > 0 || policy.parallel !== undefined;
}

/** What a request took, for its key and for the log. */
export interface Taken {
  readonly settlement: Settlement;
  readonly tokens: TokenCounts;
  readonly cost: Cost;
}

/** From how the request went. What ended without saying what it took is charged: else leaving early would be free. */
export function takenBy(ticket: Ticket, served: Served | null): Taken {
  const { model, estimate, tier } = ticket;
  const relayed = served?.relayed ?? null;
  const response = field(relayed?.finalEvent, "response");
  const tokens = tokensOf(field(response, "usage"));
  if (tokens !== null) {
    const [name, usedTier] = [
      textField(response, "model") ?? model,
      textField(response, "service_tier") ?? tier,
    ];
    return charged(amountsOf(name, tokens, usedTier), tokens, costOf(name, tokens, usedTier));
  }
  if (served === null || served.attempts === 0) return released();
  if (served.accountId === null) return released();
  if (relayed === null || hasFailed(relayed)) {
    // A refusal or a failure: it counts as a request and takes no tokens.
    const amounts = { requests: 1, input: 0, output: 0, tokens: 0, cost: 0 };
    const wasCut = relayed === null && served.hasLeft;
    return wasCut ? cut(ticket, estimate, 0) : charged(amounts, noTokens, { micros: 0, price: "table" });
  }
  return cut(ticket, estimate, relayed.sentBytes);
}

function hasFailed({ kind, finalEvent }: Relayed): boolean {
  return kind === "whole" && finalEvent !== null && endingBy(field(finalEvent, "type"), false) === "failed";
}

function cut({ model, tier }: Ticket, estimate: Amounts, sentBytes: number): Taken {
  const amounts = cutAmounts(model, estimate, sentBytes, tier);
  const tokens = { ...noTokens, input: amounts.input, output: amounts.output };
  return charged(amounts, tokens, { micros: amounts.cost, price: costOf(model, noTokens).price });
}

function charged(amounts: Amounts, tokens: TokenCounts, cost: Cost): Taken {
  return { settlement: { kind: "charged", amounts }, tokens, cost };
}

function released(): Taken {
  return { settlement: { kind: "released" }, tokens: noTokens, cost: { micros: 0, price: "table" } };
}

/**
 * Null when it names no tokens. Newer models tell apart what was written into the cache; reasoning is inside the output.
 */
function tokensOf(usage: unknown): TokenCounts | null {
  const [input, output] = [countIn(usage, "input_tokens"), countIn(usage, "output_tokens")];
  if (input === null && output === null) return null;
  const details = field(usage, "input_tokens_details");
  return {
    input: input ?? 0,
    cached: countIn(details, "cached_tokens") ?? 0,
    cacheWrite: countIn(details, "cache_write_tokens") ?? 0,
    output: output ?? 0,
    reasoning: countIn(field(usage, "output_tokens_details"), "reasoning_tokens") ?? 0,
  };
}

const mostTokens = 1_000_000_000;

/** Null for what no count can be: the database would take no line of the log with it. */
function countIn(value: unknown, name: string): number | null {
  const count = numberField(value, name) ?? -1;
  return Number.isInteger(count) && count >= 0 && count <= mostTokens ? count : null;
}
