// LangChain's ChatOpenAI, over chat and over responses.
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { apiKey, baseURL, check, limitedKey, lunaKey, model, scene, thrown, tool } from "./checks.mjs";

const tools = [
  { type: "function", function: { name: tool.name, description: tool.description, parameters: tool.schema } },
];
const make = (more = {}) =>
  new ChatOpenAI({ model, apiKey, maxRetries: 0, temperature: 0, configuration: { baseURL }, ...more });

for (const form of ["chat", "responses"]) {
  const more = form === "chat" ? {} : { useResponsesApi: true };
  const chat = make(more);
  const ask = (name) => [new SystemMessage("Be brief."), new HumanMessage(`scene:${name}`)];

  await scene(`${form}: invoke`, async () => {
    const answer = await chat.invoke(ask("text"));
    check(`${form}: text`, answer.text, "hello");
    check(
      `${form}: usage`,
      [answer.usage_metadata.input_tokens, answer.usage_metadata.output_tokens],
      [11, 5],
    );
    check(`${form}: cached tokens`, answer.usage_metadata.input_token_details?.cache_read, 3);
  });

  await scene(`${form}: stream`, async () => {
    let whole;
    let count = 0;
    for await (const chunk of await chat.stream(ask("text"))) {
      whole = whole ? whole.concat(chunk) : chunk;
      count += 1;
    }
    check(`${form} stream: text`, [whole.text, count > 1], ["hello", true]);
    check(`${form} stream: usage`, whole.usage_metadata?.total_tokens, 16);
  });

  await scene(`${form}: tools`, async () => {
    const bound = chat.bindTools(tools);
    const one = await bound.invoke(ask("call"));
    check(
      `${form} call`,
      one.tool_calls.map(({ name, args }) => [name, args]),
      [["weather", { city: "Rome" }]],
    );
    const two = await bound.invoke(ask("calls"));
    check(
      `${form} calls`,
      two.tool_calls.map(({ id, args }) => [id, args.city]),
      [
        ["call_0", "Rome"],
        ["call_1", "Oslo"],
      ],
    );
    let whole;
    for await (const chunk of await bound.stream(ask("calls"))) whole = whole ? whole.concat(chunk) : chunk;
    check(
      `${form} calls stream`,
      whole.tool_calls.map(({ args }) => args.city),
      ["Rome", "Oslo"],
    );
    const after = await bound.invoke([
      ...ask("call"),
      new AIMessage({ content: "", tool_calls: one.tool_calls }),
      new ToolMessage({ tool_call_id: one.tool_calls[0].id, content: "scene:text" }),
    ]);
    check(`${form}: the answer after a tool`, after.text, "hello");
  });

  await scene(`${form}: object`, async () => {
    const structured = chat.withStructuredOutput(
      {
        title: "report",
        ...tool.schema,
        properties: { city: { type: "string" }, degrees: { type: "number" } },
        required: ["city", "degrees"],
      },
      { method: "jsonSchema", strict: true },
    );
    check(`${form}: object`, await structured.invoke(ask("object")), { city: "Rome", degrees: 21 });
  });

  await scene(`${form}: errors`, async () => {
    const limited = make({ ...more, apiKey: limitedKey });
    if (form === "chat") await limited.invoke(ask("text"));
    for (const [what, other, status, code] of [
      ["a wrong key", make({ ...more, apiKey: "sk-wrong" }), 401, "invalid_api_key"],
      ["another model", make({ ...more, apiKey: lunaKey }), 403, "model_not_allowed"],
      ["a used up limit", limited, 429, "rate_limit_exceeded"],
    ]) {
      const error = await thrown(() => other.invoke(ask("text")));
      check(`${form} ${what}`, [error.status, error.code ?? error.error?.code], [status, code]);
    }
    const upstream = await thrown(() => chat.invoke(ask("upstream-400")));
    check(
      `${form} upstream's refusal`,
      [upstream.status, upstream.message.includes("No such tool.")],
      [400, true],
    );
  });
}

await scene("chat: ends", async () => {
  const long = await make().invoke([new HumanMessage("scene:length")]);
  check("chat length: finish_reason", long.response_metadata.finish_reason, "length");
  const several = await thrown(() => make({ n: 2 }).invoke([new HumanMessage("scene:text")]));
  check("n above 1: 422 with its param", [several.status, several.param], [422, "n"]);
});

await scene("embeddings", async () => {
  const embeddings = new OpenAIEmbeddings({ apiKey, maxRetries: 0, configuration: { baseURL } });
  const error = await thrown(() => embeddings.embedQuery("x"));
  check("embeddings: 501", [error.status, error.code], [501, "not_implemented"]);
});

await scene("the pool", async () => {
  const error = await thrown(() => make().invoke([new HumanMessage("scene:no-accounts")]));
  check("all accounts limited", [error.status, error.code], [503, "no_accounts"]);
});
