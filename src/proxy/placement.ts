import type { IncomingMessage } from "node:http";
import { classifyFailure } from "../errors/classify.ts";
import type { FailureClassification } from "../errors/classify.ts";
import type { Account } from "../store/account.ts";
import type { Conversations } from "./conversations.ts";
import { outgoingHeaders } from "./headers.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { WorkspaceRouting } from "./routing.ts";

export interface PlacedRequest {
  readonly origin: string;
  /** Flat. */
  readonly headers: string[];
}

interface Asking {
  readonly account: Account;
  readonly login: Account["login"];
  readonly request: IncomingMessage;
  readonly facts: RequestFacts;
  /** Of the body; null when there is none. */
  readonly size: number | null;
}

/** Where a request goes for an account, and with which headers; null when nobody knows where. */
export async function placeRequest(
  { routing, conversations }: { readonly routing: WorkspaceRouting; readonly conversations: Conversations },
  { account, login, request, facts, size }: Asking,
): Promise<PlacedRequest | null> {
  const place = await routing.routeOf(account);
  if (place === null) return null;
  const mayCarryTurnState = conversations.mayCarryTurnState(facts, account.id);
  const carried = { login, routingOverride: place.override, mayCarryTurnState };
  const host = place.origin.slice(place.origin.indexOf("//") + 2);
  return { origin: place.origin, headers: outgoingHeaders(request.rawHeaders, host, carried, { size }) };
}

export function unplaced(nowMs: number): FailureClassification {
  const problem = new Error("OpenAI does not say where this workspace is served.");
  return classifyFailure(problem, nowMs, { stage: "connect" });
}
