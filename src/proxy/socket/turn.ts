import type { FailureClassification } from "../../errors/classify.ts";
import { field, parseJson, textField } from "../../text/json.ts";
import type { ProxyAnswer } from "../answers/refusals.ts";
import { topLevelFields } from "../door/body-fields.ts";
import type { Visit } from "../door/request.ts";
import type { Served } from "../serve-request.ts";
import type { Admitted } from "../message-admission.ts";

/** One request inside a WebSocket, from its `response.create` to its last event. */
export interface SocketTurn {
  /** The client's frames, as they came: they are sent again to the next account. */
  readonly sent: Buffer[];
  /** The server's frames that the client has not seen yet. */
  held: Buffer[];
  /** Something that means something was passed on: nothing is sent again. */
  isVisible: boolean;
  /** It goes on from an answer that only this connection knows. */
  readonly isContinuation: boolean;
  /** The client has to run a tool before the turn goes on. */
  asksForTool: boolean;
  readonly visit: Visit;
  readonly triedIds: Set<string>;
  readonly failures: Map<string, FailureClassification>;
  /** The frames of a refusal that nobody knows, while one more account is asked. */
  refusal: readonly Buffer[] | null;
  /** Of a client with a key. */
  readonly admitted: Admitted | null;
  /** Accounts that were asked. */
  attempts: number;
  /** Of the answer, to the client. */
  sentBytes: number;
}

/** The turn that a message of the client begins; null for any other message. */
export function turnOf(
  message: Buffer,
  frames: readonly Buffer[],
  visit: (isTurn: boolean) => Visit,
  admitted: Admitted | null = null,
): SocketTurn | null {
  const fields = topLevelFields(message, ["type", "previous_response_id", "generate"]);
  if (fields.get("type") !== "response.create") return null;
  return {
    sent: [...frames],
    held: [],
    isVisible: false,
    asksForTool: false,
    // Codex warms a connection up with a request that generates nothing.
    visit: visit(fields.get("generate") !== false),
    isContinuation: typeof fields.get("previous_response_id") === "string",
    triedIds: new Set(),
    failures: new Map(),
    refusal: null,
    admitted,
    attempts: 0,
    sentBytes: 0,
  };
}

/** What became of a turn. `accountId`: that works for it, or has; `finalEvent`: null when it ended without one. */
export function servedBy(
  { isVisible, asksForTool, attempts, sentBytes }: SocketTurn,
  accountId: string | null,
  finalEvent: object | null,
): Served {
  const kind = finalEvent === null ? "client-gone" : "whole";
  const relayed = isVisible ? ({ kind, finalEvent, asksForTool, sentBytes } as const) : null;
  return { accountId, attempts, relayed, hasLeft: relayed === null };
}

/** What the client is told instead of an answer by a model that it may not have, which this event begins. */
export function modelRefusal({ admitted }: SocketTurn, created: string | undefined): ProxyAnswer | null {
  if (admitted === null || created === undefined) return null;
  const model = textField(field(parseJson(created), "response"), "model");
  return model === undefined ? null : admitted.refuseModel(model);
}

/** Who goes on from an answer cannot be helped elsewhere, and one more account is enough for an unknown refusal. */
export function mayMove({ refusal, isContinuation }: SocketTurn, { next }: FailureClassification): boolean {
  return next === "another" ? refusal === null && !isContinuation : next !== "surface";
}
