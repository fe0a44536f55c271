const ending = '_call"';
/** Items that the client answers with an output; searches and pictures are made by OpenAI itself. */
const call =
  /"type"\s*:\s*"(?:function|custom_tool|local_shell|shell|apply_patch|computer|tool_search)_call"$/;
const longest = 64;

/**
 * Whether an answer asks the client to run a tool, from its bytes: events hold whole answers, so none is parsed for
 * this. Inside a text of the model the quotes are escaped, and nothing is found there.
 */
export function asksForTool(bytes: Buffer | string): boolean {
  for (let at = bytes.indexOf(ending); at >= 0; at = bytes.indexOf(ending, at + 1)) {
    const [from, to] = [Math.max(0, at - longest), at + ending.length];
    if (call.test(typeof bytes === "string" ? bytes.slice(from, to) : bytes.toString("latin1", from, to)))
      return true;
  }
  return false;
}

/** The same for pieces of one text, wherever it was cut. */
export function piecesAskForTool(pieces: readonly Buffer[]): boolean {
  return pieces.some((piece, at) => {
    const before = pieces[at - 1];
    if (asksForTool(piece)) return true;
    return (
      before !== undefined &&
      asksForTool(Buffer.concat([before.subarray(-longest), piece.subarray(0, longest)]))
    );
  });
}
