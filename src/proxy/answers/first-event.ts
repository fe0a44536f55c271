import type { IncomingMessage } from "node:http";
import { parseSse } from "../../errors/stream-failure.ts";
import { field, isRecord, parseJson, textField } from "../../text/json.ts";
import { eventData, eventEnd, eventType, typeAt } from "./events.ts";

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
    /** What came since the last whole event. */
    let unread: Buffer[] = [];
    let tail: Buffer = Buffer.alloc(0);
    let size = 0;
    let timer = setTimeout(() => conclude({ kind: "stalled", held }), firstEventMs);
    let isPreamble = false;
    let isWaiting = false;
    let isOver = false;

    function onData(chunk: Buffer): void {
      held.push(chunk);
      size += chunk.length;
      // Small pieces are joined once, when an event ends among them.
      const joint = unread.length === 0 ? chunk : Buffer.concat([tail, chunk]);
      tail = joint.subarray(-tailBytes);
      unread.push(chunk);
      const event = eventEnd(joint, 0) < 0 ? null : readEvents();
      if (event !== null) conclude(event);
      else if (size > mostHeld) conclude({ kind: "visible", held });
    }

    /** Null: only comments and preamble so far. */
    function readEvents(): Beginning | null {
      const [only] = unread;
      const bytes = unread.length === 1 && only ? only : Buffer.concat(unread);
      let start = 0;
      for (let end = eventEnd(bytes, 0); end >= 0; end = eventEnd(bytes, start)) {
        const begin = start;
        start = end;
        const known = typeAt(bytes, begin, end);
        isPreamble ||= preambleTypes.has(known);
        if (preambleTypes.has(known)) continue;
        if (known !== "" && !isFailure(known)) return { kind: "visible", held };
        const data = eventData(bytes.toString("utf8", begin, end));
        if (data === "") continue;
        const type = eventType(data) || lateType(data);
        if (!preambleTypes.has(type)) return beginning(type, data);
        isPreamble = true;
      }
      unread = start < bytes.length ? [bytes.subarray(start)] : [];
      waitBehindPreamble();
      return null;
    }

    function beginning(type: string, data: string): Beginning {
      const event = isFailure(type) ? parseJson(data) : undefined;
      return isRecord(event)
        ? { kind: "failed", held, event: { type, ...event } }
        : { kind: "visible", held };
    }

    /** From the first of it on: what comes at once needs no timer. */
    function waitBehindPreamble(): void {
      if (!isPreamble || isWaiting) return;
      isWaiting = true;
      clearTimeout(timer);
      timer = setTimeout(() => conclude({ kind: "visible", held }), preambleMs);
    }

    const onEnd = () => conclude({ kind: "ended", held });
    const onCut = () => conclude({ kind: "cut", held });

    function conclude(beginning: Beginning): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      response.pause();
      // The others stay, and mean nothing any more.
      response.off("data", onData);
      resolve(beginning);
    }

    response.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
  });
}

/** The model that OpenAI says it answers with, before it says anything else; undefined where it does not say. */
export function announcedModel(held: readonly Buffer[]): string | undefined {
  return parseSse(Buffer.concat(held).toString("utf8"))
    .map(({ data }) => textField(field(parseJson(data), "response"), "model"))
    .find((model) => model !== undefined);
}

function isFailure(type: string): boolean {
  return type === "error" || type === "response.failed";
}

/** The type of an event that does not begin with it; a bare error says none. */
function lateType(data: string): string {
  const event = parseJson(data);
  return textField(event, "type") ?? (isRecord(field(event, "error")) ? "error" : "");
}
