import type { ServerResponse } from "node:http";
import { errorBody, refuses, type Received, type Scene } from "../../support/openai/responses.ts";

// What upstream answers to a client whose last text says "scene:<name>": each one is a trap that other gateways fell
// into. The clients of this folder say the names and look at what their library makes of the answer.

type Event = Readonly<Record<string, unknown>>;

const response = { id: "resp_1", object: "response", created_at: 1_764_400_000, model: "gpt-6-sol" };
const created = { type: "response.created", response: { ...response, status: "in_progress", output: [] } };
const usage = {
  input_tokens: 11,
  input_tokens_details: { cached_tokens: 3 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 16,
};

/** `output` is empty, as the backend often sends it. */
function end(type = "response.completed", more: object = {}): Event {
  const status = type === "response.completed" ? "completed" : "incomplete";
  return { type, response: { ...response, status, output: [], usage, ...more } };
}

function says(text: string): Event[] {
  const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
  const part = { type: "output_text", text, annotations: [] };
  const item = { type: "message", id: "msg_1", role: "assistant", status: "completed", content: [part] };
  const half = Math.ceil(text.length / 2);
  return [
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    },
    { type: "response.content_part.added", ...place, part: { ...part, text: "" } },
    { type: "response.output_text.delta", ...place, delta: text.slice(0, half) },
    { type: "response.output_text.delta", ...place, delta: text.slice(half) },
    { type: "response.output_text.done", ...place, text },
    { type: "response.content_part.done", ...place, part },
    { type: "response.output_item.done", output_index: 0, item },
  ];
}

/** One call of a tool; its arguments come three times, and its item has another id when it is done. */
function calls(name: string, given: object, at = 0): Event[] {
  const text = JSON.stringify(given);
  const item = { type: "function_call", id: `fc_${at}_added`, call_id: `call_${at}`, name, arguments: "" };
  const half = Math.ceil(text.length / 2);
  const place = { item_id: `fc_${at}_added`, output_index: at };
  return [
    { type: "response.output_item.added", output_index: at, item: { ...item, status: "in_progress" } },
    { type: "response.function_call_arguments.delta", ...place, delta: text.slice(0, half) },
    { type: "response.function_call_arguments.delta", ...place, delta: text.slice(half) },
    { type: "response.function_call_arguments.done", ...place, arguments: text },
    {
      type: "response.output_item.done",
      output_index: at,
      item: { ...item, id: `fc_${at}_done`, arguments: text, status: "completed" },
    },
  ];
}

/** Two calls whose events are mixed, as upstream sends them when a model calls two tools at once. */
function mixed(): Event[] {
  const [one, other] = [calls("weather", { city: "Rome" }, 0), calls("weather", { city: "Oslo" }, 1)];
  return one.flatMap((event, at) => [event, other[at] ?? event]);
}

const refusal = { type: "refusal", refusal: "I will not." };
const refusalItem = { type: "message", id: "msg_1", role: "assistant", content: [refusal] };

const streams: Readonly<Record<string, readonly Event[]>> = {
  text: [created, ...says("hello"), end()],
  "no-deltas": [created, ...says("hello").filter(({ type }) => !String(type).endsWith(".delta")), end()],
  reasoning: [
    created,
    { type: "response.reasoning_summary_text.delta", output_index: 0, delta: "thinking" },
    ...says("hello"),
    end(),
  ],
  call: [created, ...calls("weather", { city: "Rome" }), end()],
  calls: [created, ...mixed(), end()],
  "text-and-call": [created, ...says("Let me look."), ...calls("weather", { city: "Rome" }, 1), end()],
  object: [created, ...says('{"city":"Rome","degrees":21}'), end()],
  length: [
    created,
    ...says("hel"),
    end("response.incomplete", { incomplete_details: { reason: "max_output_tokens" } }),
  ],
  filter: [
    created,
    ...says("hel"),
    end("response.incomplete", { incomplete_details: { reason: "content_filter" } }),
  ],
  refusal: [
    created,
    { type: "response.refusal.delta", output_index: 0, content_index: 0, delta: "I will not." },
    { type: "response.output_item.done", output_index: 0, item: refusalItem },
    end(),
  ],
  cut: [created, ...says("hello").slice(0, 3)],
  "fails-late": [
    created,
    ...says("hello").slice(0, 3),
    { type: "response.failed", response: { ...response, status: "failed", ...errorBody("server_error") } },
  ],
};

const refused: Readonly<Record<string, readonly [status: number, body: object | string]>> = {
  "no-accounts": [429, errorBody("usage_limit_reached", { resets_in_seconds: 7200, plan_type: "plus" })],
  "upstream-400": [
    400,
    {
      error: {
        message: "No such tool.",
        type: "invalid_request_error",
        code: "unknown_tool",
        param: "tools.0",
      },
    },
  ],
  unreadable: [418, "<html>teapot</html>"],
};

/** Answers each request with the scene that it names. */
export const answersByName: Scene = (response, received) => {
  const name = sceneName(received);
  const refusing = refused[name];
  if (refusing) return refuses(...refusing)(response, received);
  response.writeHead(200, { "content-type": "text/event-stream", "x-request-id": "req_upstream" });
  for (const event of streams[name] ?? streams["text"] ?? []) write(response, event);
  if (name === "cut") setTimeout(() => response.socket?.resetAndDestroy(), 50);
  else response.end();
};

function write(response: ServerResponse, event: Event): void {
  response.write(`event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Of the last text in the body that names one. */
function sceneName({ body }: Pick<Received, "body">): string {
  return [...body.toString("utf8").matchAll(/scene:([a-z0-9-]+)/g)].at(-1)?.[1] ?? "text";
}
