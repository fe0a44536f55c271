import type { IncomingMessage } from "node:http";
import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import { parseSse } from "../../errors/stream-failure.ts";
import { field, isRecord, parseJson, readList, readNumber } from "../../text/json.ts";
import { streamFailure } from "../openai/attempt.ts";
import { asksForTool, finalEvent } from "./events.ts";
import { endedEarly, type Relayed, silenceText } from "./relay.ts";

/** What is put together from an answer, and so held as a whole. */
export const longestDocument = 64 * 1024 * 1024;

type DocumentReading = { readonly relayed: Relayed } & (
  | { readonly kind: "document"; readonly document: object }
  /** `bytes` is what came of the stream. */
  | { readonly kind: "failed"; readonly failure: FailureClassification; readonly bytes: Buffer }
);

interface ReadingLimits {
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
  const words = how === "silent" ? silenceText(idleMs) : endedEarly;
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

/** The response of a stream's last event. Where the backend leaves its output out there, the events have it. */
function responseDocument(last: object, bytes: Buffer): object {
  const response = field(last, "response");
  if (!isRecord(response)) return {};
  if (readList(field(response, "output")).length > 0) return response;
  return { ...response, output: outputOf(bytes) };
}

/** Items that have ended, and in their places the texts of those that were cut off. */
function outputOf(bytes: Buffer): unknown[] {
  const items: [at: number, item: unknown][] = [];
  const texts = new Map<number, string>();
  for (const { data } of parseSse(bytes.toString("utf8"))) {
    const event = parseJson(data);
    const type = field(event, "type");
    const at = readNumber(field(event, "output_index"));
    if (type === "response.output_item.done") items.push([at ?? items.length, field(event, "item")]);
    const piece = field(event, "delta");
    if (type === "response.output_text.delta" && typeof piece === "string")
      texts.set(at ?? items.length, (texts.get(at ?? items.length) ?? "") + piece);
  }
  const ended = new Set(items.map(([at]) => at));
  const cut = [...texts].filter(([at]) => !ended.has(at));
  const all = [...items, ...cut.map(([at, text]) => [at, unended(text)] as const)];
  return all.toSorted(([a], [b]) => a - b).map(([, item]) => item);
}

function unended(text: string): object {
  const content = [{ type: "output_text", text, annotations: [] }];
  return { type: "message", role: "assistant", status: "incomplete", content };
}
