import type { IncomingMessage } from "node:http";
import { missingIssue } from "../../errors/envelope.ts";
import type { Refusal } from "../door/refusal.ts";

/** More than OpenAI takes. */
const mostBytes = 32 * 1024 * 1024;
/** A name that stands where two pieces meet is looked for in both. */
const keptChars = 4096;

/** Audio is not served; a model that OpenAI does not have either is told apart, as OpenAI does. */
export async function transcriptionRefusal(request: IncomingMessage): Promise<Refusal> {
  const model = await modelOf(request);
  if (model === null) return { kind: "bad-request", issue: missingIssue(["model"]) };
  if (!/^(?:whisper-|gpt-\S*transcribe)/.test(model))
    return {
      kind: "bad-request",
      issue: { path: ["model"], message: "This model cannot transcribe audio." },
    };
  return { kind: "not-implemented", what: "audio transcriptions" };
}

/** Of a form in parts, or of JSON. */
function modelIn(text: string): string | null {
  const field = /name="model"\r?\n(?:[^\r\n]+\r?\n)*\r?\n([^\r\n]{1,200})\r?\n/.exec(text)?.[1];
  return field ?? /"model"\s*:\s*"([^"]{1,200})"/.exec(text)?.[1] ?? null;
}

/** Clients send the sound before the name or after it; nothing of the sound is kept. */
async function modelOf(request: IncomingMessage): Promise<string | null> {
  let model: string | null = null;
  let tail = "";
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > mostBytes) break;
      const text = tail + bytes.toString("latin1");
      model ??= modelIn(text);
      tail = text.slice(-keptChars);
    }
  } catch {
    // The client left: it gets no answer anyway.
  }
  return model;
}
