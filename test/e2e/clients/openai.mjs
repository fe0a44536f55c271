// The openai SDK: Chat Completions, Responses, models, what is not served, and every error as its own class.
import OpenAI from "openai";
import {
  apiKey,
  baseURL,
  check,
  limitedKey,
  lunaKey,
  model,
  scene,
  shortKey,
  thrown,
  tool,
} from "./checks.mjs";

const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });
const chat = client.chat.completions;
const tools = [
  { type: "function", function: { name: tool.name, description: tool.description, parameters: tool.schema } },
];
const ask = (name, more = {}) => ({ model, messages: [{ role: "user", content: `scene:${name}` }], ...more });
const counting = () => {
  const asked = [];
  const counted = (url, init) => {
    asked.push(String(url));
    return fetch(url, init);
  };
  return { asked, fetch: counted };
};

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
const textOf = (chunks) => chunks.map(({ choices }) => choices[0]?.delta?.content ?? "").join("");
const endOf = (chunks) => chunks.map(({ choices }) => choices[0]?.finish_reason).find(Boolean);

await scene("chat", async () => {
  const { data, response } = await chat.create(ask("text")).withResponse();
  check("chat: text", data.choices[0].message.content, "hello");
  check("chat: role", data.choices[0].message.role, "assistant");
  check("chat: finish_reason", data.choices[0].finish_reason, "stop");
  check("chat: object", data.object, "chat.completion");
  check("chat: model", data.model, model);
  check("chat: no tool calls", data.choices[0].message.tool_calls, undefined);
  check(
    "chat: usage",
    [data.usage.prompt_tokens, data.usage.completion_tokens, data.usage.total_tokens],
    [11, 5, 16],
  );
  check("chat: cached tokens", data.usage.prompt_tokens_details.cached_tokens, 3);
  check("chat: reasoning tokens", data.usage.completion_tokens_details.reasoning_tokens, 2);
  check("chat: the request id of upstream", response.headers.get("x-request-id"), "req_upstream");
  check(
    "chat: no limit headers for a key without limits",
    response.headers.get("x-ratelimit-limit-requests"),
    null,
  );
});

await scene("chat stream", async () => {
  const chunks = await all(await chat.create(ask("text", { stream: true })));
  check("chat stream: text", textOf(chunks), "hello");
  check("chat stream: one id", new Set(chunks.map(({ id }) => id)).size, 1);
  check(
    "chat stream: one finish_reason",
    chunks.filter(({ choices }) => choices[0]?.finish_reason).length,
    1,
  );
  check("chat stream: finish_reason", endOf(chunks), "stop");
  check("chat stream: the first chunk says who speaks", chunks[0].choices[0].delta.role, "assistant");
  check(
    "chat stream: usage only when it is asked for",
    chunks.some(({ usage }) => usage),
    false,
  );
  const counted = await all(
    await chat.create(ask("text", { stream: true, stream_options: { include_usage: true } })),
  );
  check("chat stream: usage in the last chunk", counted.at(-1).usage?.total_tokens, 16);
  check("chat stream: the chunk of the usage has no choices", counted.at(-1).choices, []);
  check("chat stream: usage once", counted.filter(({ usage }) => usage).length, 1);
});

await scene("chat stream without deltas", async () => {
  const chunks = await all(await chat.create(ask("no-deltas", { stream: true })));
  check("no deltas: text once", textOf(chunks), "hello");
  const { choices } = await chat.create(ask("no-deltas"));
  check("no deltas: text of a document", choices[0].message.content, "hello");
});

await scene("chat tools", async () => {
  const { choices } = await chat.create(ask("call", { tools }));
  const [{ message, finish_reason: reason }] = choices;
  check("call: finish_reason also without a stream", reason, "tool_calls");
  check("call: content", message.content, null);
  check("call: one call", message.tool_calls.length, 1);
  check("call: arguments once", message.tool_calls[0].function.arguments, '{"city":"Rome"}');
  check("call: id", message.tool_calls[0].id, "call_0");
  check("call: name", message.tool_calls[0].function.name, "weather");
  const chunks = await all(await chat.create(ask("call", { tools, stream: true })));
  const deltas = chunks.flatMap(({ choices: [choice] }) => choice?.delta?.tool_calls ?? []);
  check("call stream: finish_reason", endOf(chunks), "tool_calls");
  check(
    "call stream: arguments once",
    deltas.map((each) => each.function?.arguments ?? "").join(""),
    '{"city":"Rome"}',
  );
  check("call stream: the id comes once", deltas.filter(({ id }) => id).length, 1);
});

await scene("chat parallel tools", async () => {
  const { choices } = await chat.create(ask("calls", { tools }));
  const given = choices[0].message.tool_calls.map((each) => each.function.arguments);
  check("calls: each with its own arguments", given, ['{"city":"Rome"}', '{"city":"Oslo"}']);
  check(
    "calls: ids",
    choices[0].message.tool_calls.map(({ id }) => id),
    ["call_0", "call_1"],
  );
  const runner = chat.stream(ask("calls", { tools }));
  const whole = await runner.finalChatCompletion();
  check(
    "calls stream: put together",
    whole.choices[0].message.tool_calls.map((each) => each.function.arguments),
    ['{"city":"Rome"}', '{"city":"Oslo"}'],
  );
  check("calls stream: finish_reason", whole.choices[0].finish_reason, "tool_calls");
  const both = await chat.create(ask("text-and-call", { tools }));
  check("text and call: text", both.choices[0].message.content, "Let me look.");
  check("text and call: call", both.choices[0].message.tool_calls.length, 1);
});

await scene("a conversation with a tool", async () => {
  const { choices } = await chat.create({
    model,
    tools,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "The weather in Rome?" },
      {
        role: "assistant",
        content: null,
        refusal: null,
        annotations: [],
        tool_calls: [
          { id: "call_9", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_9", content: "21 degrees" },
      { role: "system", content: "Answer in one word. scene:text" },
    ],
  });
  check("conversation: answer", choices[0].message.content, "hello");
});

await scene("runTools", async () => {
  const asked = [];
  const runner = chat.runTools({
    model,
    messages: [{ role: "user", content: "scene:call" }],
    tools: [
      {
        type: "function",
        function: {
          ...tools[0].function,
          parse: JSON.parse,
          function: ({ city }) => {
            asked.push(city);
            return "scene:text";
          },
        },
      },
    ],
  });
  check("runTools: final text", await runner.finalContent(), "hello");
  check("runTools: the tool ran once", asked, ["Rome"]);
});

await scene("structured output", async () => {
  const { choices } = await chat.parse(
    ask("object", {
      response_format: {
        type: "json_schema",
        json_schema: { name: "report", strict: true, schema: tool.schema },
      },
    }),
  );
  check("object: parsed", choices[0].message.parsed, { city: "Rome", degrees: 21 });
});

await scene("ends", async () => {
  const long = await chat.create(ask("length"));
  check("length: finish_reason", long.choices[0].finish_reason, "length");
  check("length: text so far", long.choices[0].message.content, "hel");
  check(
    "filter: finish_reason",
    (await chat.create(ask("filter"))).choices[0].finish_reason,
    "content_filter",
  );
  const longChunks = await all(await chat.create(ask("length", { stream: true })));
  check("length stream: finish_reason", endOf(longChunks), "length");
  const filterChunks = await all(await chat.create(ask("filter", { stream: true })));
  check("filter stream: finish_reason", endOf(filterChunks), "content_filter");
  const refused = await chat.create(ask("refusal"));
  check("refusal: said apart", refused.choices[0].message.refusal, "I will not.");
  check("refusal: no content", refused.choices[0].message.content, null);
});

await scene("failures in a stream", async () => {
  for (const name of ["fails-late", "cut"]) {
    const chunks = [];
    const error = await thrown(async () => {
      for await (const chunk of await chat.create(ask(name, { stream: true }))) chunks.push(chunk);
    });
    check(`${name}: the text so far`, textOf(chunks).startsWith("hel"), true);
    check(`${name}: an error of the SDK`, error instanceof OpenAI.APIError, true);
  }
});

await scene("what is not passed on, and what is refused", async () => {
  const dropped = await chat.create(
    ask("text", {
      temperature: 0.5,
      top_p: 0.9,
      stop: ["x"],
      max_tokens: 99,
      seed: 1,
      user: "me",
      metadata: { a: "b" },
    }),
  );
  check("dropped: temperature, stop, max_tokens, seed", dropped.choices[0].message.content, "hello");
  /** @type {[what: string, body: any, param: string][]} */
  const cases = [
    ["n above 1", ask("text", { n: 2 }), "n"],
    [
      "audio",
      ask("text", { modalities: ["text", "audio"], audio: { voice: "alloy", format: "mp3" } }),
      "modalities",
    ],
    ["temperature out of range", ask("text", { temperature: 9 }), "temperature"],
    [
      "a file by id",
      { model, messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }] },
      "messages.0.content.0.file.file_id",
    ],
    [
      "audio in",
      {
        model,
        messages: [
          { role: "user", content: [{ type: "input_audio", input_audio: { data: "", format: "wav" } }] },
        ],
      },
      "messages.0.content.0.input_audio",
    ],
    ["a number for content", { model, messages: [{ role: "user", content: 5 }] }, "messages.0.content"],
  ];
  for (const [what, body, param] of cases) {
    const error = await thrown(() => chat.create(body));
    check(`${what}: UnprocessableEntityError`, error instanceof OpenAI.UnprocessableEntityError, true);
    check(`${what}: code and param`, [error.code, error.param], ["validation_error", param]);
  }
  const missing = await thrown(() => chat.create({ model }));
  check("no messages: BadRequestError", missing instanceof OpenAI.BadRequestError, true);
  check("no messages: code and param", [missing.code, missing.param], ["invalid_request_error", "messages"]);
});

await scene("errors", async () => {
  const wrong = await thrown(() =>
    new OpenAI({ apiKey: "sk-wrong", baseURL, maxRetries: 0 }).chat.completions.create(ask("text")),
  );
  check("a wrong key: AuthenticationError", wrong instanceof OpenAI.AuthenticationError, true);
  check("a wrong key: type and code", [wrong.type, wrong.code], ["authentication_error", "invalid_api_key"]);
  const luna = await thrown(() =>
    new OpenAI({ apiKey: lunaKey, baseURL, maxRetries: 0 }).chat.completions.create(ask("text")),
  );
  check("another model: PermissionDeniedError", luna instanceof OpenAI.PermissionDeniedError, true);
  check(
    "another model: type, code, param",
    [luna.type, luna.code, luna.param],
    ["permission_error", "model_not_allowed", "model"],
  );
  const unknown = await thrown(() => client.get("/nothing"));
  check("an unknown path: NotFoundError", unknown instanceof OpenAI.NotFoundError, true);
  check("an unknown path: code", unknown.code, "not_found");
  const upstream = await thrown(() => chat.create(ask("upstream-400")));
  check(
    "upstream's refusal: status and code",
    [upstream.status, upstream.code, upstream.param],
    [400, "unknown_tool", "tools.0"],
  );
  check("upstream's refusal: message", upstream.message.includes("No such tool."), true);
  const unreadable = await thrown(() => chat.create(ask("unreadable")));
  check("unreadable: 502 upstream_error", [unreadable.status, unreadable.code], [502, "upstream_error"]);
  const notServed = {
    embeddings: () => client.embeddings.create({ model: "text-embedding-3-small", input: "x" }),
    images: () => client.images.generate({ prompt: "x" }),
    moderations: () => client.moderations.create({ input: "x" }),
    speech: () => client.audio.speech.create({ model: "tts-1", voice: "alloy", input: "x" }),
    files: () => client.files.list(),
    "a stored response": () => client.responses.retrieve("resp_1"),
  };
  for (const [what, work] of Object.entries(notServed)) {
    const error = await thrown(work);
    check(`${what}: 501 not_implemented`, [error.status, error.code], [501, "not_implemented"]);
  }
  const sound = new File([new Uint8Array(2000)], "a.wav", { type: "audio/wav" });
  const whisper = await thrown(() => client.audio.transcriptions.create({ model: "whisper-1", file: sound }));
  check("a transcription: 501", [whisper.status, whisper.code], [501, "not_implemented"]);
  const odd = await thrown(() => client.audio.transcriptions.create({ model: "nonsense", file: sound }));
  check(
    "a transcription of an unknown model: 400",
    [odd.status, odd.code, odd.param],
    [400, "invalid_request_error", "model"],
  );
});

await scene("limits", async () => {
  const counted = counting();
  const limited = new OpenAI({ apiKey: limitedKey, baseURL, maxRetries: 3, fetch: counted.fetch });
  const { response } = await limited.chat.completions.create(ask("text")).withResponse();
  check("limits: what is left", response.headers.get("x-ratelimit-remaining-requests"), "0");
  check("limits: when it begins anew", response.headers.get("x-ratelimit-reset-requests"), (text) =>
    /^(\d+[dhms])+$/.test(text),
  );
  const error = await thrown(() => limited.chat.completions.create(ask("text")));
  check("limits: RateLimitError", error instanceof OpenAI.RateLimitError, true);
  check("limits: type and code", [error.type, error.code], ["rate_limit_error", "rate_limit_exceeded"]);
  check("limits: resets_at is a whole number", Number.isInteger(error.error.resets_at), true);
  check("limits: resets_in_seconds", error.error.resets_in_seconds > 60, true);
  check("limits: the message says when", error.message.includes("Try again in "), true);
  check("limits: headers on the refusal", error.headers.get("x-ratelimit-remaining-requests"), "0");
  check("limits: the SDK does not try again", counted.asked.length, 2);
  const short = counting();
  const waiting = new OpenAI({ apiKey: shortKey, baseURL, maxRetries: 1, fetch: short.fetch });
  await waiting.chat.completions.create(ask("text"));
  const begun = Date.now();
  const again = await thrown(() =>
    waiting.chat.completions.create(ask("text"), { signal: AbortSignal.timeout(1500) }),
  );
  check(
    "a short limit: the SDK waits as long as it is told",
    [again.constructor.name, Date.now() - begun > 1400],
    ["APIUserAbortError", true],
  );
});

await scene("responses", async () => {
  const answer = await client.responses.create({ model, input: "scene:text" });
  check("responses: text", answer.output_text, "hello");
  check("responses: status", answer.status, "completed");
  check("responses: usage", answer.usage.total_tokens, 16);
  const call = await client.responses.create({
    model,
    input: "scene:call",
    tools: [{ type: "function", name: tool.name, parameters: tool.schema, strict: false }],
  });
  check(
    "responses: a call",
    call.output.find(({ type }) => type === "function_call")?.arguments,
    '{"city":"Rome"}',
  );
  const short = await client.responses.create({ model, input: "scene:length" });
  check(
    "responses: incomplete",
    [short.status, short.incomplete_details?.reason],
    ["incomplete", "max_output_tokens"],
  );
  const types = [];
  for await (const event of await client.responses.create({ model, input: "scene:text", stream: true }))
    types.push(event.type);
  check(
    "responses stream: begins and ends",
    [types[0], types.at(-1)],
    ["response.created", "response.completed"],
  );
  const whole = await client.responses.stream({ model, input: "scene:text" }).finalResponse();
  check("responses stream: final", whole.status, "completed");
  const failed = [];
  for await (const event of await client.responses.create({ model, input: "scene:fails-late", stream: true }))
    failed.push(event.type);
  check("responses stream: a failure is its last event", failed.at(-1), "response.failed");
  const cut = [];
  for await (const event of await client.responses.create({ model, input: "scene:cut", stream: true }))
    cut.push(event.type);
  check("responses stream: a cut ends it well-formed", cut.at(-1), "response.failed");
  const bad = await thrown(() => client.responses.create({ input: "x" }));
  check("responses: no model", [bad.status, bad.code, bad.param], [400, "invalid_request_error", "model"]);
  const odd = await thrown(() => client.responses.create({ model: 5, input: "x" }));
  check(
    "responses: a number for model",
    [odd.status, odd.code, odd.param],
    [422, "validation_error", "model"],
  );
  const luna = await thrown(() =>
    new OpenAI({ apiKey: lunaKey, baseURL, maxRetries: 0 }).responses.create({ model, input: "x" }),
  );
  check("responses: another model", [luna.status, luna.code], [403, "model_not_allowed"]);
});

await scene("models", async () => {
  const ids = [];
  for await (const each of client.models.list()) ids.push(each.id);
  check("models: listed", ids, ["gpt-6-sol", "gpt-6-luna"]);
  check("models: one", (await client.models.retrieve("gpt-6-sol")).id, "gpt-6-sol");
  const none = await thrown(() => client.models.retrieve("gpt-0"));
  check("models: an unknown one", [none.status, none.code], [404, "not_found"]);
  const mine = [];
  for await (const each of new OpenAI({ apiKey: lunaKey, baseURL }).models.list()) mine.push(each.id);
  check("models: only those of the key", mine, ["gpt-6-luna"]);
});

await scene("leaving", async () => {
  const stream = await chat.create(ask("text", { stream: true }));
  stream.controller.abort();
  check(
    "leaving: the next request is served",
    (await chat.create(ask("text"))).choices[0].message.content,
    "hello",
  );
});

await scene("Cursor's bodies", async () => {
  const answer = await client.post("/chat/completions", {
    body: {
      model,
      input: [{ role: "user", content: "scene:text" }],
      instructions: "Be brief.",
      user: "cursor",
    },
  });
  check("Responses-shaped: answered as chat", answer.choices[0].message.content, "hello");
});

await scene("the pool", async () => {
  const error = await thrown(() => chat.create(ask("no-accounts")));
  check("all accounts limited: InternalServerError", error instanceof OpenAI.InternalServerError, true);
  check(
    "all accounts limited: 503 no_accounts",
    [error.status, error.type, error.code],
    [503, "server_error", "no_accounts"],
  );
  check("all accounts limited: when", Number.isInteger(error.error.resets_at), true);
  check("all accounts limited: plan", error.error.plan_type, "plus");
});
