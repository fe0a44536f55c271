import { responseFailedEvent } from "../../errors/stream-failure.ts";
import { parseJson } from "../../text/json.ts";
import type { ProxyAnswer } from "../answers/refusals.ts";
import { silenceText } from "../answers/relay.ts";
import { textFrame } from "./frames.ts";

/** An answer as over HTTP, in the form that it has inside a WebSocket. */
export function errorFrame({ status, headers, body }: ProxyAnswer): Buffer {
  const { "content-type": _, ...told } = headers;
  const said = parseJson(body);
  // Codex shows the text of this one code as it is and asks no more; of an error frame it shows the whole JSON.
  const event = said
    ? { type: "error", status, ...said, headers: told }
    : responseFailedEvent({ code: "invalid_prompt", type: "invalid_request_error", message: body });
  return textFrame(JSON.stringify(event));
}

/** The end of an answer that upstream has left in the middle. */
export function silenceFrame(idleMs: number): Buffer {
  const event = responseFailedEvent({ code: "upstream_error", message: silenceText(idleMs) });
  return textFrame(JSON.stringify(event));
}
