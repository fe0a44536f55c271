// What a key has used of its limits, and the requests that run. One value, changed only by the functions here, so that
// a counter and a ticket cannot disagree: whoever stores it replaces the whole, or nothing.
import {
  countsModel,
  type KeyPolicy,
  type LimitKind,
  type LimitRule,
  type LimitWindow,
  ruleName,
} from "./policy.ts";

/** What a request takes of each kind of limit; `cost` in millionths of a dollar. */
export type Amounts = Readonly<Record<LimitKind, number>>;

interface Counter extends Span {
  /** Settled requests and what the running ones hold. */
  readonly used: number;
}

/** A request that runs: what it holds of each limit, in the window in which it was admitted. */
interface Ticket extends OpenedTicket {
  readonly id: string;
  /** Its place in the stored text, made once: it is written with every other change of the key while it runs. */
  readonly entry: string;
}

interface OpenedTicket {
  readonly replica: string;
  readonly openedMs: number;
  readonly model: string;
  /** What is charged when nobody can say what it really took. */
  readonly estimate: Amounts;
  readonly held: Readonly<Record<string, Hold>>;
}

/** Of one limit, in the window that began then. */
interface Hold {
  readonly startMs: number;
  readonly amount: number;
}

export interface UsageState {
  readonly counters: Readonly<Record<string, Counter>>;
  readonly tickets: readonly Ticket[];
}

/** The form in which a state is stored: JSON, in which tickets are an object by their ids. */
export function usageText({ counters, tickets }: UsageState): string {
  return `{"counters":${JSON.stringify(counters)},"tickets":{${tickets.map(({ entry }) => entry).join()}}}`;
}

export function readUsage(text: string): UsageState {
  const stored = JSON.parse(text) as {
    readonly counters: UsageState["counters"];
    readonly tickets: Readonly<Record<string, OpenedTicket>>;
  };
  const tickets = Object.entries(stored.tickets).map(([id, opened]) => ticketOf(id, opened));
  return { counters: stored.counters, tickets };
}

function ticketOf(id: string, opened: OpenedTicket): Ticket {
  return { ...opened, id, entry: `${JSON.stringify(id)}:${JSON.stringify(opened)}` };
}

export interface Admission {
  readonly ticketId: string;
  readonly replica: string;
  readonly model: string;
  /** The model as the client wrote it, where that is another name. */
  readonly asked?: string;
  readonly estimate: Amounts;
  readonly nowMs: number;
}

/** Why a request does not run: a limit with nothing left until `resetsAtMs`, or as many at once as the key allows. */
export type Refusal =
  | { readonly kind: "limit"; readonly rule: LimitRule; readonly used: number; readonly resetsAtMs: number }
  | { readonly kind: "parallel"; readonly parallel: number };

export type Admitted =
  | { readonly kind: "admitted"; readonly state: UsageState }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** What happened to a request: `charged` takes what it really took, `released` gives everything back. */
export type Settlement =
  | { readonly kind: "charged"; readonly amounts: Amounts }
  | { readonly kind: "released" };

export const emptyUsage: UsageState = { counters: {}, tickets: [] };

/** Opens a ticket, or says which limit has nothing left. The estimate is cut to what is left, so it never refuses. */
export function admit(state: UsageState, policy: KeyPolicy, admission: Admission): Admitted {
  const { ticketId, model, asked, nowMs, estimate, replica } = admission;
  if (ticketIn(state, ticketId)) return { kind: "admitted", state };
  const { parallel } = policy;
  if (parallel !== undefined && state.tickets.length >= parallel) {
    return { kind: "refused", refusal: { kind: "parallel", parallel } };
  }
  const counters: Record<string, Counter> = { ...state.counters };
  const held: Record<string, Hold> = {};
  let refusal: Refusal | null = null;
  for (const rule of policy.limits) {
    if (!countsModel(rule, model, asked)) continue;
    const counter = counterAt(state, rule, nowMs);
    const left = rule.max - counter.used;
    if (left <= 0)
      refusal = later(refusal, { kind: "limit", rule, used: counter.used, resetsAtMs: counter.endMs });
    const amount = Math.max(0, Math.min(estimate[rule.kind], left));
    const name = ruleName(rule);
    held[name] = { startMs: counter.startMs, amount };
    counters[name] = { ...counter, used: counter.used + amount };
  }
  if (refusal) return { kind: "refused", refusal };
  const ticket = ticketOf(ticketId, { replica, openedMs: nowMs, model, estimate, held });
  return { kind: "admitted", state: { counters, tickets: [...state.tickets, ticket] } };
}

function ticketIn({ tickets }: UsageState, ticketId: string): Ticket | undefined {
  return tickets.find(({ id }) => id === ticketId);
}

/** Closes a ticket. One that is not open, because it was settled before, changes nothing. */
export function settle(state: UsageState, ticketId: string, settlement: Settlement): UsageState {
  const ticket = ticketIn(state, ticketId);
  if (!ticket) return state;
  const counters: Record<string, Counter> = { ...state.counters };
  for (const [name, { startMs, amount }] of Object.entries(ticket.held)) {
    const counter = counters[name];
    // The window in which it was admitted is over, and what it took is over with it.
    if (!counter || counter.startMs !== startMs) continue;
    const took = settlement.kind === "released" ? 0 : settlement.amounts[kindOf(name)];
    counters[name] = { ...counter, used: Math.max(0, counter.used - amount + took) };
  }
  return { counters, tickets: state.tickets.filter((each) => each !== ticket) };
}

/** Charges the tickets of processes that are gone: what they took nobody knows, so the estimate counts. */
export function sweep(state: UsageState, isGone: (replica: string, openedMs: number) => boolean): UsageState {
  let swept = state;
  for (const { id, replica, openedMs, estimate } of state.tickets) {
    if (isGone(replica, openedMs)) swept = settle(swept, id, { kind: "charged", amounts: estimate });
  }
  return swept;
}

const clockErrorMs = 60 * 60_000;

/** What a limit counts now. A clock that was set back a little does not begin a window again. */
export function counterAt(state: UsageState, rule: LimitRule, nowMs: number): Counter {
  const name = ruleName(rule);
  const counter = Object.hasOwn(state.counters, name) ? state.counters[name] : undefined;
  const isFromFuture = counter !== undefined && counter.startMs - nowMs > clockErrorMs;
  if (counter && nowMs < counter.endMs && !isFromFuture) return counter;
  return { ...windowAt(rule.window, nowMs), used: 0 };
}

/**
 * Counts from now on what is known to have been used in the running window: for a limit that is new to a key. What runs
 * is counted when it ends.
 */
export function startCounter(state: UsageState, rule: LimitRule, used: number, nowMs: number): UsageState {
  const name = ruleName(rule);
  const running = counterAt(state, rule, nowMs);
  // It was a limit of the key before, and counted what the log does not know yet.
  const counter = { ...running, used: Math.max(running.used, used) };
  const mark = { [name]: { startMs: counter.startMs, amount: 0 } };
  const tickets = state.tickets.map((ticket) =>
    countsModel(rule, ticket.model) ? holding(ticket, { ...mark, ...ticket.held }) : ticket,
  );
  return { counters: { ...state.counters, [name]: counter }, tickets };
}

/** Sets the use of a key back to nothing; what runs keeps its tickets and is charged when it ends, in its window. */
export function resetUsage(state: UsageState): UsageState {
  const counters: Record<string, Counter> = {};
  const tickets = state.tickets.map((ticket) => {
    const held: Record<string, Hold> = {};
    for (const [name, { startMs }] of Object.entries(ticket.held)) {
      held[name] = { startMs, amount: 0 };
      const counter = state.counters[name];
      if (counter?.startMs === startMs) counters[name] = { ...counter, used: 0 };
    }
    return holding(ticket, held);
  });
  return { counters, tickets };
}

function holding({ id, replica, openedMs, model, estimate }: Ticket, held: OpenedTicket["held"]): Ticket {
  return ticketOf(id, { replica, openedMs, model, estimate, held });
}

function kindOf(name: string): LimitKind {
  return name.slice(0, name.indexOf("/")) as LimitKind;
}

/** The refusal that lasts longest: coming back at an earlier time would be in vain. */
function later(one: Refusal | null, other: Refusal & { kind: "limit" }): Refusal {
  return one?.kind === "limit" && one.resetsAtMs >= other.resetsAtMs ? one : other;
}

/** From `startMs` until just before `endMs`, milliseconds since 1970. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * The window that counts at `nowMs`. Windows that begin with the first use begin at `nowMs`; the others at midnight,
 * Monday or the first of the month, in UTC.
 */
export function windowAt(window: LimitWindow, nowMs: number): Span {
  switch (window) {
    case "minute":
      return { startMs: nowMs, endMs: nowMs + minuteMs };
    case "5h":
      return { startMs: nowMs, endMs: nowMs + 300 * minuteMs };
    case "day": {
      const startMs = dayStart(nowMs);
      return { startMs, endMs: startMs + dayMs };
    }
    case "week": {
      // 1970 began on a Thursday, so Monday is three days before it.
      const weekday = (Math.floor(nowMs / dayMs) + 3) % 7;
      const startMs = dayStart(nowMs) - weekday * dayMs;
      return { startMs, endMs: startMs + 7 * dayMs };
    }
    case "month":
      break;
  }
  const date = new Date(nowMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}

/** Midnight in UTC. */
export function dayStart(nowMs: number): number {
  return Math.floor(nowMs / dayMs) * dayMs;
}

export function hourStart(nowMs: number): number {
  return Math.floor(nowMs / hourMs) * hourMs;
}
