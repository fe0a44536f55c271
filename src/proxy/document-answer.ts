import type { IncomingMessage } from "node:http";
import { field } from "../accounts/unknown-value.ts";
import { classifyFailure } from "../errors/classify.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { streamFailure } from "./attempt.ts";
import { silenceText } from "./relay.ts";
import type { Relayed } from "./relay.ts";
import { responseDocument } from "./response-document.ts";
import { finalEvent } from "./sse-events.ts";
import { asksForTool } from "./tool-call.ts";

const longestDocument = 64 * 1024 * 1024;

export type DocumentReading = { readonly relayed: Relayed } & (
  | { readonly kind: "document"; readonly document: object }
  /** `bytes` is what came of the stream. */
  | { readonly kind: "failed"; readonly failure: FailureClassification; readonly bytes: Buffer }
);

export interface ReadingLimits {
  /** The longest silence of upstream. */
  readonly idleMs: number;
  readonly nowMs: () => number;
}

/**
 * Puts one JSON document together from the stream that the Codex backend always gives. The client sees nothing of it
 * before its end, so whatever goes wrong can still be answered by another account.
 */
export async function readDocument(
  answer: IncomingMessage,
  held: readonly Buffer[],
  { idleMs, nowMs }: ReadingLimits,
): Promise<DocumentReading> {
  const { bytes, how } = await readAll(answer, held, idleMs);
  const last = finalEvent(bytes);
  const relayed = {
    kind: how === "ended" && answer.complete ? ("whole" as const) : ("cut" as const),
    finalEvent: last,
    asksForTool: asksForTool(bytes),
    sentBytes: bytes.length,
  };
  const type = field(last, "type");
  if (last !== null && (type === "response.completed" || type === "response.incomplete"))
    return { relayed, kind: "document", document: responseDocument(last, bytes) };
  const words = how === "silent" ? silenceText(idleMs) : "The stream ended early.";
  const said = last ?? new Error(words);
  const failure = how === "too-long" ? tooLong(nowMs()) : streamFailure(said, answer, nowMs());
  return { relayed, kind: "failed", failure, bytes };
}

/** Another account would say as much. */
function tooLong(nowMs: number): FailureClassification {
  const body = { message: "The answer is longer than 64 MB." };
  return { ...classifyFailure({ status: 502, body }, nowMs), next: "surface", account: "fine" };
}

interface Reading {
  readonly bytes: Buffer;
  readonly how: "ended" | "silent" | "too-long";
}

function readAll(answer: IncomingMessage, held: readonly Buffer[], idleMs: number): Promise<Reading> {
  return new Promise((resolve) => {
    const chunks = [...held];
    let size = held.reduce((sum, { length }) => sum + length, 0);
    const idle = setTimeout(() => conclude("silent"), idleMs);

    function onData(chunk: Buffer): void {
      idle.refresh();
      size += chunk.length;
      chunks.push(chunk);
      if (size > longestDocument) conclude("too-long");
    }

    const onEnd = () => conclude("ended");

    function conclude(how: Reading["how"]): void {
      clearTimeout(idle);
      answer.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
      answer.on("error", () => undefined);
      if (!answer.complete) answer.destroy();
      resolve({ bytes: Buffer.concat(chunks), how });
    }

    answer.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
    // Whoever looked at the beginning has paused it, and a listener alone does not end a pause.
    answer.resume();
    if (answer.readableEnded || answer.destroyed) onEnd();
  });
}
