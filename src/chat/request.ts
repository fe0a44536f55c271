import { z } from "zod";
import { firstFault, missingIssue, type ValidationIssue } from "../errors/envelope.ts";
import { field, isRecord, textField } from "../text/json.ts";
import { responsesInput } from "./messages.ts";

/** A Chat Completions request as one for the Responses API, or why it cannot be one. */
type ChatReading =
  | { readonly kind: "ready"; readonly body: Record<string, unknown>; readonly wants: ChatWishes }
  /** `missing`: 400, what is no request at all. `invalid`: 422, a field of the wrong type, range or kind. */
  | { readonly kind: "missing" | "invalid"; readonly issue: ValidationIssue };

/** How the answer is to be given. */
export interface ChatWishes {
  readonly stream: boolean;
  /** One more chunk at the end, with the tokens. */
  readonly includeUsage: boolean;
  readonly model: string;
}

const text = z.string();
const part = z.looseObject({ type: text });
const toolCall = z.looseObject({
  id: text,
  type: z.enum(["function", "custom"]).optional(),
  function: z.looseObject({ name: text, arguments: text }).optional(),
  custom: z.looseObject({ name: text, input: text }).optional(),
});
const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([text, z.array(part), z.null()], "It must be text, or a list of parts.").optional(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: text.optional(),
  name: text.nullish(),
});
const tool = z.looseObject({
  type: text,
  function: z.looseObject({ name: text.min(1), parameters: z.looseObject({}).nullish() }).optional(),
});
const chatRequest = z.looseObject({
  model: text.min(1),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(tool).nullish(),
  functions: z.array(z.looseObject({ name: text.min(1) })).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.enum(["text", "json_object", "json_schema"]) }).nullish(),
  reasoning_effort: text.nullish(),
  verbosity: text.nullish(),
  service_tier: text.nullish(),
  prompt_cache_key: text.nullish(),
  n: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  modalities: z.array(text).nullish(),
});

type ChatRequest = z.infer<typeof chatRequest>;

/**
 * Reads the body of `/v1/chat/completions`. What Codex's backend does not take (temperature, stop, max_tokens, seed …)
 * is left out; what could not be honoured (`n` above 1, audio, files by id) is refused with its `param`. A body in the
 * shape of the Responses API, as Cursor sends it, is taken as it is.
 */
export function readChatRequest(body: unknown): ChatReading {
  if (!isRecord(body))
    return { kind: "missing", issue: { path: [], message: "The request body must be a JSON object." } };
  for (const name of ["model", "messages"] as const) {
    if (field(body, name) === undefined && !(name === "messages" && "input" in body)) {
      return missing([name]);
    }
  }
  if (!("messages" in body)) return responsesShaped(body);
  const read = chatRequest.safeParse(body);
  if (!read.success) {
    const { kind, issue } = firstFault(body, read.error.issues);
    return { kind: kind === "bad" ? "missing" : "invalid", issue };
  }
  const refused = refusal(read.data);
  if (refused) return refused;
  const input = responsesInput(read.data.messages);
  if ("issue" in input) return { kind: "invalid", issue: input.issue };
  return { kind: "ready", body: { ...responsesBody(read.data), ...input }, wants: wishesOf(read.data) };
}

function responsesBody(chat: ChatRequest): Record<string, unknown> {
  const tools = responsesTools(chat.tools ?? undefined, chat.functions ?? undefined);
  const toolChoice = responsesToolChoice(chat["tool_choice"] ?? chat["function_call"]);
  const format = textFormat(chat);
  return {
    model: chat.model,
    ...(tools && { tools }),
    ...(toolChoice !== undefined && { tool_choice: toolChoice }),
    ...(typeof chat.parallel_tool_calls === "boolean" && { parallel_tool_calls: chat.parallel_tool_calls }),
    ...(chat.reasoning_effort && { reasoning: { effort: chat.reasoning_effort } }),
    ...(format && { text: format }),
    ...(chat.service_tier && { service_tier: chat.service_tier }),
    ...(chat.prompt_cache_key && { prompt_cache_key: chat.prompt_cache_key }),
    store: false,
    stream: true,
  };
}

function textFormat({ response_format: wanted, verbosity }: ChatRequest): Record<string, unknown> | null {
  const named = field(wanted, "json_schema");
  const schema = field(named, "schema");
  const format =
    wanted?.type === "json_schema" && isRecord(named)
      ? {
          type: "json_schema",
          ...pick(named, ["name", "schema", "strict", "description"]),
          ...(isRecord(schema) && { schema: withoutDialect(schema) }),
        }
      : wanted?.type === "json_object"
        ? { type: "json_object" }
        : null;
  if (format === null && !verbosity) return null;
  return { ...(format && { format }), ...(verbosity && { verbosity }) };
}

function refusal(chat: ChatRequest): ChatReading | null {
  if ((chat.n ?? 1) > 1) return invalid(["n"], "Only one choice can be given: n must be 1.");
  if (chat.modalities?.includes("audio") || field(chat, "audio"))
    return invalid(["modalities"], "Audio answers are not served.");
  if (chat.response_format?.type === "json_schema" && !isRecord(field(chat.response_format, "json_schema")))
    return invalid(["response_format", "json_schema"], "json_schema must be an object with name and schema.");
  return null;
}

/** Cursor sends `input` and `instructions` to the chat route. */
function responsesShaped(body: Readonly<Record<string, unknown>>): ChatReading {
  const model = body["model"];
  if (typeof model !== "string" || model === "")
    return invalid(["model"], "model must be a non-empty string.");
  const { stream_options: _, ...rest } = body;
  const wants = { stream: body["stream"] === true, includeUsage: includesUsage(body), model };
  return { kind: "ready", body: { ...rest, store: false, stream: true }, wants };
}

function wishesOf(chat: ChatRequest): ChatWishes {
  return { stream: chat.stream === true, includeUsage: includesUsage(chat), model: chat.model };
}

function includesUsage(body: unknown): boolean {
  return field(field(body, "stream_options"), "include_usage") === true;
}

function missing(path: readonly PropertyKey[]): ChatReading {
  return { kind: "missing", issue: missingIssue(path) };
}

function invalid(path: readonly string[], message: string): ChatReading {
  return { kind: "invalid", issue: { path, message } };
}

function pick(from: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  );
}

/** Tools as the Responses API names them; what was left out stays left out. Kinds that nobody knows go as they are. */
function responsesTools(
  tools: readonly object[] | undefined,
  functions: readonly object[] | undefined,
): readonly object[] | null {
  if (tools === undefined && functions === undefined) return null;
  return [...(tools ?? []).map(responsesTool), ...(functions ?? []).map(functionTool)];
}

function responsesTool(tool: object): object {
  const type = textField(tool, "type");
  const inner = field(tool, type ?? "");
  if (type === "function" && isRecord(inner)) return functionTool(inner);
  if (type === "custom" && isRecord(inner)) return { ...inner, type };
  return tool;
}

function functionTool(definition: object): object {
  const parameters = field(definition, "parameters");
  return {
    ...definition,
    type: "function",
    parameters: isRecord(parameters) ? withoutDialect(parameters) : { type: "object", properties: {} },
  };
}

/** The AI SDK names the JSON Schema dialect, which the backend does not take. */
function withoutDialect({ $schema: _, ...schema }: Readonly<Record<string, unknown>>): object {
  return schema;
}

/** `auto`, `none`, `required` stay; a named tool loses the level that chat puts around its name. */
function responsesToolChoice(choice: unknown): unknown {
  if (choice === undefined || choice === null || typeof choice === "string") return choice ?? undefined;
  const type = textField(choice, "type") ?? "function";
  const name = textField(field(choice, type), "name") ?? textField(choice, "name");
  if (type === "allowed_tools") {
    const allowed = field(choice, "allowed_tools");
    const tools = field(allowed, "tools");
    const named = Array.isArray(tools) ? tools.map((tool: unknown) => responsesToolChoice(tool)) : [];
    return { type, mode: field(allowed, "mode") ?? "auto", tools: named };
  }
  return name === undefined ? choice : { type, name };
}
