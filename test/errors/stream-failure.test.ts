import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatSse,
  parseSse,
  parseStreamFailure,
  responseFailedEvent,
  sseErrorEvent,
  webSocketErrorFrame,
} from "../../src/errors/stream-failure.ts";

const detail = {
  message: "limit",
  type: "usage_limit_reached",
  code: "usage_limit_reached",
  resetsAtSec: 1795226400,
};
const error = {
  message: "limit",
  type: "usage_limit_reached",
  code: "usage_limit_reached",
  resets_at: 1795226400,
};

test("an SSE error event goes both ways", () => {
  const event = sseErrorEvent(detail, 4);
  expect(event).toEqual({ type: "error", error, sequence_number: 4 });
  expect(sseErrorEvent(detail)).not.toHaveProperty("sequence_number");
  expect(parseStreamFailure(event)).toEqual({ event: "error", error: detail, sequenceNumber: 4 });
});

test("response.failed goes both ways", () => {
  const event = responseFailedEvent(detail, { id: "resp_1", createdAtSec: 1795219200 });
  expect(event).toEqual({
    type: "response.failed",
    response: {
      object: "response",
      id: "resp_1",
      created_at: 1795219200,
      status: "failed",
      error,
      incomplete_details: null,
    },
  });
  expect(parseStreamFailure(event)).toEqual({
    event: "response.failed",
    error: detail,
    responseId: "resp_1",
    createdAtSec: 1795219200,
  });
});

test("response.failed needs neither id nor time", () => {
  const { response } = responseFailedEvent(detail);
  expect(Object.keys(response)).toEqual(["object", "status", "error", "incomplete_details"]);
});

test("a WebSocket error frame goes both ways", () => {
  const frame = webSocketErrorFrame(429, detail, { "x-codex-active-limit": "codex" });
  expect(frame).toEqual({ type: "error", status: 429, error, headers: { "x-codex-active-limit": "codex" } });
  expect(parseStreamFailure(JSON.stringify(frame))).toEqual({
    event: "error",
    error: detail,
    status: 429,
    headers: { "x-codex-active-limit": "codex" },
  });
});

test("the flat error event of the API is read too", () => {
  const event = { type: "error", code: "server_error", message: "Boom", param: null, sequence_number: 1 };
  expect(parseStreamFailure(event)).toEqual({
    event: "error",
    error: { code: "server_error", message: "Boom" },
    sequenceNumber: 1,
  });
});

test.each([[{ type: "response.completed" }], [{ type: "response.created" }], [{}], [null], ["[DONE]"], [7]])(
  "%j is no failure",
  (event) => {
    expect(parseStreamFailure(event)).toBeUndefined();
  },
);

test("what is written as SSE is read back, whatever the text", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (messages) => {
      const events = messages.map((message) => sseErrorEvent({ message, code: "server_error" }));
      const read = parseSse(events.map(formatSse).join(": keep-alive\n\n"));
      expect(read.map(({ event }) => event)).toEqual(events.map(() => "error"));
      expect(read.map(({ data }) => JSON.parse(data))).toEqual(events);
    }),
  );
});

test("SSE is read with CR, CRLF, several data lines, and when it was cut", () => {
  expect(parseSse("event: a\r\ndata: 1\r\ndata:2\r\n\r\ndata: 3\r\rdata: 4")).toEqual([
    { event: "a", data: "1\n2" },
    { event: "message", data: "3" },
    { event: "message", data: "4" },
  ]);
});
