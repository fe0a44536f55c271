import type { FailureClassification } from "../errors/classify.ts";
import { topLevelFields } from "./json-fields.ts";
import type { Visit } from "./visit.ts";

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
}

/** The turn that a message of the client begins; null for any other message. */
export function turnOf(
  message: Buffer,
  frames: readonly Buffer[],
  visit: (isTurn: boolean) => Visit,
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
  };
}

/** Who goes on from an answer cannot be helped elsewhere, and one more account is enough for an unknown refusal. */
export function mayMove({ refusal, isContinuation }: SocketTurn, { next }: FailureClassification): boolean {
  return next === "another" ? refusal === null && !isContinuation : next !== "surface";
}
