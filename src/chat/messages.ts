import type { ValidationIssue } from "../errors/envelope.ts";
import { field, textField } from "../text/json.ts";

/** A message of a chat request, after its roles and types were checked. Keys that nobody knows are not passed on. */
export interface ChatMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool" | "function";
  readonly content?: string | readonly object[] | null | undefined;
  readonly tool_calls?: readonly object[] | null | undefined;
  readonly tool_call_id?: string | undefined;
  readonly name?: string | null | undefined;
  readonly function_call?: unknown;
}

/** The history for the Responses API, or the first part that it cannot carry. */
export type InputReading =
  | { readonly instructions: string; readonly input: readonly object[] }
  | { readonly issue: ValidationIssue };

class Refused extends Error {
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], message: string) {
    super(message);
    this.path = path;
  }
}

/** System messages at the start are the instructions; later ones are messages of the developer. */
export function responsesInput(messages: readonly ChatMessage[]): InputReading {
  const first = messages.findIndex(({ role }) => role !== "system" && role !== "developer");
  const start = first === -1 ? messages.length : first;
  try {
    const instructions = messages
      .slice(0, start)
      .map(({ content }) => plainText(content))
      .join("\n\n");
    const input = messages.slice(start).flatMap((message, at) => itemsOf(message, ["messages", start + at]));
    return { instructions, input };
  } catch (error) {
    if (error instanceof Refused) return { issue: { path: error.path, message: error.message } };
    throw error;
  }
}

function itemsOf(message: ChatMessage, path: readonly PropertyKey[]): object[] {
  const { role, content } = message;
  if (role === "tool" || role === "function") return [outputItem(message, path)];
  if (role === "assistant") return assistantItems(message, path);
  const speaker = role === "user" ? "user" : "developer";
  return [{ type: "message", role: speaker, content: inputParts(content, [...path, "content"]) }];
}

function outputItem(
  { role, content, tool_call_id: callId, name }: ChatMessage,
  path: readonly PropertyKey[],
) {
  const id = callId ?? (role === "function" ? name : undefined);
  if (!id)
    throw new Refused([...path, "tool_call_id"], "A tool message needs the tool_call_id that it answers.");
  const output =
    typeof content === "string" || !hasImage(content)
      ? plainText(content)
      : inputParts(content, [...path, "content"]);
  return { type: "function_call_output", call_id: id, output };
}

function assistantItems(message: ChatMessage, path: readonly PropertyKey[]): object[] {
  const parts = outputParts(message.content, [...path, "content"]);
  const said = parts.length === 0 ? [] : [{ type: "message", role: "assistant", content: parts }];
  const calls = (message.tool_calls ?? []).map((call, at) => callItem(call, [...path, "tool_calls", at]));
  return [...said, ...calls, ...oldCall(message.function_call)];
}

function callItem(call: object, path: readonly PropertyKey[]): object {
  const custom = field(call, "custom");
  const callId = textField(call, "id");
  if (custom !== undefined) {
    const name = textField(custom, "name");
    return { type: "custom_tool_call", call_id: callId, name, input: field(custom, "input") ?? "" };
  }
  const called = field(call, "function");
  if (called === undefined) throw new Refused([...path, "function"], "A tool call needs its function.");
  const name = textField(called, "name");
  return { type: "function_call", call_id: callId, name, arguments: field(called, "arguments") ?? "" };
}

/** From before tools had ids: the name of the function is the id. */
function oldCall(call: unknown): object[] {
  const name = textField(call, "name");
  if (name === undefined) return [];
  return [{ type: "function_call", call_id: name, name, arguments: field(call, "arguments") ?? "" }];
}

function inputParts(content: ChatMessage["content"], path: readonly PropertyKey[]): object[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return [{ type: "input_text", text: content }];
  return content.map((part, at) => inputPart(part, [...path, at]));
}

function inputPart(part: object, path: readonly PropertyKey[]): object {
  const type = textField(part, "type") ?? "unknown";
  switch (type) {
    case "text":
    case "input_text":
      return { type: "input_text", text: textField(part, "text") ?? "" };
    case "image_url":
      return imagePart(field(part, "image_url"), path);
    case "file":
      return filePart(field(part, "file"), path);
    case "input_audio":
      throw new Refused([...path, "input_audio"], "Audio is not served.");
    case "input_image":
    case "input_file":
      return part;
    default:
      throw new Refused([...path, "type"], `A part of type ${type} cannot be sent.`);
  }
}

function imagePart(image: unknown, path: readonly PropertyKey[]): object {
  const url = typeof image === "string" ? image : textField(image, "url");
  if (url === undefined) throw new Refused([...path, "image_url", "url"], "An image needs its url.");
  const detail = textField(image, "detail");
  return { type: "input_image", image_url: url, ...(detail === undefined ? {} : { detail }) };
}

function filePart(file: unknown, path: readonly PropertyKey[]): object {
  const data = textField(file, "file_data");
  if (data === undefined) {
    throw new Refused([...path, "file", "file_id"], "Files cannot be named by id here: send file_data.");
  }
  const name = textField(file, "filename");
  return { type: "input_file", file_data: data, ...(name === undefined ? {} : { filename: name }) };
}

function outputParts(content: ChatMessage["content"], path: readonly PropertyKey[]): object[] {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ type: "output_text", text: content }];
  return content.map((part, at) => {
    const type = textField(part, "type");
    if (type === "refusal") return { type: "refusal", refusal: textField(part, "refusal") ?? "" };
    if (type === "text" || type === "output_text") {
      return { type: "output_text", text: textField(part, "text") ?? "" };
    }
    throw new Refused([...path, at, "type"], `An answer cannot hold a part of type ${type ?? "unknown"}.`);
  });
}

function plainText(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => textField(part, "text") ?? "").join("\n");
}

function hasImage(content: ChatMessage["content"]): boolean {
  return Array.isArray(content) && content.some((part) => textField(part, "type") === "image_url");
}
