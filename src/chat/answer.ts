import { field, isRecord, numberField, textField } from "../text/json.ts";

/** One step of an answer, whatever shape it is told in. `index` counts the tool calls of the answer. */
export type AnswerStep =
  | { readonly kind: "text" | "refusal" | "reasoning"; readonly text: string }
  | {
      readonly kind: "call";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly isCustom: boolean;
    }
  | { readonly kind: "arguments"; readonly index: number; readonly text: string; readonly isCustom: boolean }
  | { readonly kind: "end"; readonly reason: FinishReason; readonly usage: ChatUsage | null }
  /** By this event. */
  | { readonly kind: "failed"; readonly event: object };

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

interface Call {
  readonly index: number;
  readonly isCustom: boolean;
  sent: string;
}

/**
 * Follows the events of one Responses stream. Arguments of a call come three times (`delta`, `done` and in the whole
 * item), and ids change between them: a call is known by its `output_index`, and only what was not sent yet is sent.
 */
export class AnswerReader {
  readonly #calls = new Map<number, Call>();
  readonly #texts = new Set<string>();

  read(event: unknown): readonly AnswerStep[] {
    const type = textField(event, "type") ?? "";
    const response = field(event, "response");
    switch (type) {
      case "response.output_text.delta":
        return this.#delta(event, "text");
      case "response.output_text.done":
        return this.#whole(event, "text", field(event, "text"));
      case "response.refusal.delta":
        return this.#delta(event, "refusal");
      case "response.refusal.done":
        return this.#whole(event, "refusal", field(event, "refusal"));
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return [{ kind: "reasoning", text: textField(event, "delta") ?? "" }];
      case "response.output_item.added":
        return this.#item(event, false);
      case "response.output_item.done":
        return this.#item(event, true);
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return this.#argument(indexOf(event), textField(event, "delta") ?? "");
      case "response.function_call_arguments.done":
        return this.#rest(indexOf(event), field(event, "arguments"));
      case "response.custom_tool_call_input.done":
        return this.#rest(indexOf(event), field(event, "input"));
      case "response.completed":
      case "response.incomplete":
        return [...this.#leftOver(response), this.#end(response)];
      case "response.failed":
      case "error":
        return [{ kind: "failed", event: Object(event) as object }];
      default:
        return [];
    }
  }

  #delta(event: unknown, kind: "text" | "refusal"): readonly AnswerStep[] {
    const text = textField(event, "delta");
    if (text === undefined) return [];
    this.#texts.add(partOf(event, kind));
    return [{ kind, text }];
  }

  /** Text that came without deltas. */
  #whole(event: unknown, kind: "text" | "refusal", text: unknown): readonly AnswerStep[] {
    const part = partOf(event, kind);
    if (this.#texts.has(part) || typeof text !== "string" || text === "") return [];
    this.#texts.add(part);
    return [{ kind, text }];
  }

  #item(event: unknown, isDone: boolean): readonly AnswerStep[] {
    const item = field(event, "item");
    const type = textField(item, "type");
    if (type === "message" && isDone) return this.#message(item, indexOf(event));
    if (type !== "function_call" && type !== "custom_tool_call") return [];
    const isCustom = type === "custom_tool_call";
    const at = indexOf(event);
    const opened = this.#calls.has(at) ? [] : [this.#open(at, item, isCustom)];
    if (!isDone) return opened;
    return [...opened, ...this.#rest(at, field(item, isCustom ? "input" : "arguments"))];
  }

  #message(item: unknown, at: number): readonly AnswerStep[] {
    const parts = field(item, "content");
    if (!Array.isArray(parts)) return [];
    return parts.flatMap((part: unknown, contentIndex) => {
      const kind = textField(part, "type") === "refusal" ? "refusal" : "text";
      const event = { output_index: at, content_index: contentIndex };
      return this.#whole(event, kind, field(part, kind));
    });
  }

  #open(at: number, item: unknown, isCustom: boolean): AnswerStep {
    const call: Call = { index: this.#calls.size, isCustom, sent: "" };
    this.#calls.set(at, call);
    const id = textField(item, "call_id") ?? textField(item, "id") ?? `call_${at}`;
    return { kind: "call", index: call.index, id, name: textField(item, "name") ?? "", isCustom };
  }

  #argument(at: number, text: string): readonly AnswerStep[] {
    const call = this.#calls.get(at);
    if (!call || text === "") return [];
    call.sent += text;
    return [{ kind: "arguments", index: call.index, text, isCustom: call.isCustom }];
  }

  #rest(at: number, whole: unknown): readonly AnswerStep[] {
    const sent = this.#calls.get(at)?.sent;
    if (sent === undefined || typeof whole !== "string" || !whole.startsWith(sent)) return [];
    return this.#argument(at, whole.slice(sent.length));
  }

  /** What only the last event carries; its `output` is often empty. */
  #leftOver(response: unknown): readonly AnswerStep[] {
    const output = field(response, "output");
    if (!Array.isArray(output)) return [];
    return output.flatMap((item: unknown, at) => this.#item({ output_index: at, item }, true));
  }

  #end(response: unknown): AnswerStep {
    return { kind: "end", reason: this.#reason(response), usage: usageOf(field(response, "usage")) };
  }

  #reason(response: unknown): FinishReason {
    const why = textField(field(response, "incomplete_details"), "reason");
    if (why === "content_filter") return "content_filter";
    if (why !== undefined || textField(response, "status") === "incomplete") return "length";
    return this.#calls.size > 0 ? "tool_calls" : "stop";
  }
}

function usageOf(usage: unknown): ChatUsage | null {
  if (!isRecord(usage)) return null;
  const input = numberField(usage, "input_tokens") ?? 0;
  const output = numberField(usage, "output_tokens") ?? 0;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: numberField(usage, "total_tokens") ?? input + output,
    prompt_tokens_details: {
      cached_tokens: numberField(field(usage, "input_tokens_details"), "cached_tokens") ?? 0,
    },
    completion_tokens_details: {
      reasoning_tokens: numberField(field(usage, "output_tokens_details"), "reasoning_tokens") ?? 0,
    },
  };
}

function indexOf(event: unknown): number {
  return numberField(event, "output_index") ?? 0;
}

function partOf(event: unknown, kind: string): string {
  return `${kind}/${indexOf(event)}/${numberField(event, "content_index") ?? 0}`;
}
