// What OpenCode does: the AI SDK with the openai-compatible provider, its headers, its settings and its tools.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, jsonSchema, stepCountIs, streamText, tool as toolOf } from "ai";
import { apiKey, baseURL, check, limitedKey, lunaKey, model, scene, tool } from "./checks.mjs";

const headers = { "User-Agent": "opencode/1.18.33", "x-session-affinity": "ses_1" };
const pool = createOpenAICompatible({ name: "pool", baseURL, apiKey, includeUsage: true });

function ask(name, { provider = pool, tools, messages } = {}) {
  return streamText({
    model: provider(model),
    headers,
    temperature: 0,
    topP: 1,
    maxOutputTokens: 32_000,
    maxRetries: 0,
    allowSystemInMessages: true,
    providerOptions: { pool: { reasoningEffort: "high" } },
    messages: messages ?? [
      { role: "system", content: "You are OpenCode." },
      { role: "system", content: "Here is the environment." },
      { role: "user", content: [{ type: "text", text: `scene:${name}` }] },
    ],
    ...(tools ? { tools, activeTools: Object.keys(tools), toolChoice: "auto" } : {}),
    stopWhen: stepCountIs(3),
    onError: () => undefined,
  });
}

async function partsOf(stream) {
  const parts = [];
  for await (const part of stream.fullStream) parts.push(part);
  return parts;
}
const textOf = (parts) =>
  parts
    .filter(({ type }) => type === "text-delta")
    .map(({ text }) => text)
    .join("");
const errorOf = (parts) => parts.find(({ type }) => type === "error")?.error;

const asked = [];
const tools = {
  weather: toolOf({
    description: tool.description,
    inputSchema: jsonSchema(tool.schema),
    execute: ({ city }) => {
      asked.push(city);
      return "scene:text";
    },
  }),
  invalid: toolOf({
    description: "Do not use",
    inputSchema: jsonSchema({
      type: "object",
      properties: { tool: { type: "string" }, error: { type: "string" } },
    }),
  }),
};

await scene("text", async () => {
  const stream = ask("text");
  const parts = await partsOf(stream);
  check("text", textOf(parts), "hello");
  check("text: no error", errorOf(parts), undefined);
  check("text: finishReason", await stream.finishReason, "stop");
  const usage = await stream.usage;
  check("text: tokens in and out", [usage.inputTokens, usage.outputTokens], [11, 5]);
  check("text: cached tokens", usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens, 3);
  check("text: reasoning tokens", usage.outputTokenDetails?.reasoningTokens ?? usage.reasoningTokens, 2);
});

await scene("reasoning", async () => {
  const parts = await partsOf(ask("reasoning"));
  check(
    "reasoning: shown apart",
    parts.filter(({ type }) => type === "reasoning-delta").map(({ text }) => text),
    ["thinking"],
  );
  check("reasoning: then the text", textOf(parts), "hello");
});

await scene("a tool and its answer", async () => {
  const stream = ask("call", { tools });
  const parts = await partsOf(stream);
  check("call: the tool ran once, with its arguments once", asked, ["Rome"]);
  check("call: its id", parts.find(({ type }) => type === "tool-call")?.toolCallId, "call_0");
  check("call: the answer after it", textOf(parts), "hello");
  check("call: two steps", (await stream.steps).length, 2);
  check("call: the first step ends for the tool", (await stream.steps)[0].finishReason, "tool-calls");
});

await scene("two tools at once", async () => {
  asked.length = 0;
  const parts = await partsOf(ask("calls", { tools }));
  check("calls: both ran", asked.toSorted(), ["Oslo", "Rome"]);
  check(
    "calls: each with its own id",
    parts.filter(({ type }) => type === "tool-call").map(({ toolCallId }) => toolCallId),
    ["call_0", "call_1"],
  );
  check(
    "calls: their inputs do not mix",
    parts.filter(({ type }) => type === "tool-call").map(({ input }) => input),
    [{ city: "Rome" }, { city: "Oslo" }],
  );
  check("calls: the answer after them", textOf(parts), "hello");
});

await scene("text before a tool", async () => {
  const parts = await partsOf(ask("text-and-call", { tools }));
  check("text and call: text", textOf(parts).startsWith("Let me look."), true);
  check("text and call: one call", parts.filter(({ type }) => type === "tool-call").length, 1);
});

await scene("a long conversation", async () => {
  const messages = [
    { role: "system", content: "You are OpenCode." },
    { role: "user", content: [{ type: "text", text: "The weather?" }] },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "I look it up." },
        { type: "text", text: "Let me look." },
        { type: "tool-call", toolCallId: "call_7", toolName: "weather", input: { city: "Rome" } },
      ],
    },
    {
      role: "tool",
      content: [
        {
          type: "tool-result",
          toolCallId: "call_7",
          toolName: "weather",
          output: { type: "text", value: "21" },
        },
      ],
    },
    {
      role: "user",
      content: [
        { type: "text", text: "scene:text" },
        { type: "file", mediaType: "image/png", data: "iVBORw0KGgo=" },
      ],
    },
    { role: "system", content: "The plan mode is off." },
  ];
  const parts = await partsOf(ask("text", { tools, messages }));
  check("conversation: answer", textOf(parts), "hello");
  check("conversation: no error", errorOf(parts), undefined);
});

await scene("ends", async () => {
  for (const [name, reason] of [
    ["length", "length"],
    ["filter", "content-filter"],
  ]) {
    const stream = ask(name);
    const parts = await partsOf(stream);
    check(`${name}: finishReason`, await stream.finishReason, reason);
    check(`${name}: text so far`, textOf(parts), "hel");
  }
  for (const name of ["fails-late", "cut"]) {
    const parts = await partsOf(ask(name));
    check(`${name}: the text so far`, textOf(parts).startsWith("hel"), true);
    check(`${name}: an error in the stream`, errorOf(parts) !== undefined, true);
  }
});

await scene("errors", async () => {
  const withKey = (key) => createOpenAICompatible({ name: "pool", baseURL, apiKey: key, includeUsage: true });
  await partsOf(ask("text", { provider: withKey(limitedKey) }));
  for (const [what, provider, name, status, words] of [
    ["a wrong key", withKey("sk-wrong"), "text", 401, "not known here"],
    ["another model", withKey(lunaKey), "text", 403, "may not use the model gpt-6-sol"],
    ["a used up limit", withKey(limitedKey), "text", 429, "Try again in "],
    ["upstream's refusal", pool, "upstream-400", 400, "No such tool."],
    ["unreadable", pool, "unreadable", 502, "418"],
    ["all accounts limited", pool, "no-accounts", 503, "No account of the pool"],
  ]) {
    const error = errorOf(await partsOf(ask(name, { provider })));
    check(`${what}: APICallError`, APICallError.isInstance(error), true);
    check(`${what}: status`, error?.statusCode, status);
    check(`${what}: its text is shown`, error?.message?.includes(words), true);
  }
});
