import type { FailureClassification } from "../errors/classify.ts";
import { topLevelFields } from "./json-fields.ts";

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
  readonly triedIds: Set<string>;
  readonly failures: Map<string, FailureClassification>;
  readonly renewedIds: Set<string>;
}

/** The turn that a message of the client begins; null for any other message. */
export function turnOf(message: Buffer, frames: readonly Buffer[]): SocketTurn | null {
  const fields = topLevelFields(message, ["type", "previous_response_id"]);
  if (fields.get("type") !== "response.create") return null;
  return {
    sent: [...frames],
    held: [],
    isVisible: false,
    isContinuation: typeof fields.get("previous_response_id") === "string",
    triedIds: new Set(),
    failures: new Map(),
    renewedIds: new Set(),
  };
}
