// The AI SDK with the provider of OpenAI, which speaks both forms: chat and responses.
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateText, jsonSchema, Output, stepCountIs, streamText, tool as toolOf } from "ai";
import { apiKey, baseURL, check, limitedKey, lunaKey, model, scene, thrown, tool } from "./checks.mjs";

const openai = createOpenAI({ baseURL, apiKey });
const schema = jsonSchema(tool.schema);
const plainTool = () => ({ weather: toolOf({ description: tool.description, inputSchema: schema }) });
const quiet = { maxRetries: 0, onError: () => undefined };

for (const [form, made] of [
  ["chat", openai.chat(model)],
  ["responses", openai.responses(model)],
]) {
  const ask = (name, more = {}) => ({ model: made, prompt: `scene:${name}`, ...quiet, ...more });

  await scene(`${form}: text`, async () => {
    const { text, finishReason, usage } = await generateText(
      ask("text", { system: "Be brief.", temperature: 0.2 }),
    );
    check(`${form}: text`, text, "hello");
    check(`${form}: finishReason`, finishReason, "stop");
    check(`${form}: usage`, [usage.inputTokens, usage.outputTokens], [11, 5]);
  });

  await scene(`${form}: stream`, async () => {
    const stream = streamText(ask("text"));
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    check(`${form} stream: pieces`, [pieces.join(""), pieces.length > 1], ["hello", true]);
    check(`${form} stream: finishReason`, await stream.finishReason, "stop");
    check(`${form} stream: usage`, (await stream.usage).totalTokens, 16);
  });

  await scene(`${form}: tools`, async () => {
    const whole = await generateText(ask("call", { tools: plainTool() }));
    check(
      `${form} call: input`,
      whole.toolCalls.map(({ input }) => input),
      [{ city: "Rome" }],
    );
    check(`${form} call: finishReason`, whole.finishReason, "tool-calls");
    const both = streamText(ask("calls", { tools: plainTool() }));
    check(
      `${form} calls stream: inputs`,
      (await both.toolCalls).map(({ input }) => input),
      [{ city: "Rome" }, { city: "Oslo" }],
    );
    check(
      `${form} calls stream: ids`,
      (await both.toolCalls).map(({ toolCallId }) => toolCallId),
      ["call_0", "call_1"],
    );
    check(`${form} calls stream: finishReason`, await both.finishReason, "tool-calls");
  });

  await scene(`${form}: steps`, async () => {
    const asked = [];
    const run = ({ city }) => {
      asked.push(city);
      return "scene:text";
    };
    const tools = { weather: toolOf({ description: tool.description, inputSchema: schema, execute: run }) };
    const stream = streamText(ask("call", { tools, stopWhen: stepCountIs(3) }));
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    check(`${form} steps: the tool ran once`, asked, ["Rome"]);
    check(`${form} steps: then the answer`, pieces.join(""), "hello");
    check(`${form} steps: two of them`, (await stream.steps).length, 2);
  });

  await scene(`${form}: object`, async () => {
    const { output } = await generateText(ask("object", { output: Output.object({ schema }) }));
    check(`${form} object`, output, { city: "Rome", degrees: 21 });
  });

  await scene(`${form}: ends`, async () => {
    check(`${form}: length`, (await generateText(ask("length"))).finishReason, "length");
    check(`${form}: content filter`, (await generateText(ask("filter"))).finishReason, "content-filter");
    const stream = streamText(ask("length"));
    await stream.consumeStream();
    check(`${form} stream: length`, await stream.finishReason, "length");
  });

  await scene(`${form}: late failure`, async () => {
    for (const name of ["fails-late", "cut"]) {
      const parts = [];
      for await (const part of streamText(ask(name)).fullStream) parts.push(part);
      const text = parts
        .filter(({ type }) => type === "text-delta")
        .map((part) => part.text)
        .join("");
      check(`${form} ${name}: the text so far`, text.startsWith("hel"), true);
      check(
        `${form} ${name}: an error in the stream`,
        parts.some(({ type }) => type === "error"),
        true,
      );
    }
  });

  await scene(`${form}: errors`, async () => {
    const cases = [
      ["a wrong key", createOpenAI({ baseURL, apiKey: "sk-wrong" }), 401, "invalid_api_key"],
      ["another model", createOpenAI({ baseURL, apiKey: lunaKey }), 403, "model_not_allowed"],
      ["a used up limit", createOpenAI({ baseURL, apiKey: limitedKey }), 429, "rate_limit_exceeded"],
    ];
    for (const [what, provider, status, code] of cases) {
      const other = form === "chat" ? provider.chat(model) : provider.responses(model);
      // The limit allows one.
      if (status === 429 && form === "chat")
        await generateText({ model: other, prompt: "scene:text", ...quiet });
      const error = await thrown(() => generateText({ model: other, prompt: "scene:text", ...quiet }));
      check(`${form} ${what}: APICallError`, APICallError.isInstance(error), true);
      check(`${form} ${what}: status and code`, [error.statusCode, error.data?.error?.code], [status, code]);
    }
    const upstream = await thrown(() => generateText(ask("upstream-400")));
    check(`${form} upstream's refusal`, [upstream.statusCode, upstream.message], [400, "No such tool."]);
  });
}

await scene("the pool", async () => {
  const error = await thrown(() =>
    generateText({ model: openai.chat(model), prompt: "scene:no-accounts", ...quiet }),
  );
  check("all accounts limited", [error.statusCode, error.data?.error?.code], [503, "no_accounts"]);
  check("all accounts limited: may be tried again", error.isRetryable, true);
});
