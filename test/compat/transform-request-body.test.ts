import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  transformRequestBody,
  type TransformRequestBodyParams,
} from "../../src/compat/transform-request-body.ts";
import { callLoosely } from "../support/call-loosely.ts";

type Options = Omit<TransformRequestBodyParams, "body" | "codexInstructions">;

function transform(body: object, options: Options = {}) {
  return transformRequestBody({ body: { ...body }, codexInstructions: "Be good.", ...options });
}

const call = (call_id: string, more: object = {}) => ({
  type: "function_call",
  call_id,
  name: "ls",
  arguments: "{}",
  ...more,
});
const output = (call_id: string, more: object = {}) => ({
  type: "function_call_output",
  call_id,
  output: "done",
  ...more,
});
const user = (text: string) => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });

test("a request becomes stateless and streamed, with encrypted reasoning and our instructions", async () => {
  const body = {
    model: "gpt-5.5",
    input: "hi",
    store: true,
    stream: false,
    max_output_tokens: 9,
    max_completion_tokens: 9,
  };
  expect(await transform({ ...body, instructions: "old", temperature: 1 })).toEqual({
    model: "gpt-5.5",
    input: [user("hi")],
    store: false,
    stream: true,
    instructions: "Be good.",
    include: ["reasoning.encrypted_content"],
    reasoning: { effort: "medium", summary: "auto" },
    text: { verbosity: "medium" },
    temperature: 1,
  });
});

test("empty instructions keep those of the body", async () => {
  const { instructions } = await transformRequestBody({ instructions: "mine" }, "");
  expect(instructions).toBe("mine");
});

test("ids and references go, the rest of an item stays", async () => {
  const input = [
    { ...user("hi"), id: "msg_1", extra: 1 },
    { type: "item_reference", id: "rs_1" },
  ];
  expect((await transform({ input })).input).toEqual([{ ...user("hi"), extra: 1 }]);
});

test("an output without its call becomes an assistant message", async () => {
  const input = [output("c1"), output("c2", { output: [{ type: "input_text", text: "x" }], name: "grep" })];
  const { input: items } = await transform({ input });
  expect(items?.map((item) => item["role"])).toEqual(["assistant", "assistant"]);
  expect(JSON.stringify(items)).toContain("[Earlier output of tool, call c1] done");
  expect(JSON.stringify(items)).toContain("Earlier output of grep, call c2");
});

test.each([
  ["function_call", "function_call_output"],
  ["local_shell_call", "local_shell_call_output"],
  ["shell_call", "shell_call_output"],
  ["custom_tool_call", "custom_tool_call_output"],
])("a %s without its output gets one", async (type, outputType) => {
  const { input } = await transform({ input: [{ type, call_id: "c1" }, user("go on")] });
  expect(input).toEqual([
    { type, call_id: "c1" },
    { type: outputType, call_id: "c1", output: "No output was recorded for this call." },
    user("go on"),
  ]);
});

test("a call with its output, and a call that only an id ties to it, stay as they are", async () => {
  const shell = [
    { type: "local_shell_call", id: "ls_1" },
    { type: "local_shell_call_output", id: "ls_1", output: "x" },
  ];
  expect((await transform({ input: [call("c1"), output("c1")] })).input).toEqual([call("c1"), output("c1")]);
  expect((await transform({ input: shell })).input?.[0]).toEqual({
    type: "local_shell_call",
    call_id: "ls_1",
  });
});

test("after previous_response_id the calls may stand in that response", async () => {
  const body = { previous_response_id: "resp_1", input: [output("c1")] };
  expect((await transform(body)).input).toEqual([output("c1")]);
});

test("tool schemas lose the keywords that the backend refuses", async () => {
  const parameters = {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: {
      not: { type: "string", const: "x", examples: ["x"] },
      list: { type: "array", items: { type: "object", patternProperties: { a: {} } } },
      either: { anyOf: [{ type: "string", $comment: "c" }, { type: "null" }] },
    },
    required: ["not", "gone"],
    additionalProperties: false,
    if: { type: "object" },
  };
  const { tools } = await transform({
    tools: [{ type: "function", name: "f", parameters }, { type: "web_search" }],
  });
  expect(tools).toEqual([
    {
      type: "function",
      name: "f",
      parameters: {
        type: "object",
        properties: {
          not: { type: "string", enum: ["x"] },
          list: { type: "array", items: { type: "object" } },
          either: { anyOf: [{ type: "string" }, { type: "null" }] },
        },
        required: ["not"],
        additionalProperties: false,
      },
    },
    { type: "web_search" },
  ]);
});

const provider = {
  providerOptions: { openai: { reasoningEffort: "low", textVerbosity: "low", reasoningSummary: "concise" } },
};
const userConfig = {
  global: { reasoningEffort: "high", textVerbosity: "high", reasoningSummary: "detailed", include: ["a"] },
  models: { "gpt-5.5": { options: { reasoningEffort: "xhigh" } } },
};

test.each([
  ["the body first", { reasoning: { effort: "none" }, ...provider }, userConfig, "none"],
  ["then the name", { model: "gpt-5.5-medium", ...provider }, userConfig, "medium"],
  ["then the provider's options", provider, userConfig, "low"],
  ["then the model's configuration", {}, userConfig, "xhigh"],
  ["then the global one", {}, { global: userConfig.global }, "high"],
  ["then the default", {}, {}, "medium"],
])("effort: %s", async (_, body, config, effort) => {
  const { reasoning } = await transform({ model: "gpt-5.5", ...body }, { userConfig: config });
  expect(reasoning).toMatchObject({ effort });
});

test("summary, verbosity and include follow the same order, and other fields of text stay", async () => {
  const made = await transform(
    { model: "gpt-5.5", text: { format: { type: "text" } }, ...provider },
    { userConfig },
  );
  expect(made["reasoning"]).toEqual({ effort: "low", summary: "concise" });
  expect(made["text"]).toEqual({ format: { type: "text" }, verbosity: "low" });
  expect(made.include).toEqual(["a", "reasoning.encrypted_content"]);
  expect(made).not.toHaveProperty("providerOptions");
});

test.each([
  ["gpt-5", "none", "minimal"],
  ["gpt-5", "xhigh", "high"],
  ["gpt-5.1", "minimal", "low"],
  ["gpt-5-codex", "none", "low"],
  ["gpt-5.1-codex-mini", "low", "medium"],
  ["gpt-5.1-codex-max", "xhigh", "xhigh"],
  ["gpt-5.2-codex", "minimal", "low"],
  ["gpt-5.5", "xhigh", "xhigh"],
  ["my-own-model", "xhigh", "xhigh"],
  // Codex 0.171 offers them on 13 of its 14 models; they became medium.
  ["gpt-6.2-sol", "max", "max"],
  ["gpt-6.2-sol", "ultra", "ultra"],
  ["gpt-5.6-terra", "ultra", "ultra"],
  ["gpt-5.6-luna", "max", "max"],
  ["codex-auto-review", "max", "max"],
  ["my-own-model", "max", "max"],
  // The fourteenth, and older ones: the most that they have.
  ["gpt-5.5", "max", "xhigh"],
  ["gpt-5.1-codex-max", "ultra", "xhigh"],
  ["gpt-5-codex", "max", "high"],
  // An effort that nobody knows is upstream's to judge, on every model.
  ["gpt-6.2-sol", "colossal", "colossal"],
  ["gpt-5.5", "colossal", "colossal"],
  ["gpt-5.6-sol", "minimal", "minimal"],
])("%s asked for %s gets %s", async (model, wanted, effort) => {
  const { reasoning } = await transform({ model, reasoning: { effort: wanted } });
  expect(reasoning).toMatchObject({ effort });
});

test("verbosity and summary that nobody knows pass through, from the body and from every layer", async () => {
  const body = { model: "gpt-6.2-sol", text: { verbosity: "terse" }, reasoning: { summary: "none" } };
  expect(await transform(body)).toMatchObject({
    text: { verbosity: "terse" },
    reasoning: { effort: "medium", summary: "none" },
  });
  const odd = { reasoningEffort: "colossal", reasoningSummary: "none", textVerbosity: "terse" };
  for (const [more, config] of [
    [{ providerOptions: { openai: odd } }, {}],
    [{}, { models: { "gpt-6.2-sol": { options: odd } } }],
    [{}, { global: odd }],
  ] as const)
    expect(await transform({ model: "gpt-6.2-sol", ...more }, { userConfig: config })).toMatchObject({
      text: { verbosity: "terse" },
      reasoning: { effort: "colossal", summary: "none" },
    });
});

test("what is no text is no effort", async () => {
  for (const effort of [null, 5, {}, ""])
    expect((await transform({ model: "gpt-6.2-sol", reasoning: { effort } }))["reasoning"]).toMatchObject({
      effort: "medium",
    });
});

test("promptCacheRetention is kept: body first, then the provider's options, the model's and the global ones", async () => {
  const openai = { promptCacheRetention: "24h", promptCacheKey: "k", serviceTier: "flex" };
  const layered = { models: { "gpt-5.5": { options: { promptCacheRetention: "1h" } } }, global: openai };
  const retention = async (body: object, config: Options["userConfig"] = {}) =>
    (await transform({ model: "gpt-5.5", ...body }, { userConfig: config }))["prompt_cache_retention"];
  expect(await retention({ prompt_cache_retention: "in-memory", providerOptions: { openai } })).toBe(
    "in-memory",
  );
  expect(await retention({ providerOptions: { openai } }, layered)).toBe("24h");
  expect(await retention({}, layered)).toBe("1h");
  expect(await retention({ model: "x" }, layered)).toBe("24h");
  expect(await transform({ model: "gpt-5.5" })).not.toHaveProperty("prompt_cache_retention");
  expect(await transform({ providerOptions: { openai } })).toMatchObject({
    prompt_cache_key: "k",
    service_tier: "flex",
  });
});

test("tools, items and fields that nobody knows pass through as they are", async () => {
  const tools = [
    { type: "glorp_search", depth: 3 },
    { type: "custom", name: "x", format: { type: "grammar" } },
  ];
  const input = [
    { type: "glorp_call", call_id: "g1", payload: 1 },
    { type: "glorp_call_output", call_id: "g1" },
  ];
  const more = { glorp: { deep: [1] }, service_tier: "flex", text: { glorp: 1 }, reasoning: { glorp: 2 } };
  const made = await transform({ model: "gpt-6.2-sol", tools, input, ...more });
  expect(made).toMatchObject({ tools, input, glorp: { deep: [1] }, service_tier: "flex" });
  expect(made).toMatchObject({ text: { glorp: 1 }, reasoning: { glorp: 2 } });
});

test("codex models write at medium verbosity, older models take no reasoning", async () => {
  expect((await transform({ model: "gpt-5-codex", text: { verbosity: "high" } }))["text"]).toEqual({
    verbosity: "medium",
  });
  expect(await transform({ model: "gpt-4.1" })).not.toHaveProperty("reasoning");
});

test.each([
  ["openai/gpt-5.5", "gpt-5.5"],
  ["gpt-5.5-high", "gpt-5.5"],
  ["openai/gpt-5.1-codex-max-xhigh", "gpt-5.1-codex-max"],
  ["gpt-5-codex-mini-high", "gpt-5.1-codex-mini"],
  ["codex-mini-latest", "gpt-5.1-codex-mini"],
  // A name of its own, and no effort.
  ["gpt-5.1-codex-max", "gpt-5.1-codex-max"],
])("the model %s is %s", async (name, model) => {
  expect((await transform({ model: name })).model).toBe(model);
});

test.each([
  ["gpt-6.2-sol-max", "gpt-6.2-sol", "max"],
  ["openai/gpt-6-sol-Ultra", "gpt-6-sol", "ultra"],
  ["gpt-daybreak-blue-latest-ultra", "gpt-daybreak-blue-latest", "ultra"],
  ["codex-auto-review-max", "codex-auto-review", "max"],
  ["gpt-5.1-codex-max-high", "gpt-5.1-codex-max", "high"],
  ["gpt-5.1-codex-max", "gpt-5.1-codex-max", "medium"],
  ["llama-4-max", "llama-4-max", "medium"],
])("the name %s is %s with effort %s", async (name, model, effort) => {
  expect(await transform({ model: name })).toMatchObject({ model, reasoning: { effort } });
});

test("differs from codex-multi-auth: an unknown model passes through unchanged", async () => {
  for (const model of ["gpt-9", "llama-4-high", "My.Model:7b", "o9", "constructor", "gpt-oss-120b"]) {
    expect((await transform({ model })).model).toBe(model);
  }
  expect(await transform({})).not.toHaveProperty("model");
});

test("differs from codex-multi-auth: nothing is fetched and no text is added", async () => {
  const input = [{ type: "message", role: "developer", content: "You are a host." }, user("hi")];
  const tools = [{ type: "function", name: "f" }];
  for (const codexMode of [true, false]) {
    expect((await transform({ input, tools }, { codexMode })).input).toEqual(input);
  }
});

test("differs from codex-multi-auth: the given body is not changed", async () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const item = fc.dictionary(
    fc.constantFrom("type", "id", "call_id", "role", "content", "output", "name"),
    json,
  );
  const body = fc.record(
    {
      model: fc.constantFrom("gpt-5.5-high", "x"),
      input: fc.array(item),
      tools: fc.array(
        fc.record({ type: fc.constant("function"), parameters: fc.dictionary(fc.string(), json) }),
      ),
      include: fc.array(fc.string()),
      reasoning: json,
      text: json,
      providerOptions: json,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(body, async (given) => {
      const before = JSON.stringify(given);
      const made = await transform(given, {
        fastSession: true,
        fastSessionStrategy: "always",
        fastSessionMaxInputItems: 1,
      });
      expect(JSON.stringify(given)).toBe(before);
      expect(made).toMatchObject({ store: false, stream: true });
      expect(made.input?.every((each) => !("id" in each) && each["type"] !== "item_reference") ?? true).toBe(
        true,
      );
    }),
  );
});

test("a fast session keeps the leading instructions and the last items, and asks for less", async () => {
  const head = { type: "message", role: "developer", content: "rules" };
  const input = [head, user("1"), call("c1"), output("c1"), user("2")];
  const made = await transform(
    { model: "gpt-5.5", input },
    { fastSession: true, fastSessionMaxInputItems: 2 },
  );
  expect(made["reasoning"]).toEqual({ effort: "low", summary: "auto" });
  expect(made["text"]).toEqual({ verbosity: "low" });
  expect(made.input?.map((item) => item["role"])).toEqual(["developer", "assistant", "user"]);
});

test("a hybrid fast session does not lower a long question, an always one does", async () => {
  const body = { model: "gpt-5.5", input: "x".repeat(401), reasoning: { effort: "high" } };
  expect((await transform(body, { fastSession: true }))["reasoning"]).toMatchObject({ effort: "high" });
  const always = await transform(body, { fastSession: true, fastSessionStrategy: "always" });
  expect(always["reasoning"]).toMatchObject({ effort: "low" });
});

test("deferred trimming leaves every item", async () => {
  const input = Array.from({ length: 40 }, (_, at) => user(String(at)));
  const trimmed = await transform({ input }, { fastSession: true });
  const deferred = await transform({ input }, { fastSession: true, deferFastSessionInputTrimming: true });
  expect([trimmed.input?.length, deferred.input?.length]).toEqual([30, 40]);
});

test("a background request is stored and keeps its ids, if it is allowed", async () => {
  const body = { background: true, input: [{ ...user("hi"), id: "msg_1" }] };
  const made = await transform(body, { allowBackgroundResponses: true });
  expect(made).toMatchObject({ background: true, store: true, input: body.input });
});

test.each([
  [{ background: true }, {}],
  [{ background: true, store: false }, { allowBackgroundResponses: true }],
])("the background request %j with %j is refused", async (body, options) => {
  await expect(transform(body, options)).rejects.toThrow(
    /^transformRequestBody requires allowBackgroundResponses/,
  );
});

test("both call forms give the same, for any arguments", async () => {
  const params = fc.record(
    {
      body: fc.record(
        { model: fc.string(), input: fc.array(fc.dictionary(fc.string(), fc.jsonValue())) },
        { requiredKeys: [] },
      ),
      codexInstructions: fc.string(),
      userConfig: fc.record({ global: fc.record({ reasoningEffort: fc.constantFrom("low", "odd") }) }),
      codexMode: fc.boolean(),
      fastSession: fc.boolean(),
      fastSessionStrategy: fc.constantFrom<("hybrid" | "always")[]>("hybrid", "always"),
      fastSessionMaxInputItems: fc.integer({ min: 1, max: 50 }),
      deferFastSessionInputTrimming: fc.boolean(),
      allowBackgroundResponses: fc.boolean(),
    },
    { requiredKeys: ["body", "codexInstructions"] },
  );
  await fc.assert(
    fc.asyncProperty(params, async (given) => {
      const positional = await transformRequestBody(
        given.body,
        given.codexInstructions,
        given.userConfig,
        given.codexMode,
        given.fastSession,
        given.fastSessionStrategy,
        given.fastSessionMaxInputItems,
        given.deferFastSessionInputTrimming,
        given.allowBackgroundResponses,
      );
      expect(await transformRequestBody(given)).toEqual(positional);
    }),
  );
});

test.each([
  [[], "body and codexInstructions"],
  [[{ model: "gpt-5.5" }], "body and codexInstructions"],
  [["{}", "x"], "body and codexInstructions"],
  [[{}, 5], "body and codexInstructions"],
  [[{ model: 5 }, "x"], "body and codexInstructions"],
  [[{}, "x", "config"], "a valid userConfig"],
  [[{}, "x", {}, true, true, "never"], "a valid fastSessionStrategy"],
  [[{}, "x", {}, true, true, "always", 0], "a valid fastSessionMaxInputItems"],
  [[{ body: {}, codexInstructions: "x", odd: 1 }], "body and codexInstructions"],
  [[{ input: 5 }, "x"], "an input that is a text or a list of items"],
  [[{ input: [user("a"), null] }, "x"], "items that are objects (input.1 is not)"],
  [[{ input: ["a"] }, "x"], "items that are objects (input.0 is not)"],
  [[{ input: [{ type: "function_call_output", output: 1n }] }, "x"], "tool outputs that are JSON"],
])("call %# is wrong: it requires %s", async (args, requires) => {
  await expect(callLoosely(transformRequestBody, args)).rejects.toThrow(
    new TypeError(`transformRequestBody requires ${requires}`),
  );
});

test("a schema without end is refused, not followed", async () => {
  const schema: Record<string, unknown> = { type: "object" };
  schema["items"] = schema;
  await expect(transform({ tools: [{ type: "function", parameters: schema }] })).rejects.toThrow(
    /at most 100 levels deep/,
  );
});
