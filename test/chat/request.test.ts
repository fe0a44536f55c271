import { describe, expect, test } from "vitest";
import { readChatRequest } from "../../src/chat/request.ts";
import { paramFromPath } from "../../src/errors/envelope.ts";

const dialect = "http://json-schema.org/draft-07/schema#";
const hello = { role: "user", content: "Hello" };
const chat = (extra: object = {}) => ({ model: "gpt-6-sol", messages: [hello], ...extra });

function ready(body: unknown) {
  const read = readChatRequest(body);
  if (read.kind !== "ready") throw new Error(`${read.kind}: ${read.issue.message}`);
  return read;
}

describe("a request that cannot be one", () => {
  const cases: [body: unknown, kind: "missing" | "invalid", param: string | undefined][] = [
    [null, "missing", undefined],
    [[], "missing", undefined],
    [{}, "missing", "model"],
    [{ model: "m" }, "missing", "messages"],
    [chat({ messages: [] }), "invalid", "messages"],
    [chat({ messages: "hi" }), "invalid", "messages"],
    [chat({ model: 5 }), "invalid", "model"],
    [chat({ messages: [{ role: "user", content: 5 }] }), "invalid", "messages.0.content"],
    [chat({ messages: [hello, { role: "king", content: "x" }] }), "invalid", "messages.1.role"],
    [chat({ temperature: 3 }), "invalid", "temperature"],
    [chat({ stream: "yes" }), "invalid", "stream"],
    [chat({ n: 2 }), "invalid", "n"],
    [chat({ modalities: ["text", "audio"] }), "invalid", "modalities"],
    [chat({ tools: [{ type: "function", function: { name: "" } }] }), "invalid", "tools.0.function.name"],
    [chat({ messages: [{ role: "tool", content: "x" }] }), "invalid", "messages.0.tool_call_id"],
    [
      chat({ messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }] }),
      "invalid",
      "messages.0.content.0.file.file_id",
    ],
    [
      chat({ messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] }),
      "invalid",
      "messages.0.content.0.input_audio",
    ],
    [chat({ response_format: { type: "json_schema" } }), "invalid", "response_format.json_schema"],
  ];
  test.each(cases)("%j", (body, kind, param) => {
    const read = readChatRequest(body);
    expect(read.kind).toBe(kind);
    expect(read.kind === "ready" ? "" : paramFromPath(read.issue.path)).toBe(param);
  });
});

test("system messages at the start are the instructions, later ones are the developer's", () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "developer", content: [{ type: "text", text: "And kind." }] },
    hello,
    { role: "system", content: "Now in French." },
  ];
  const { body } = ready(chat({ messages }));
  expect(body["instructions"]).toBe("Be brief.\n\nAnd kind.");
  expect(body["input"]).toEqual([
    { type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] },
    { type: "message", role: "developer", content: [{ type: "input_text", text: "Now in French." }] },
  ]);
});

test("calls and their outputs become items, and unknown keys of a message are not passed on", () => {
  const messages = [
    { ...hello, annotations: [], extra: true },
    {
      role: "assistant",
      content: null,
      reasoning_content: "private",
      tool_calls: [
        { id: "a", type: "function", index: 0, function: { name: "one", arguments: "{}" } },
        { id: "b", type: "custom", custom: { name: "sh", input: "ls" } },
      ],
    },
    { role: "tool", tool_call_id: "a", content: "done", extra: true },
    {
      role: "tool",
      tool_call_id: "b",
      content: [
        { type: "text", text: "one" },
        { type: "text", text: "two" },
      ],
    },
  ];
  expect(ready(chat({ messages })).body["input"]).toEqual([
    { type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] },
    { type: "function_call", call_id: "a", name: "one", arguments: "{}" },
    { type: "custom_tool_call", call_id: "b", name: "sh", input: "ls" },
    { type: "function_call_output", call_id: "a", output: "done" },
    { type: "function_call_output", call_id: "b", output: "one\ntwo" },
  ]);
});

test("images and files travel in the form of the Responses API", () => {
  const content = [
    { type: "text", text: "Look" },
    { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } },
    { type: "file", file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" } },
  ];
  const [item] = ready(chat({ messages: [{ role: "user", content }] })).body["input"] as {
    content: unknown;
  }[];
  expect(item?.content).toEqual([
    { type: "input_text", text: "Look" },
    { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" },
    { type: "input_file", file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" },
  ]);
});

test("tools lose one level and the name of their dialect; omitted tools stay omitted", () => {
  const parameters = { $schema: dialect, type: "object", properties: {} };
  const tools = [
    { type: "function", function: { name: "one", description: "d", parameters, strict: true } },
    { type: "function", function: { name: "bare" } },
    { type: "web_search" },
  ];
  const choice = { type: "function", function: { name: "one" } };
  const { body } = ready(chat({ tools, tool_choice: choice, parallel_tool_calls: false }));
  expect(body).toMatchObject({
    tools: [
      {
        type: "function",
        name: "one",
        description: "d",
        strict: true,
        parameters: { type: "object", properties: {} },
      },
      { type: "function", name: "bare", parameters: { type: "object", properties: {} } },
      { type: "web_search" },
    ],
    tool_choice: { type: "function", name: "one" },
    parallel_tool_calls: false,
  });
  expect(JSON.stringify(body)).not.toContain("$schema");
  expect(ready(chat()).body).not.toHaveProperty("tools");
  expect(ready(chat()).body).not.toHaveProperty("tool_choice");
});

test("what the backend does not take is left out, what it takes is kept", () => {
  const { body, wants } = ready(
    chat({
      temperature: 1,
      top_p: 0.5,
      stop: ["x"],
      max_tokens: 5,
      seed: 1,
      user: "u",
      metadata: {},
      n: 1,
      reasoning_effort: "ultra",
      verbosity: "low",
      service_tier: "flex",
      prompt_cache_key: "k",
      stream: true,
      stream_options: { include_usage: true },
      response_format: {
        type: "json_schema",
        json_schema: { name: "s", schema: { $schema: dialect, type: "object" }, strict: true },
      },
    }),
  );
  expect(Object.keys(body).toSorted()).toEqual(
    "input instructions model prompt_cache_key reasoning service_tier store stream text".split(" "),
  );
  expect(body).toMatchObject({
    reasoning: { effort: "ultra" },
    text: {
      verbosity: "low",
      format: { type: "json_schema", name: "s", schema: { type: "object" }, strict: true },
    },
  });
  expect(JSON.stringify(body)).not.toContain("$schema");
  expect(wants).toEqual({ stream: true, includeUsage: true, model: "gpt-6-sol" });
});

test("a body in the shape of the Responses API is taken as it is", () => {
  const { body } = ready({
    model: "m",
    input: [{ role: "user", content: "x" }],
    instructions: "i",
    stream: false,
  });
  expect(body).toEqual({
    model: "m",
    input: [{ role: "user", content: "x" }],
    instructions: "i",
    store: false,
    stream: true,
  });
});
