import type { GatewayParts } from "../parts.ts";

/** OpenAI's API takes these, and the backend of Codex refuses them: who sends one wants an answer all the same. */
const dropped: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "top_logprobs",
  "max_tokens",
  "max_output_tokens",
  "stop",
  "seed",
  "user",
  "metadata",
  "safety_identifier",
  "prompt_cache_retention",
  "truncation",
]);

/** A Responses request of a client that is not Codex, as the backend of Codex takes it. */
export async function plainRequest(
  { transformBody }: Pick<GatewayParts, "transformBody">,
  body: Readonly<Record<string, unknown>>,
): Promise<object> {
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !dropped.has(name)));
  // What cannot be understood here upstream refuses in words of its own.
  return await transformBody(kept).catch(() => ({ ...kept, store: false, stream: true }));
}
