import { classifyFailure } from "../errors/classify.ts";
import { AnswerReader, type AnswerStep, type ChatUsage, type FinishReason } from "./answer.ts";

/** What every chunk and document of one answer says. */
export interface AnswerNames {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

/** The chunks of one streamed answer, in the order of the events that they come from. */
export class ChunkWriter {
  readonly #names: AnswerNames;
  readonly #includeUsage: boolean;
  readonly #reader = new AnswerReader();
  #hasBegun = false;

  constructor(names: AnswerNames, { includeUsage }: { includeUsage: boolean }) {
    this.#names = names;
    this.#includeUsage = includeUsage;
  }

  /** Objects to be written as `data:` lines. A failure is one `{ error }` object; `[DONE]` is the caller's. */
  write(event: unknown): readonly object[] {
    return this.#reader.read(event).flatMap((step) => this.#chunks(step));
  }

  #chunks(step: AnswerStep): object[] {
    switch (step.kind) {
      case "text":
        return [this.#delta({ content: step.text })];
      case "refusal":
        return [this.#delta({ refusal: step.text })];
      case "reasoning":
        return [this.#delta({ reasoning_content: step.text })];
      case "call":
        return [this.#delta({ tool_calls: [openedCall(step)] })];
      case "arguments":
        return [
          this.#delta({ tool_calls: [{ index: step.index, ...argumentsOf(step.isCustom, step.text) }] }),
        ];
      case "end":
        return this.#last(step.reason, step.usage);
      case "failed":
        break;
    }
    // With its type, which OpenAI leaves out inside a stream.
    const nowMs = this.#names.created * 1000;
    return [classifyFailure(step.event, nowMs, { stage: "stream" }).envelope];
  }

  #last(reason: FinishReason, usage: ChatUsage | null): object[] {
    const end = this.#chunk([{ index: 0, delta: this.#begun({}), finish_reason: reason, logprobs: null }]);
    return this.#includeUsage && usage ? [end, { ...this.#chunk([]), usage }] : [end];
  }

  #delta(delta: object): object {
    return this.#chunk([{ index: 0, delta: this.#begun(delta), finish_reason: null, logprobs: null }]);
  }

  /** The first delta of an answer says who speaks. */
  #begun(delta: object): object {
    if (this.#hasBegun) return delta;
    this.#hasBegun = true;
    return { role: "assistant", content: "", ...delta };
  }

  #chunk(choices: readonly object[]): object {
    const usage = this.#includeUsage ? { usage: null } : {};
    return { object: "chat.completion.chunk", ...this.#names, choices, ...usage };
  }
}

/** The whole answer as one document, unless it ended in a failure. */
export type ChatDocument =
  | { readonly kind: "answer"; readonly document: object }
  | { readonly kind: "failed" };

/** Null: the events ended without an end. */
export function chatDocument(events: Iterable<unknown>, names: AnswerNames): ChatDocument | null {
  const reader = new AnswerReader();
  const said = { text: "", refusal: "", reasoning: "" };
  const calls: { id: string; name: string; isCustom: boolean; text: string }[] = [];
  for (const event of events) {
    for (const step of reader.read(event)) {
      if (step.kind === "failed") return { kind: "failed" };
      if (step.kind === "end") {
        const message = {
          role: "assistant",
          content: said.text === "" && (calls.length > 0 || said.refusal !== "") ? null : said.text,
          refusal: said.refusal === "" ? null : said.refusal,
          ...(said.reasoning === "" ? {} : { reasoning_content: said.reasoning }),
          ...(calls.length === 0 ? {} : { tool_calls: calls.map(wholeCall) }),
        };
        const choices = [{ index: 0, message, finish_reason: step.reason, logprobs: null }];
        const usage = step.usage ? { usage: step.usage } : {};
        return { kind: "answer", document: { object: "chat.completion", ...names, choices, ...usage } };
      }
      if (step.kind === "call") calls.push({ ...step, text: "" });
      else if (step.kind === "arguments") {
        const call = calls[step.index];
        if (call) call.text += step.text;
      } else said[step.kind] += step.text;
    }
  }
  return null;
}

function openedCall({ index, id, name, isCustom }: Extract<AnswerStep, { kind: "call" }>): object {
  return { index, id, ...(isCustom ? { type: "custom", custom: { name, input: "" } } : named(name, "")) };
}

function argumentsOf(isCustom: boolean, text: string): object {
  return isCustom ? { custom: { input: text } } : { function: { arguments: text } };
}

function wholeCall({
  id,
  name,
  isCustom,
  text,
}: {
  id: string;
  name: string;
  isCustom: boolean;
  text: string;
}): object {
  return { id, ...(isCustom ? { type: "custom", custom: { name, input: text } } : named(name, text)) };
}

function named(name: string, text: string): object {
  return { type: "function", function: { name, arguments: text } };
}
