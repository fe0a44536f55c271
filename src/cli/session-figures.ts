import type { Limit } from "../accounts/limit.ts";
import { mergeLimits } from "../accounts/limit.ts";
import { attributeToCreator } from "../sessions/attribution.ts";
import type { SessionAccount } from "../sessions/attribution.ts";
import { readSessionLimits } from "../sessions/session-limits.ts";
import type { SessionLimits } from "../sessions/session-limits.ts";
import type { Account } from "../store/account.ts";
import { sessionCache } from "../store/session-cache.ts";
import { readUsageFile } from "../store/usage-file.ts";
import type { Context } from "./context.ts";

export interface SessionFigures {
  /** By account id. */
  limits: ReadonlyMap<string, readonly Limit[]>;
  files: number;
  /** Logs with figures that could not be given to an account. */
  unattributed: number;
}

type Reader = Pick<Context, "fs" | "now" | "store" | "stderr">;

const newestName = "newest.json";

/** The newest limits of each account from the session logs of this CODEX_HOME, kept for the commands that read no log. */
export function readSessionFigures(ctx: Reader, accounts: readonly Account[]): SessionFigures {
  const { fs, store, now } = ctx;
  const found = readSessionLimits({
    homes: [store.paths.codexHome],
    storage: sessionCache(fs, store.paths, "limits.json"),
    attribute: attributeToCreator(store.proxiedSessions()),
    nowMs: now(),
    onProgress: showProgress(ctx),
  });
  const limits = limitsById(found, seatFinder(accounts));
  keepNewest(ctx, limits);
  return { limits, files: found.files, unattributed: found.unattributed };
}

/** What the last command that read the logs found. */
export function cachedSessionFigures({ fs, store }: Pick<Context, "fs" | "store">) {
  return readUsageFile(fs, sessionCache(fs, store.paths, newestName).path);
}

/** Which account of the pool a log means. Logs do not always name the user; then the workspace must have one account. */
export function seatFinder(accounts: readonly Account[]): (seat: SessionAccount) => string | null {
  const byWorkspace = new Map<string, { id: string; userId: string }[]>();
  for (const { id, login } of accounts) {
    const { identity } = login;
    if (identity.kind !== "seat") continue;
    const seats = byWorkspace.get(identity.accountId) ?? [];
    byWorkspace.set(identity.accountId, [...seats, { id, userId: identity.userId }]);
  }
  return ({ accountId, userId }) => {
    const seats = byWorkspace.get(accountId) ?? [];
    if (userId !== null) return seats.find((seat) => seat.userId === userId)?.id ?? null;
    return seats.length === 1 ? (seats[0]?.id ?? null) : null;
  };
}

function limitsById({ accounts }: SessionLimits, idOf: (seat: SessionAccount) => string | null) {
  const byId = new Map<string, readonly Limit[]>();
  for (const { account, limits } of accounts) {
    const id = idOf(account);
    if (id !== null) byId.set(id, mergeLimits(byId.get(id) ?? [], limits));
  }
  return byId;
}

function keepNewest({ fs, store }: Reader, byId: ReadonlyMap<string, readonly Limit[]>): void {
  const cache = sessionCache(fs, store.paths, newestName);
  const entries = [...byId].map(([id, limits]) => [id, { limits, availability: null }]);
  const text = JSON.stringify({ version: 1, accounts: Object.fromEntries(entries) as unknown });
  if (byId.size > 0 && cache.read() !== text) cache.write(text);
}

/** A cold scan of many logs takes a moment. */
function showProgress({ stderr }: Reader): (read: number, files: number) => void {
  if (!stderr.isTerminal) return () => undefined;
  return (read, files) => {
    if (read % 100 === 0) stderr.write(`\rReading session logs: ${read} of ${files}\u001b[K`);
    if (read === files && files >= 100) stderr.write("\r\u001b[K");
  };
}
