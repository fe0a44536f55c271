/** US dollars per million tokens. `null`: the source does not say; the input price counts then. */
export interface PriceRow {
  /** The model, or the beginning of its name when it ends in `*`. */
  readonly model: string;
  readonly input: number;
  readonly cachedInput: number | null;
  readonly cacheWrite: number | null;
  readonly output: number;
  /** The first day, UTC, on which the price counted as far as we know. */
  readonly validFrom: string;
  readonly source: string;
}

const read = "OpenAI's price list, as LiteLLM's model_prices_and_context_window.json has it, read 2026-11";

/** What the tokens would cost on OpenAI's API: an equivalent, not a bill. The first row that fits counts. */
export const priceTable: readonly PriceRow[] = [
  row("gpt-6-sol", [2, 0.2, 2.5, 10]),
  row("gpt-6-luna", [0.1, 0.01, 0.125, 0.5]),
  row("gpt-6.1-sol", [2, 0.1, null, 10]),
  row("gpt-6-astra", [10, null, null, 50]),
];

/** A request with more input than this pays more for all of its tokens. */
export const longContext = { aboveInputTokens: 272_000, inputFactor: 2, outputFactor: 1.5 };

/** What a service tier multiplies the price by; an unknown one counts as the usual price. */
export const tierFactors: Readonly<Record<string, number>> = { fast: 2, priority: 2, flex: 0.5 };

function row(
  model: string,
  [input, cachedInput, cacheWrite, output]: readonly [number, number | null, number | null, number],
): PriceRow {
  return { model, input, cachedInput, cacheWrite, output, validFrom: "2026-11-01", source: read };
}
