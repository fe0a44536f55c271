import type { IncomingMessage } from "node:http";
import { field, isRecord, parseJson, textField } from "../errors/json-value.ts";
import { eventData, eventEnd, eventType } from "./sse-events.ts";

/** How a stream begins. `held` are the bytes read so far; nothing of them has been passed on. */
export type Beginning =
  | { readonly kind: "visible"; readonly held: readonly Buffer[] }
  | { readonly kind: "failed"; readonly held: readonly Buffer[]; readonly event: object }
  /** The stream ended, was cut or said nothing for too long before it showed anything. */
  | { readonly kind: "ended" | "cut" | "stalled"; readonly held: readonly Buffer[] };

export interface PeekWaits {
  readonly firstEventMs: number;
  readonly preambleMs: number;
}

/** These show nothing yet, and upstream often says them just before it refuses. */
export const preambleTypes: ReadonlySet<string> = new Set([
  "response.created",
  "response.in_progress",
  "response.queued",
  "codex.rate_limits",
]);
const mostHeld = 1024 * 1024;
/** The longest end of an event: two line ends, of which the last byte comes later. */
const tailBytes = 3;

/**
 * Reads a stream up to its first event that means something, so that a failure can still be answered by another
 * account. Nothing is sent to the client meanwhile, not even a comment: it would commit us to status 200, and then
 * "usage limit reached, try again at" could no longer be told in the one form that Codex understands. Codex waits for
 * headers without a limit, and its timer for a silent stream does not count comments, so they would win nothing.
 */
export function peek(response: IncomingMessage, { firstEventMs, preambleMs }: PeekWaits): Promise<Beginning> {
  return new Promise((resolve) => {
    const held: Buffer[] = [];
    let unread: Buffer[] = [];
    let tail: Buffer = Buffer.alloc(0);
    let size = 0;
    let timer = setTimeout(() => conclude({ kind: "stalled", held }), firstEventMs);
    let isPreamble = false;

    function onData(chunk: Buffer): void {
      held.push(chunk);
      size += chunk.length;
      unread.push(chunk);
      // Small pieces are joined once, when an event ends among them.
      const joint = Buffer.concat([tail, chunk]);
      tail = joint.subarray(-tailBytes);
      const event = eventEnd(joint, 0) < 0 ? null : readEvents();
      if (event !== null) conclude(event);
      else if (size > mostHeld) conclude({ kind: "visible", held });
    }

    /** Null: only comments and preamble so far. */
    function readEvents(): Beginning | null {
      const bytes = Buffer.concat(unread);
      let start = 0;
      for (let end = eventEnd(bytes, 0); end >= 0; end = eventEnd(bytes, start)) {
        const data = eventData(bytes.toString("utf8", start, end));
        start = end;
        if (data === "") continue;
        const type = eventType(data) || lateType(data);
        if (preambleTypes.has(type)) startPreamble();
        else return beginning(type, data);
      }
      unread = [bytes.subarray(start)];
      return null;
    }

    function beginning(type: string, data: string): Beginning {
      const isFailure = type === "error" || type === "response.failed";
      const event = isFailure ? parseJson(data) : undefined;
      return isRecord(event)
        ? { kind: "failed", held, event: { type, ...event } }
        : { kind: "visible", held };
    }

    function startPreamble(): void {
      if (isPreamble) return;
      isPreamble = true;
      clearTimeout(timer);
      timer = setTimeout(() => conclude({ kind: "visible", held }), preambleMs);
    }

    const onEnd = () => conclude({ kind: "ended", held });
    const onCut = () => conclude({ kind: "cut", held });

    function conclude(beginning: Beginning): void {
      clearTimeout(timer);
      response.pause();
      response.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
      response.on("error", () => undefined);
      resolve(beginning);
    }

    response.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
  });
}

/** The type of an event that does not begin with it; a bare error says none. */
function lateType(data: string): string {
  const event = parseJson(data);
  return textField(event, "type") ?? (isRecord(field(event, "error")) ? "error" : "");
}
