import type { ProxyAnswer } from "../errors/proxy-answer.ts";
import { field, textField } from "../errors/json-value.ts";
import { refusalAnswer, type DeadPool } from "../proxy/exhausted.ts";
import type { Pass } from "../proxy/exchange.ts";
import type { ClientKey } from "./client-keys.ts";
import { limitHeaders, standings } from "./limit-headers.ts";
import type { GatewayParts } from "./parts.ts";
import { refuse, type GatewayAnswer } from "./refusal.ts";
import { isCounted, type Ticket } from "./ticket.ts";
import { dropHeader, type Visit, type Wish } from "./wish.ts";

/** What rotation needs to know of a request of a key, and how its client is answered. */
export function passOf(
  parts: GatewayParts,
  visit: Visit,
  ticket: Ticket,
  wish: Wish,
  onDead: (answer: GatewayAnswer) => void,
): Pass {
  const { key, isCodex } = visit;
  const extra = isCounted(key)
    ? limitHeaders(standings(key.policy, ticket.state, parts.now()), parts.now())
    : {};
  dropForeignTurnState(parts, visit);
  return {
    accounts: key.policy.accounts === undefined ? null : new Set(key.policy.accounts),
    answering: wish.answering,
    refuse: (dead) => {
      const answer = deadAnswer(dead, { isCodex, nowMs: parts.now() });
      onDead({ ...answer, code: codeOf(answer) });
      return { ...answer, headers: { ...answer.headers, ...extra } };
    },
    headers: (received) => {
      noteTurnState(parts, key, received);
      return [...publicHeaders(received), ...Object.entries(extra).flat()];
    },
  };
}

/** The pool cannot serve: in the codes of the gateway, whose clients know nothing of accounts. */
export function deadAnswer(dead: DeadPool, asker: { isCodex: boolean; nowMs: number }): ProxyAnswer {
  if (dead.kind === "refusal") return refusalAnswer(dead.failure, asker.isCodex);
  const { reason, resetsAtMs, planType, last } = dead;
  if (reason === "network-error" || (reason === "server-error" && last !== null)) {
    return refuse(
      { kind: "upstream-away", message: last?.envelope.error.message ?? "OpenAI cannot be reached." },
      asker,
    );
  }
  if (reason === "rate-limit" && last && (last.kind === "rateLimit" || last.kind === "slowDown")) {
    return refuse(
      { kind: "rate-limited", message: last.envelope.error.message, resetsAtMs, planType },
      asker,
    );
  }
  return refuse({ kind: "no-accounts", resetsAtMs, planType }, asker);
}

/** A key's client sees the limits of its key, never the quota of the accounts behind it. */
export function publicHeaders(received: readonly string[]): string[] {
  return received.filter((_, at) => {
    const name = received[at - (at % 2)]?.toLowerCase() ?? "";
    if (name === "x-codex-turn-state") return true;
    return (
      !name.startsWith("x-codex-") &&
      !name.startsWith("x-ratelimit-") &&
      name !== "set-cookie" &&
      name !== "retry-after"
    );
  });
}

const turnState = "x-codex-turn-state";
const mostTurnStates = 10_000;

function noteTurnState({ turnStates }: GatewayParts, key: ClientKey, received: readonly string[]): void {
  const at = received.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === turnState);
  const state = at < 0 ? undefined : received[at + 1];
  if (state === undefined) return;
  turnStates.set(state, key.id);
  const [oldest] = turnStates.keys();
  if (turnStates.size > mostTurnStates && oldest !== undefined) turnStates.delete(oldest);
}

function dropForeignTurnState({ turnStates }: GatewayParts, { request, key }: Visit): void {
  const shown = request.headers[turnState];
  if (typeof shown === "string" && turnStates.get(shown) !== key.id) dropHeader(request, turnState);
}

function codeOf({ body }: ProxyAnswer): string {
  try {
    return textField(field(JSON.parse(body), "error"), "code") ?? "refused";
  } catch {
    return "refused";
  }
}
