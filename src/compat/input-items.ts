import { field, isRecord, textField } from "../text/json.ts";
import { wrongCall } from "./call-forms.ts";
import type { LoweredOptions } from "./models.ts";
import type { InputItem } from "./request-body.ts";

/** The type of a call to the type of its output. */
const outputOf: ReadonlyMap<unknown, string> = new Map([
  ["function_call", "function_call_output"],
  ["local_shell_call", "local_shell_call_output"],
  ["shell_call", "shell_call_output"],
  ["custom_tool_call", "custom_tool_call_output"],
]);
const outputTypes: ReadonlySet<unknown> = new Set(outputOf.values());
const noOutput = "No output was recorded for this call.";

/** The input as a list of items; a plain text is one user message. Throws TypeError on anything else. */
export function readItems(input: unknown): InputItem[] | undefined {
  if (input === undefined) return undefined;
  if (typeof input === "string") return [message("user", "input_text", input)];
  if (!Array.isArray(input)) throw wrongInput("an input that is a text or a list of items");
  return input.map((item: unknown, at) => {
    if (!isRecord(item)) throw wrongInput(`items that are objects (input.${at} is not)`);
    return item;
  });
}

/** The items as a backend without memory takes them: no ids, no references, every call with its output. */
export function statelessItems(
  items: readonly InputItem[],
  { hasHistory }: { hasHistory: boolean },
): InputItem[] {
  const kept = items.filter((item) => field(item, "type") !== "item_reference");
  // Calls may stand in the response that `previous_response_id` names.
  const paired = hasHistory ? kept : withOutputs(withoutOrphans(kept));
  return paired.map(withoutId);
}

/** A call that only its id tied to its output keeps that as `call_id`. */
function withoutId({ id, ...item }: InputItem): InputItem {
  const needsKey = outputOf.has(item["type"]) && item["call_id"] === undefined && typeof id === "string";
  return needsKey ? { ...item, call_id: id } : item;
}

/** An output without its call becomes a message, so that nothing that was said is lost. */
function withoutOrphans(items: readonly InputItem[]): InputItem[] {
  const calls = new Set(items.filter((item) => outputOf.has(field(item, "type"))).map(callKey));
  return items.map((item) => {
    if (!outputTypes.has(field(item, "type")) || calls.has(callKey(item))) return item;
    const name = textField(item, "name") ?? "tool";
    const call = textField(item, "call_id") ?? "unknown";
    return message(
      "assistant",
      "output_text",
      `[Earlier output of ${name}, call ${call}] ${outputText(item)}`,
    );
  });
}

/** A call without its output gets one right behind it. */
function withOutputs(items: readonly InputItem[]): InputItem[] {
  const answered = new Set(items.filter((item) => outputTypes.has(field(item, "type"))).map(callKey));
  return items.flatMap((item) => {
    const type = outputOf.get(field(item, "type"));
    if (type === undefined || answered.has(callKey(item))) return [item];
    return [item, { type, call_id: callId(item), output: noOutput }];
  });
}

/** Call and output share it: the kind of tool and the id of the call. */
function callKey(item: InputItem): string {
  const type = field(item, "type");
  return JSON.stringify([outputOf.get(type) ?? type, callId(item)]);
}

/** Shell calls of older versions have an `id` only. */
function callId(item: InputItem): string {
  return textField(item, "call_id") ?? textField(item, "id") ?? "";
}

function outputText(item: InputItem): string {
  const output = field(item, "output");
  if (typeof output === "string") return output;
  try {
    return JSON.stringify(output) ?? "";
  } catch {
    throw wrongInput("tool outputs that are JSON");
  }
}

function message(role: string, type: string, text: string): InputItem {
  return { type: "message", role, content: [{ type, text }] };
}

function wrongInput(requires: string): TypeError {
  return wrongCall({ helper: "transformRequestBody", requires });
}

export type FastSessionStrategy = "hybrid" | "always";

const lowered: LoweredOptions = { effort: "low", verbosity: "low" };
const leadingRoles: ReadonlySet<unknown> = new Set(["system", "developer"]);
const shortTextLength = 400;

/** What a fast session lowers: always, or with `hybrid` only when the last user message is short and plain. */
export function fastOptions(
  items: readonly InputItem[],
  strategy: FastSessionStrategy,
): LoweredOptions | undefined {
  return strategy === "always" || isShortQuestion(items) ? lowered : undefined;
}

/** The leading instructions and the last `most` of the other items. */
export function lastItems(items: readonly InputItem[], most: number): InputItem[] {
  const start = items.findIndex((item) => !leadingRoles.has(field(item, "role")));
  const head = start < 0 ? items : items.slice(0, start);
  const rest = items.slice(head.length);
  return [...head, ...rest.slice(Math.max(0, rest.length - most))];
}

function isShortQuestion(items: readonly InputItem[]): boolean {
  const last = items.at(-1);
  if (field(last, "role") !== "user") return false;
  const text = textOf(field(last, "content"));
  return text.length <= shortTextLength && !text.includes("```");
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => textField(part, "text") ?? "").join("\n");
}
