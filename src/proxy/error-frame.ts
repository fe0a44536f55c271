import { parseJson } from "../errors/json-value.ts";
import type { ProxyAnswer } from "../errors/proxy-answer.ts";
import { responseFailedEvent } from "../errors/stream-failure.ts";
import { textFrame } from "./frames.ts";
import { silenceText } from "./relay.ts";

/** An answer as over HTTP, in the form that it has inside a WebSocket. */
export function errorFrame({ status, headers, body }: ProxyAnswer): Buffer {
  const { "content-type": _, ...told } = headers;
  const said = parseJson(body) ?? {
    error: { message: body, type: "invalid_request_error", code: "no_accounts" },
  };
  return textFrame(JSON.stringify({ type: "error", status, ...said, headers: told }));
}

/** The end of an answer that upstream has left in the middle. */
export function silenceFrame(idleMs: number): Buffer {
  const event = responseFailedEvent({ code: "upstream_error", message: silenceText(idleMs) });
  return textFrame(JSON.stringify(event));
}
