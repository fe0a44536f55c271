import { microsPerDollar } from "./policy.ts";
import { longContext, priceTable, tierFactors, type PriceRow } from "./price-table.ts";

/** Tokens of one answer. `cached` and `cacheWrite` are part of `input`, `reasoning` is part of `output`. */
export interface TokenCounts {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

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
