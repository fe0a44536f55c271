import { noTokens } from "../budget/prices.ts";
import type { Settlement } from "../budget/usage-state.ts";
import type { Served } from "../proxy/serve-request.ts";
import { type GatewayAnswer, refuse } from "./door/refusal.ts";
import type { ClientKey } from "./keys/client-keys.ts";
import { limitHeaders, standings } from "./limits/limit-headers.ts";
import { isCounted, openTicket, takenBy, type Ticket } from "./limits/ticket.ts";
import type { GatewayParts } from "./parts.ts";

/** What somebody wants to ask of a model. */
export interface Asking {
  readonly key: ClientKey;
  readonly isCodex: boolean;
  /** For the log. */
  readonly route: string;
  /** As upstream is told it, and as the client wrote it. */
  readonly model: string;
  readonly asked: string;
  /** Of the request, unpacked. */
  readonly bytes: number;
  readonly tier: string | undefined;
  /** Codex makes a connection ready with a request that generates nothing: its tokens count, but it is no request. */
  readonly isWarmUp?: boolean;
}

/** How a request ended, for the log. */
interface Outcome {
  readonly status: number;
  readonly code: string | null;
}

/** A request that was let through: whoever holds it ends it, once. */
export interface Booking {
  readonly ticket: Ticket;
  /** The client sees the first byte of its answer. */
  readonly noteFirst: () => void;
  /** Settles and logs; resolves when that is on the disk, or kept to be said again. A second call does nothing. */
  readonly end: (served: Served | null, outcome: Outcome) => Promise<void>;
}

/** Admits a request on its key, or says what refuses it. */
export async function book(parts: GatewayParts, asking: Asking): Promise<Booking | GatewayAnswer> {
  const { key, isCodex, model, asked, bytes, tier, isWarmUp = false } = asking;
  const id = parts.replica.name("tk_");
  const startedMs = parts.now();
  const wish = { id, key, model, asked, bytes, tier, isWarmUp, replica: parts.replica.id };
  const away = () => refuse({ kind: "database-away" }, { isCodex, nowMs: parts.now() });
  if (isCounted(key) && parts.database.isAway()) return away();
  const opened = await openTicket(parts.books, wish).catch(() => null);
  if (opened === null) {
    // Nobody knows whether it was written, so it is taken back when the database can be reached again.
    parts.journal.keep({ keyId: key.id, ticketId: id, settlement: { kind: "released" } });
    return away();
  }
  if (opened.kind === "refused") {
    const answer = refuse({ kind: "over-limit", refusal: opened.refusal }, { isCodex, nowMs: parts.now() });
    return denied(parts, asking, await withLimits(parts, key, answer));
  }
  return bookingOf(parts, asking, opened.ticket, startedMs);
}

/** Logs what the key was refused here, and gives it back. */
export function denied(
  parts: GatewayParts,
  { key, route, model }: Asking,
  answer: GatewayAnswer,
): GatewayAnswer {
  parts.log.noteDenied({
    atMs: parts.now(),
    keyId: key.id,
    accountId: null,
    model,
    route,
    status: answer.status,
    code: answer.code,
    tokens: noTokens,
    cost: { micros: 0, price: "table" },
    firstMs: null,
    totalMs: 0,
    attempts: 0,
  });
  return answer;
}

function bookingOf(parts: GatewayParts, asking: Asking, ticket: Ticket, startedMs: number): Booking {
  let firstMs: number | null = null;
  let hasEnded = false;
  const passed = () => Math.max(0, Math.round(parts.now() - startedMs));
  return {
    ticket,
    noteFirst: () => void (firstMs ??= passed()),
    end: async (served, { status, code }) => {
      if (hasEnded) return;
      hasEnded = true;
      const { settlement, tokens, cost } = takenBy(ticket, served);
      const settling = settle(parts, ticket, asking.isWarmUp ? asNoRequest(settlement) : settlement);
      const hasSettled = parts.settling.add(settling);
      await settling.finally(hasSettled);
      if (asking.isWarmUp && tokens.input + tokens.output === 0) return;
      parts.log.note({
        atMs: startedMs,
        keyId: asking.key.id,
        accountId: served?.accountId ?? null,
        model: asking.model,
        route: asking.route,
        status,
        code,
        tokens,
        cost,
        firstMs,
        totalMs: passed(),
        attempts: served?.attempts ?? 0,
      });
    },
  };
}

function asNoRequest(settlement: Settlement): Settlement {
  if (settlement.kind === "released") return settlement;
  return { ...settlement, amounts: { ...settlement.amounts, requests: 0 } };
}

/** Exactly once, and never lost: what the database cannot take is kept on this machine's disk. */
async function settle(
  { books, journal }: GatewayParts,
  { id, key }: Ticket,
  settlement: Settlement,
): Promise<void> {
  if (!isCounted(key)) return;
  try {
    await books.settle(key.id, id, settlement);
  } catch {
    journal.keep({ keyId: key.id, ticketId: id, settlement });
  }
}

/** What every answer to the key says of its limits, once the request is booked. */
export function ticketHeaders({ now }: GatewayParts, { key, state }: Ticket): Record<string, string> {
  return isCounted(key) ? limitHeaders(standings(key.policy, state, now()), now()) : {};
}

/** The answer to a key, with what its limits say. */
export async function withLimits(
  parts: GatewayParts,
  { id, policy }: ClientKey,
  answer: GatewayAnswer,
): Promise<GatewayAnswer> {
  const { books, now } = parts;
  if (policy.limits.length === 0) return answer;
  const state = books.lastKnown(id) ?? (await books.read(id).catch(() => null));
  if (state === null) return answer;
  const extra = limitHeaders(standings(policy, state, now()), now());
  return { ...answer, headers: { ...answer.headers, ...extra } };
}
