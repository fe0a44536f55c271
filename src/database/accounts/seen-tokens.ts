import { type Account, fingerprint } from "../../pool/account.ts";
import type { FleetFiles } from "../../store/fleet-files.ts";
import { isRecord, readList, readNumber } from "../../text/json.ts";

/** What this machine has seen of one account in the database. */
interface Sighting {
  /** When the account came into the database: it may come again later. */
  readonly adoptedMs: number;
  /** Fingerprints of its refresh tokens, the newest last. */
  readonly tokens: readonly string[];
  /** It has left the database since. */
  readonly isGone: boolean;
}

export type SeenTokens = ReadonlyMap<string, Sighting>;

const mostTokens = 20;

/** The name of the field in `extra` that tells one stay of an account in the database from the next. */
export const adoptedField = "adoptedMs";

export function adoptedMsOf({ extra }: Account): number {
  return readNumber(extra[adoptedField]) ?? 0;
}

/** To be asked before the database is: what is known then is older than what the database says. */
export function readSeen(files: FleetFiles, storeId: string): SeenTokens {
  const value = files.seen(storeId);
  const seen = new Map<string, Sighting>();
  for (const [id, entry] of Object.entries(isRecord(value) ? value : {})) {
    if (!isRecord(entry)) continue;
    const tokens = readList(entry["tokens"]).filter((each) => typeof each === "string");
    seen.set(id, {
      adoptedMs: readNumber(entry["adoptedMs"]) ?? 0,
      tokens,
      isGone: entry["isGone"] === true,
    });
  }
  return seen;
}

/**
 * How an account in the database stands to what was seen before. `older`: the database was set back, to a token that was
 * spent since; `left`: to before the account left it.
 */
export function standingOf(seen: SeenTokens, account: Account): "known" | "new" | "older" | "left" {
  const known = seen.get(account.id);
  const adoptedMs = adoptedMsOf(account);
  if (!known || adoptedMs > known.adoptedMs) return "new";
  if (known.isGone || adoptedMs < known.adoptedMs) return "left";
  const token = fingerprint(account.login.refreshToken);
  if (!known.tokens.includes(token)) return "new";
  return known.tokens.at(-1) === token ? "known" : "older";
}

/** A token that was spent, or that lives elsewhere now, is never sent, whatever the database says. True for such a one. */
export function forbidOldToken(seen: SeenTokens, account: Account): boolean {
  const standing = standingOf(seen, account);
  if (standing === "known" || standing === "new") return false;
  const older = standing === "older" ? (seen.get(account.id)?.tokens.slice(0, -1) ?? []) : [];
  const token = fingerprint(account.login.refreshToken);
  account.spent = [...new Set([...account.spent, ...older, token])];
  return true;
}

/** Writes down what is new in what the database says; `seen` is what was known before it was asked. */
export function noteSeen(
  files: FleetFiles,
  storeId: string,
  seen: SeenTokens,
  { accounts, gone = [] }: { accounts: readonly Account[]; gone?: readonly Account[] },
): void {
  const news = accounts.filter((account) => standingOf(seen, account) === "new");
  if (news.length === 0 && gone.length === 0) return;
  const now = new Map(readSeen(files, storeId));
  for (const account of news) {
    const { id, login } = account;
    // Somebody has seen more meanwhile.
    if (JSON.stringify(now.get(id)) !== JSON.stringify(seen.get(id))) continue;
    const adoptedMs = adoptedMsOf(account);
    const before = now.get(id);
    const earlier = before?.adoptedMs === adoptedMs ? before.tokens : [];
    const tokens = [...earlier, fingerprint(login.refreshToken)].slice(-mostTokens);
    now.set(id, { adoptedMs, tokens, isGone: false });
  }
  for (const account of gone) {
    const before = now.get(account.id);
    if (before?.adoptedMs === adoptedMsOf(account)) now.set(account.id, { ...before, isGone: true });
  }
  files.noteSeen(storeId, Object.fromEntries(now));
}
