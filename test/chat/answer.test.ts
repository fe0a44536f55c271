import { describe, expect, test } from "vitest";
import { chatDocument, ChunkWriter } from "../../src/chat/chunk.ts";

const names = { id: "chatcmpl-1", created: 1, model: "gpt-6-sol" };
const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 15,
};
const completed = { type: "response.completed", response: { status: "completed", output: [], usage } };
const delta = (text: string) => ({
  type: "response.output_text.delta",
  output_index: 0,
  content_index: 0,
  delta: text,
});

interface Choice {
  delta: {
    role?: string;
    content?: string;
    tool_calls?: unknown[];
    reasoning_content?: string;
    refusal?: string;
  };
  finish_reason: string | null;
}
type Chunk = { choices: Choice[]; usage?: unknown; id: string; error?: unknown };

function chunks(events: unknown[], includeUsage = false): Chunk[] {
  const writer = new ChunkWriter(names, { includeUsage });
  return events.flatMap((event) => writer.write(event)) as Chunk[];
}

function document(events: unknown[]) {
  const read = chatDocument(events, names);
  if (read?.kind !== "answer") throw new Error("no answer");
  return read.document as {
    choices: { message: Record<string, unknown>; finish_reason: string }[];
    usage?: unknown;
  };
}

const call = (at: number, id: string, name: string, args = "") => ({
  type: "function_call",
  id: `fc_${at}`,
  call_id: id,
  name,
  arguments: args,
});

/** Two calls at once whose item ids change between "added" and "done", with the arguments told three times. */
const parallel = [
  {
    type: "response.output_item.added",
    output_index: 1,
    item: { ...call(1, "call_a", "one"), id: "fc_tmp" },
  },
  { type: "response.output_item.added", output_index: 2, item: call(2, "call_b", "two") },
  { type: "response.function_call_arguments.delta", output_index: 2, item_id: "fc_2", delta: '{"b"' },
  { type: "response.function_call_arguments.delta", output_index: 1, item_id: "fc_tmp", delta: '{"a":1}' },
  { type: "response.function_call_arguments.delta", output_index: 2, item_id: "fc_2", delta: ":2}" },
  { type: "response.function_call_arguments.done", output_index: 1, item_id: "fc_1", arguments: '{"a":1}' },
  { type: "response.function_call_arguments.done", output_index: 2, item_id: "fc_2", arguments: '{"b":2}' },
  { type: "response.output_item.done", output_index: 1, item: call(1, "call_a", "one", '{"a":1}') },
  { type: "response.output_item.done", output_index: 2, item: call(2, "call_b", "two", '{"b":2}') },
  completed,
];

describe("a streamed answer", () => {
  test("begins with who speaks, has one id, and ends with a reason", () => {
    const all = chunks([{ type: "response.created" }, delta("Hel"), delta("lo"), completed]);
    expect(all.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: "assistant", content: "Hel" },
      { content: "lo" },
      {},
    ]);
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(["chatcmpl-1"]));
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(all.some((chunk) => "usage" in chunk)).toBe(false);
  });

  test("tells the tokens only when they were asked for, in a chunk of their own without a choice", () => {
    const all = chunks([delta("x"), completed], true);
    expect(all.map((chunk) => chunk.usage)).toEqual([
      null,
      null,
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    ]);
    expect(all.at(-1)?.choices).toEqual([]);
  });

  test("sends the arguments of parallel calls once, though they come three times under changing ids", () => {
    const deltas = chunks(parallel).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []) as {
      index: number;
      id?: string;
      function: { name?: string; arguments: string };
    }[];
    const sent = [0, 1].map((index) => {
      const mine = deltas.filter((each) => each.index === index);
      return [mine[0]?.id, mine[0]?.function.name, mine.map((each) => each.function.arguments).join("")];
    });
    expect(sent).toEqual([
      ["call_a", "one", '{"a":1}'],
      ["call_b", "two", '{"b":2}'],
    ]);
    expect(deltas.filter(({ id }) => id !== undefined)).toHaveLength(2);
    expect(chunks(parallel).at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("a call that only its last event carries is sent whole", () => {
    const item = { type: "response.output_item.done", output_index: 0, item: call(0, "call_a", "one", "{}") };
    const late = { type: "response.completed", response: { output: [call(0, "call_a", "one", "{}")] } };
    for (const events of [[item, completed], [late]]) {
      const calls = chunks(events).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
      expect(calls).toHaveLength(2);
    }
  });

  test("text that came without deltas is sent once", () => {
    const item = { type: "message", content: [{ type: "output_text", text: "whole" }] };
    const events = [
      { type: "response.output_text.done", output_index: 0, content_index: 0, text: "whole" },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { output: [item], usage } },
    ];
    const contents = chunks(events).map(({ choices }) => choices[0]?.delta.content);
    expect(contents.filter(Boolean)).toEqual(["whole"]);
  });

  const endings: [why: string, response: object, reason: string][] = [
    ["a length", { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "length"],
    [
      "a filter",
      { status: "incomplete", incomplete_details: { reason: "content_filter" } },
      "content_filter",
    ],
    ["a reason nobody knows", { status: "incomplete" }, "length"],
  ];
  test.each(endings)("an answer that %s cut says so", (_, response, reason) => {
    const all = chunks([delta("x"), { type: "response.incomplete", response }]);
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe(reason);
  });

  // OpenAI leaves the type out, and half of its clients read it.
  test("a failure is one envelope, with what OpenAI said in it and nothing missing", () => {
    const said = { code: "bio_policy", message: "no" };
    const error = { ...said, type: "invalid_request_error" };
    expect(chunks([delta("x"), { type: "response.failed", response: { error: said } }]).at(-1)).toEqual({
      error,
    });
    expect(chunks([{ type: "error", error: said }])).toEqual([{ error }]);
    expect(chunks([{ type: "error", ...said }])).toEqual([{ error }]);
    const unnamed = {
      code: "upstream_error",
      type: "server_error",
      message: expect.stringMatching(/\w/) as string,
    };
    expect(chunks([{ type: "response.failed", response: {} }])).toEqual([{ error: unnamed }]);
  });

  test("custom tools, refusals and reasoning have their own fields", () => {
    const all = chunks([
      { type: "response.reasoning_summary_text.delta", delta: "hm" },
      { type: "response.refusal.delta", output_index: 0, content_index: 0, delta: "no" },
      {
        type: "response.output_item.added",
        output_index: 1,
        item: { type: "custom_tool_call", call_id: "c", name: "sh" },
      },
      { type: "response.custom_tool_call_input.delta", output_index: 1, delta: "ls" },
      completed,
    ]).map(({ choices }) => choices[0]?.delta);
    expect(all).toEqual([
      { role: "assistant", content: "", reasoning_content: "hm" },
      { refusal: "no" },
      { tool_calls: [{ index: 0, id: "c", type: "custom", custom: { name: "sh", input: "" } }] },
      { tool_calls: [{ index: 0, custom: { input: "ls" } }] },
      {},
    ]);
  });
});

describe("an answer as one document", () => {
  test("has text, reason and tokens", () => {
    const { choices, usage: tokens } = document([delta("Hel"), delta("lo"), completed]);
    expect(choices[0]).toMatchObject({
      message: { role: "assistant", content: "Hello" },
      finish_reason: "stop",
    });
    expect(tokens).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 });
  });

  test("has its calls and says tool_calls", () => {
    const { choices } = document(parallel);
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(choices[0]?.message).toMatchObject({
      content: null,
      tool_calls: [
        { id: "call_a", type: "function", function: { name: "one", arguments: '{"a":1}' } },
        { id: "call_b", type: "function", function: { name: "two", arguments: '{"b":2}' } },
      ],
    });
  });

  test("is none where the events end without an end, and a failure where they end in one", () => {
    expect(chatDocument([delta("x")], names)).toBeNull();
    const failed = [delta("x"), { type: "response.failed", response: { error: { code: "server_error" } } }];
    expect(chatDocument(failed, names)).toEqual({ kind: "failed" });
  });
});
