const longest = 1_000_000;

/**
 * The text of an answer, unpacked, and no more than the start of it: what we ask for is short, and a small answer that
 * unpacks to an endless one must not fill the memory.
 */
export async function answerText({ body }: Pick<Response, "body">, limit = longest): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) return text.slice(0, limit);
  }
  return text + decoder.decode();
}
