import { microsPerDollar } from "./policy.ts";
import type { Amounts } from "./usage-state.ts";

/** Tokens of one answer. `cached` and `cacheWrite` are part of `input`, `reasoning` is part of `output`. */
export interface TokenCounts {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export const noTokens: TokenCounts = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export interface Cost {
  /** Millionths of a US dollar, rounded up. */
  readonly micros: number;
  /** `table`: the model has a row. `assumed`: it has none, so the dearest row counts. */
  readonly price: "table" | "assumed";
}

/** What an answer would cost on OpenAI's API. A model that the table does not know costs as much as the dearest. */
export function costOf(model: string, tokens: TokenCounts, tier?: string): Cost {
  const known = priceOf(model);
  const price = known ?? dearest();
  const isLong = tokens.input > longContext.aboveInputTokens;
  const factor = tierFactors[tier ?? ""] ?? 1;
  const cached = Math.min(tokens.cached, tokens.input);
  const written = Math.min(tokens.cacheWrite, tokens.input - cached);
  const input =
    (tokens.input - cached - written) * price.input +
    cached * (price.cachedInput ?? price.input) +
    written * (price.cacheWrite ?? price.input);
  const output = tokens.output * price.output;
  // Dollars per million tokens are millionths of a dollar per token.
  const micros =
    (input * (isLong ? longContext.inputFactor : 1) + output * (isLong ? longContext.outputFactor : 1)) *
    factor;
  return { micros: Math.ceil(micros - 1e-6), price: known ? "table" : "assumed" };
}

/**
 * What the tokens of many answers would cost, in millionths of a dollar: without what a long request or a tier adds, which
 * sums do not tell. Null for a model that the table does not know.
 */
export function equivalentOf(
  model: string,
  { input, cached, output }: Pick<TokenCounts, "input" | "cached" | "output">,
): number | null {
  const price = priceOf(model);
  if (price === null) return null;
  return (input - cached) * price.input + cached * (price.cachedInput ?? price.input) + output * price.output;
}

/** The row of a model. A dated or suffixed name (`gpt-6-sol-2026-10-01`, `gpt-6-sol-high`) has the price of its family. */
export function priceOf(model: string): PriceRow | null {
  const name = model.toLowerCase();
  const exact = priceTable.find((row) => row.model === name);
  if (exact) return exact;
  const families = priceTable.filter((row) => name.startsWith(`${row.model}-`));
  return families.toSorted((one, other) => other.model.length - one.model.length)[0] ?? null;
}

function dearest(): PriceRow {
  return priceTable.reduce((best, row) => (row.output > best.output ? row : best));
}

export function dollars(micros: number): number {
  return micros / microsPerDollar;
}

/** US dollars per million tokens. `null`: the source does not say; the input price counts then. */
interface PriceRow {
  /** The model, or the family of models whose names go on behind it. */
  readonly model: string;
  readonly input: number;
  readonly cachedInput: number | null;
  readonly cacheWrite: number | null;
  readonly output: number;
  /** The first day, UTC, on which the price counted as far as we know. */
  readonly validFrom: string;
  readonly source: string;
}

const liteLlm = "OpenAI's price list, as LiteLLM's model_prices_and_context_window.json has it, read 2026-11";
const genaiPrices = "OpenAI's price list, as @pydantic/genai-prices 0.1.8 has it, read 2026-11-29";

/** What the tokens would cost on OpenAI's API: an equivalent, not a bill. */
export const priceTable: readonly PriceRow[] = [
  row("gpt-6-sol", [2, 0.2, 2.5, 10], genaiPrices),
  row("gpt-6-luna", [0.1, 0.01, 0.125, 0.5], genaiPrices),
  row("gpt-6-astra", [10, 1, 12.5, 50], genaiPrices),
  row("gpt-6.1-sol", [2, 0.1, null, 10], liteLlm),
  row("gpt-5.6-sol", [4, 0.4, 5, 20], genaiPrices, "2026-08-21"),
  row("gpt-5.6-terra", [2, 0.2, 2.5, 12], genaiPrices, "2026-07-30"),
  row("gpt-5.6-luna", [0.2, 0.02, 0.25, 1.2], genaiPrices, "2026-07-30"),
  row("gpt-5.5", [5, 0.5, null, 30], genaiPrices),
];

/** A request with more input than this pays more for all of its tokens. */
const longContext = { aboveInputTokens: 272_000, inputFactor: 2, outputFactor: 1.5 };

/** What a service tier multiplies the price by; an unknown one counts as the usual price. */
const tierFactors: Readonly<Record<string, number>> = { fast: 2, priority: 2, flex: 0.5 };

function row(
  model: string,
  [input, cachedInput, cacheWrite, output]: readonly [number, number | null, number | null, number],
  source: string,
  validFrom = "2026-11-01",
): PriceRow {
  return { model, input, cachedInput, cacheWrite, output, validFrom, source };
}

const bytesPerToken = 4;
/** An answer of which nobody knows yet how long it will be. */
const usualOutput = 2_048;
/** A stream carries about this many bytes of events for a token. */
const bytesPerStreamedToken = 200;

/** What a request holds until it is known what it took. `bytes`: the size of its body, decompressed. */
export function estimateOf(model: string, bytes: number, tier?: string, output = usualOutput): Amounts {
  const input = Math.ceil(bytes / bytesPerToken);
  return amountsOf(model, { input, cached: 0, cacheWrite: 0, output, reasoning: 0 }, tier);
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
