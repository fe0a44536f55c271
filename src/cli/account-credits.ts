import type { AccountNews } from "../accounts/account-news.ts";
import type { Credits } from "../accounts/credits.ts";
import { isoTime } from "./account-limits.ts";
import type { Zod } from "./define-command.ts";

export const creditsSchema = (z: Zod) =>
  z.object({
    hasCredits: z.boolean(),
    unlimited: z.boolean(),
    balance: z.string().nullable().describe("as OpenAI writes it"),
    onlyCredits: z.boolean().describe("the account has no windows: credits are all that it is served by"),
    observedAt: z.iso.datetime().nullable(),
  });

export interface CreditsReport {
  hasCredits: boolean;
  unlimited: boolean;
  balance: string | null;
  onlyCredits: boolean;
  observedAt: string | null;
}

/** What is known of the credits of an account. */
export function reportCredits(
  { hasCredits, isUnlimited, balance }: Credits,
  { hasWindows, atMs }: Pick<AccountNews, "hasWindows" | "atMs">,
): CreditsReport {
  const observedAt = isoTime(atMs);
  return { hasCredits, unlimited: isUnlimited, balance, onlyCredits: !hasWindows, observedAt };
}

/** In the place of windows: nothing for an account that has them. */
export function creditsText(credits: CreditsReport | null): string {
  if (credits === null || !credits.onlyCredits) return "";
  if (credits.unlimited) return "unlimited credits";
  if (!credits.hasCredits) return "no credits";
  return credits.balance === null ? "credits" : `${credits.balance} credits`;
}
