import type { Credits } from "./credits.ts";

/** What is used up: a window, the credits of the workspace, or the cap that its owner has set. */
export type ReachedKind = "window" | "credits" | "spend-cap";

/** What the usage endpoint last said about an account beside its windows. */
export interface AccountNews {
  readonly atMs: number;
  /** Null when it named none. */
  readonly plan: string | null;
  readonly credits: Credits | null;
  /** False: the account has no windows and lives on credits. */
  readonly hasWindows: boolean;
}

/** The plan of an account: what was said last, the token when it was issued or the usage endpoint since. */
export function currentPlan(
  login: { readonly plan: string | null; readonly issuedAtSec: number | null },
  news: AccountNews | null | undefined,
): string | null {
  if (!news || news.plan === null) return login.plan;
  return news.atMs >= (login.issuedAtSec ?? 0) * 1000 ? news.plan : login.plan;
}
