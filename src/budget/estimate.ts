import { costOf, type TokenCounts } from "./cost.ts";
import type { Amounts } from "./usage-state.ts";

const bytesPerToken = 4;
/** An answer of which nobody knows yet how long it will be. */
const usualOutput = 2_048;
/** A stream carries about this many bytes of events for a token. */
const bytesPerStreamedToken = 200;

/** What a request holds until it is known what it took. `bytes`: the size of its body, decompressed. */
export function estimateOf(model: string, bytes: number, tier?: string): Amounts {
  const input = Math.ceil(bytes / bytesPerToken);
  return amountsOf(model, { input, cached: 0, cacheWrite: 0, output: usualOutput, reasoning: 0 }, tier);
}

/** What one request with these tokens takes of each kind of limit. */
export function amountsOf(model: string, tokens: TokenCounts, tier?: string): Amounts {
  return {
    requests: 1,
    input: tokens.input,
    output: tokens.output,
    tokens: tokens.input + tokens.output,
    cost: costOf(model, tokens, tier).micros,
  };
}

/**
 * What is charged for an answer that ended before it said what it took, because the client left or the connection was
 * cut: at least the estimate, and more when more has been sent.
 */
export function cutAmounts(model: string, estimate: Amounts, sentBytes: number, tier?: string): Amounts {
  const output = Math.ceil(sentBytes / bytesPerStreamedToken);
  const sent = amountsOf(
    model,
    { input: estimate.input, cached: 0, cacheWrite: 0, output, reasoning: 0 },
    tier,
  );
  return {
    requests: 1,
    input: Math.max(estimate.input, sent.input),
    output: Math.max(estimate.output, sent.output),
    tokens: Math.max(estimate.tokens, sent.tokens),
    cost: Math.max(estimate.cost, sent.cost),
  };
}
