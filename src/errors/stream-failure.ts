import { defined, field, isRecord, numberField, parseJson, textField } from "../text/json.ts";
import { type ErrorEnvelope, type ErrorEnvelopeInput, toErrorEnvelope } from "./envelope.ts";
import { readUpstreamError, type UpstreamError } from "./upstream-body.ts";

/** An error event inside an SSE stream. */
export interface SseErrorEvent extends ErrorEnvelope {
  readonly type: "error";
  readonly sequence_number?: number | undefined;
}

/** The event that ends a failed response. */
export interface ResponseFailedEvent {
  readonly type: "response.failed";
  readonly sequence_number?: number | undefined;
  readonly response: {
    readonly object: "response";
    readonly id?: string | undefined;
    readonly created_at?: number | undefined;
    readonly status: "failed";
    readonly error: ErrorEnvelope["error"];
    readonly incomplete_details: null;
  };
}

/** An error frame of the WebSocket transport. */
export interface WebSocketErrorFrame extends ErrorEnvelope {
  readonly type: "error";
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A failure read out of a stream. */
export interface StreamFailure {
  readonly event: "error" | "response.failed" | "response.incomplete";
  readonly error: UpstreamError;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly responseId?: string | undefined;
  /** Unix seconds. */
  readonly createdAtSec?: number | undefined;
  readonly sequenceNumber?: number | undefined;
}

/** Builds `{"type":"error","error":{…}}`, for an error before or inside an SSE stream. */
export function sseErrorEvent(detail: ErrorEnvelopeInput, sequenceNumber?: number): SseErrorEvent {
  return defined({ type: "error", ...toErrorEnvelope(detail), sequence_number: sequenceNumber });
}

/** Builds the well-formed end of a response that failed. `createdAtSec` is unix seconds. */
export function responseFailedEvent(
  detail: ErrorEnvelopeInput,
  {
    id,
    createdAtSec,
    sequenceNumber,
  }: {
    id?: string | undefined;
    createdAtSec?: number | undefined;
    sequenceNumber?: number | undefined;
  } = {},
): ResponseFailedEvent {
  const { error } = toErrorEnvelope(detail);
  const response = { object: "response", id, created_at: createdAtSec, status: "failed", error } as const;
  return defined({
    type: "response.failed",
    sequence_number: sequenceNumber,
    response: { ...defined(response), incomplete_details: null },
  });
}

/** Builds an error frame of the WebSocket transport. */
export function webSocketErrorFrame(
  status: number,
  detail: ErrorEnvelopeInput,
  headers?: Readonly<Record<string, string>>,
): WebSocketErrorFrame {
  return defined({ type: "error", status, ...toErrorEnvelope(detail), headers });
}

/** One event as it goes over the wire. JSON holds no line break, so one data line is enough. */
export function formatSse(event: { readonly type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * Reads a failure out of one event of a Responses stream: the parsed `data` of an SSE event, its JSON text, or a
 * WebSocket frame. Takes the nested and the flat form of `error`. Undefined for an event that reports no failure.
 */
export function parseStreamFailure(event: unknown): StreamFailure | undefined {
  const value = typeof event === "string" ? parseJson(event) : event;
  switch (field(value, "type")) {
    case "error":
      return fromErrorEvent(value);
    case "response.failed":
      return fromResponse("response.failed", value);
    case "response.incomplete":
      return fromResponse("response.incomplete", value);
    default:
      return undefined;
  }
}

function fromErrorEvent(value: unknown): StreamFailure {
  const nested = field(value, "error");
  const headers = field(value, "headers");
  return defined<StreamFailure>({
    event: "error",
    error: isRecord(nested) ? readUpstreamError({ error: nested }) : flatError(value),
    status: numberField(value, "status") ?? numberField(value, "status_code"),
    headers: isRecord(headers) ? headers : undefined,
    sequenceNumber: numberField(value, "sequence_number"),
  });
}

/** `{"type":"error","code":…,"message":…}`: here `type` names the event, not the error. */
function flatError(value: unknown): UpstreamError {
  const { type: _, ...error } = readUpstreamError(value);
  return error;
}

function fromResponse(event: StreamFailure["event"], value: unknown): StreamFailure {
  const response = field(value, "response");
  const error = field(response, "error");
  return defined<StreamFailure>({
    event,
    error: isRecord(error) ? readUpstreamError({ error }) : incompleteError(response),
    responseId: textField(response, "id"),
    createdAtSec: numberField(response, "created_at"),
  });
}

function incompleteError(response: unknown): UpstreamError {
  const reason = textField(field(response, "incomplete_details"), "reason");
  return reason === undefined ? {} : { message: `Incomplete response returned, reason: ${reason}` };
}

/** One event of a `text/event-stream`. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Splits a whole `text/event-stream` transcript into its events: LF, CR or CRLF, several `data` lines, comments
 * skipped, and the last event even when the stream was cut before its blank line. Linear in the text.
 */
export function parseSse(transcript: string): SseEvent[] {
  const events: SseEvent[] = [];
  let event = "message";
  let data: string[] = [];
  for (const line of [...transcript.split(/\r\n|\n|\r/), ""]) {
    if (line === "") {
      if (data.length > 0) events.push({ event, data: data.join("\n") });
      [event, data] = ["message", []];
    } else if (line.startsWith("data:")) {
      data.push(fieldValue(line, 5));
    } else if (line.startsWith("event:")) {
      event = fieldValue(line, 6);
    }
  }
  return events;
}

function fieldValue(line: string, at: number): string {
  return line.slice(line[at] === " " ? at + 1 : at);
}
