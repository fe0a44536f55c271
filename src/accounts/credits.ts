import { field, isRecord, readBoolean, readNumber, readText } from "./unknown-value.ts";

/** Paid credits beside the windows. */
export interface Credits {
  readonly hasCredits: boolean;
  readonly isUnlimited: boolean;
  /** As reported, an amount in text; null when not reported. */
  readonly balance: string | null;
}

/** From `{ has_credits, unlimited, balance }`; null when the value is something else. */
export function readCredits(value: unknown): Credits | null {
  if (!isRecord(value)) return null;
  return creditsOf(field(value, "has_credits"), field(value, "unlimited"), field(value, "balance"));
}

export function creditsOf(hasCredits: unknown, unlimited: unknown, balance: unknown): Credits | null {
  const has = readBoolean(hasCredits);
  const isUnlimited = readBoolean(unlimited);
  if (has === null && isUnlimited === null) return null;
  return { hasCredits: has ?? false, isUnlimited: isUnlimited ?? false, balance: readBalance(balance) };
}

function readBalance(value: unknown): string | null {
  const number = typeof value === "number" ? readNumber(value) : null;
  return number === null ? readText(value) : String(number);
}
