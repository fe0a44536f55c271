import type { IncomingMessage } from "node:http";
import { type AnswerNames, chatDocument, ChunkWriter } from "../../chat/chunk.ts";
import type { ChatWishes } from "../../chat/request.ts";
import { classifyFailure } from "../../errors/classify.ts";
import { toErrorEnvelope } from "../../errors/envelope.ts";
import { parseSse, parseStreamFailure } from "../../errors/stream-failure.ts";
import { randomHex } from "../../machine/hash.ts";
import { longestDocument } from "../../proxy/answers/document.ts";
import { asksForTool, finalEvent, WholeEvents } from "../../proxy/answers/events.ts";
import { preambleTypes } from "../../proxy/answers/first-event.ts";
import { endedEarly, type Relayed, silenceText } from "../../proxy/answers/relay.ts";
import { type Answering, type Exchange, isGone, onGone, reply } from "../../proxy/door/exchange.ts";
import { showRefusal } from "../../proxy/openai/attempt.ts";
import { returnedHeaders } from "../../proxy/openai/headers.ts";
import { field, parseJson, textField } from "../../text/json.ts";

export interface ChatTimes {
  readonly nowMs: number;
  /** Upstream's longest silence. */
  readonly idleMs: number;
}

/** Gives a client of Chat Completions what upstream answers in the form of the Responses API. */
export function chatAnswering(wants: ChatWishes, { nowMs, idleMs }: ChatTimes): Answering {
  const names: AnswerNames = {
    id: `chatcmpl-${randomHex(12)}`,
    created: Math.floor(nowMs / 1000),
    model: wants.model,
  };
  return (exchange, answer, held) =>
    wants.stream && !hasFailed(held)
      ? streamed(exchange, answer, held, { wants, names, idleMs })
      : whole(exchange, answer, held, { names, idleMs });
}

/** Before anything was visible, so that the failure can still be a status. */
function hasFailed(held: readonly Buffer[]): boolean {
  const first = eventsOf(Buffer.concat(held)).find(
    (event) => !preambleTypes.has(textField(event, "type") ?? ""),
  );
  return parseStreamFailure(first) !== undefined;
}

async function whole(
  exchange: Exchange,
  answer: IncomingMessage,
  held: readonly Buffer[],
  { names, idleMs }: Pick<Telling, "names" | "idleMs">,
): Promise<Relayed> {
  const stay = onGone(exchange, () => answer.destroy());
  const { bytes, isWhole } = await readAll(answer, held, idleMs);
  stay();
  const last = bytes === null ? null : finalEvent(bytes);
  const asks = bytes !== null && asksForTool(bytes);
  const sentBytes = bytes?.length ?? 0;
  if (isGone(exchange)) return { kind: "client-gone", finalEvent: last, asksForTool: asks, sentBytes };
  const read = bytes === null ? null : chatDocument(eventsOf(bytes), names);
  if (read?.kind === "answer") answerWith(exchange, answer, 200, read.document);
  else {
    const event = last ?? new Error(endedEarly);
    const failure = classifyFailure(event, Date.now(), { stage: "stream" });
    showRefusal(exchange, { response: answer, held, isEventStream: true, failure });
  }
  return { kind: isWhole ? "whole" : "cut", finalEvent: last, asksForTool: asks, sentBytes };
}

function answerWith(exchange: Exchange, answer: IncomingMessage, status: number, document: object): void {
  const received = returnedHeaders(answer.rawHeaders, true);
  const headers: Record<string, string> = { "content-type": "application/json" };
  const shown = exchange.pass ? exchange.pass.headers(received) : received;
  for (let at = 0; at + 1 < shown.length; at += 2) {
    const name = shown[at]?.toLowerCase() ?? "";
    if (name.startsWith("x-") || name.endsWith("request-id")) headers[name] = shown[at + 1] ?? "";
  }
  reply(exchange.response, { status, headers, body: JSON.stringify(document) });
}

interface Telling {
  readonly wants: ChatWishes;
  readonly names: AnswerNames;
  readonly idleMs: number;
}

/** Event by event, no faster than the client reads; a cut and a failure are an error chunk and `[DONE]`. */
function streamed(
  exchange: Exchange,
  answer: IncomingMessage,
  held: readonly Buffer[],
  { wants, names, idleMs }: Telling,
): Promise<Relayed> {
  const { response: client } = exchange;
  const writer = new ChunkWriter(names, { includeUsage: wants.includeUsage });
  const events = new WholeEvents();
  let sentBytes = 0;
  const received = returnedHeaders(answer.rawHeaders, true).filter(
    (_, at, all) => all[at - (at % 2)]?.toLowerCase() !== "content-type",
  );
  const headers = exchange.pass ? exchange.pass.headers(received) : received;
  headers.push("content-type", "text/event-stream; charset=utf-8");
  client.sendDate = answer.headers.date === undefined;
  client.writeHead(200, "OK", headers);

  return new Promise((resolve) => {
    let isOver = false;
    // While the client does not read, it is not upstream that is silent.
    const onSilence = () => {
      if (answer.isPaused()) idle.refresh();
      else {
        breakOff(silenceText(idleMs));
        answer.destroy();
      }
    };
    const idle = setTimeout(onSilence, idleMs);
    const write = (chunks: readonly object[]) => {
      if (chunks.length === 0) return;
      const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
      sentBytes += text.length;
      if (!client.write(text)) answer.pause();
    };
    const take = (pieces: readonly Buffer[]) => {
      // What came together leaves together: a write for each event takes longer than all else.
      if (pieces.length > 0) write(eventsOf(Buffer.concat(pieces)).flatMap((event) => writer.write(event)));
    };
    const onData = (chunk: Buffer) => {
      idle.refresh();
      take(events.take([chunk]));
    };
    const onDrain = () => answer.resume();
    const onEnd = () => {
      if (!answer.complete) return onCut();
      take(events.end());
      if (events.final === null) write([{ error: lost(cutText) }]);
      finish("whole");
    };
    const onCut = () => breakOff(cutText);
    const breakOff = (why: string) => {
      if (events.final === null) write([{ error: lost(why) }]);
      finish("cut");
    };
    const stop = exchange.pass?.stop;
    const onStop = () => {
      if (stop) write([{ error: toErrorEnvelope(stop).error }]);
      finish("client-gone");
      answer.destroy();
    };
    const onLeave = () => {
      conclude("client-gone");
      answer.destroy();
    };
    const finish = (kind: Relayed["kind"]) => {
      client.end("data: [DONE]\n\n");
      conclude(kind);
    };
    const conclude = (kind: Relayed["kind"]) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(idle);
      stay();
      unstopped?.();
      client.off("drain", onDrain);
      answer.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
      answer.on("error", () => undefined);
      resolve({ kind, finalEvent: events.final, asksForTool: events.asksForTool, sentBytes });
    };
    const stay = onGone(exchange, onLeave);
    client.on("drain", onDrain);
    const unstopped = stop?.onStop(onStop);
    for (const chunk of held) onData(chunk);
    if (isGone(exchange)) return onLeave();
    if (answer.readableEnded) return onEnd();
    answer.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
    answer.resume();
  });
}

const cutText = "The connection to OpenAI was lost in the middle of the answer.";

function lost(message: string): object {
  return toErrorEnvelope({ code: "upstream_error", message }).error;
}

function eventsOf(bytes: Buffer): unknown[] {
  return parseSse(bytes.toString("utf8"))
    .map(({ data }) => parseJson(data))
    .filter((event) => textField(event, "type") !== undefined || field(event, "error") !== undefined);
}

interface Reading {
  /** What came before the stream ended, was cut or fell silent; null when that is too much. */
  readonly bytes: Buffer | null;
  readonly isWhole: boolean;
}

async function readAll(answer: IncomingMessage, held: readonly Buffer[], idleMs: number): Promise<Reading> {
  const idle = setTimeout(() => answer.destroy(), idleMs);
  const chunks = [...held];
  let size = chunks.reduce((sum, { length }) => sum + length, 0);
  try {
    for await (const chunk of answer) {
      const bytes = chunk as Buffer;
      idle.refresh();
      size += bytes.length;
      if (size > longestDocument) return { bytes: null, isWhole: false };
      chunks.push(bytes);
    }
    return { bytes: Buffer.concat(chunks), isWhole: answer.complete };
  } catch {
    return { bytes: Buffer.concat(chunks), isWhole: false };
  } finally {
    clearTimeout(idle);
  }
}
