// What the backend of many streams says, event by event, so that both sides know every byte of it.
const sse = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

/** The events of a whole answer of an account. */
export function eventsOf(id, { events, tokens }) {
  const name = `resp_${tokens}`;
  const deltas = Array.from({ length: events }, (_, at) =>
    sse("response.output_text.delta", { delta: `${at} ${id} `.repeat(10) }),
  );
  const usage = { input_tokens: tokens, output_tokens: 1 };
  return [
    sse("response.created", { response: { id: name } }),
    ...deltas,
    sse("response.completed", { response: { id: name, usage } }),
  ];
}

/** `whole`; `cut` behind a whole event, with the proxy's own word about it; else `torn`. */
export function shapeOf(text, id, asked) {
  const events = eventsOf(id, asked);
  if (text === events.join("")) return "whole";
  const last = text.lastIndexOf("event: response.failed\n");
  const before = last < 0 ? text : text.slice(0, last);
  let whole = "";
  for (const event of events) {
    if (whole === before) break;
    whole += event;
  }
  return last >= 0 && whole === before && isEvent(text.slice(last)) ? "cut" : "torn";
}

function isEvent(text) {
  const data = /^event: response\.failed\ndata: (.*)\n\n$/.exec(text)?.[1];
  try {
    return JSON.parse(data ?? "").type === "response.failed";
  } catch {
    return false;
  }
}
