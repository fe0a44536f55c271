import type { IncomingMessage } from "node:http";
import type { Refusal } from "./refusal.ts";

const mostBytes = 1024 * 1024;

/** Audio is not served; a model that OpenAI does not have either is told apart, as OpenAI does. */
export async function transcriptionRefusal(request: IncomingMessage): Promise<Refusal> {
  const model = modelIn(await start(request));
  if (model === null) return badModel("Missing required parameter: 'model'.");
  if (!/^(?:whisper-|gpt-\S*transcribe)/.test(model)) return badModel("This model cannot transcribe audio.");
  return { kind: "not-implemented", what: "audio transcriptions" };
}

function badModel(message: string): Refusal {
  return { kind: "bad-request", issue: { path: ["model"], message } };
}

/** Of a form in parts, or of JSON. */
function modelIn(text: string): string | null {
  const field = /name="model"\r?\n(?:[^\r\n]+\r?\n)*\r?\n([^\r\n]{1,200})/.exec(text)?.[1];
  return field ?? /"model"\s*:\s*"([^"]{1,200})"/.exec(text)?.[1] ?? null;
}

/** The beginning of the body; the sound itself is not wanted. */
async function start(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > mostBytes) break;
    }
  } catch {
    // The client left: it gets no answer anyway.
  }
  return Buffer.concat(chunks).toString("latin1");
}
