import { createHash } from "node:crypto";
import type { Account } from "../store/account.ts";

interface Known {
  readonly accountId: string;
  /** Null: the token does not say when it ends. */
  readonly endsAtMs: number | null;
}

/**
 * The access tokens that accounts of the pool have had while the proxy runs. Codex shows the token of its own login
 * with every request, and whoever has such a token could ask OpenAI without us: so it opens the door as our key does,
 * and no secret has to stand in a command line. A token that was renewed meanwhile stays known until it ends, because a
 * running Codex goes on with it; those of an account that was removed are forgotten. Only digests are kept.
 */
export class KnownTokens {
  readonly #known = new Map<string, Known>();

  /** `accounts` are all that the pool has now. */
  note(accounts: readonly Account[], nowMs: number): void {
    const ids = new Set(accounts.map(({ id }) => id));
    for (const [key, { accountId, endsAtMs }] of this.#known)
      if (!ids.has(accountId) || hasEnded(endsAtMs, nowMs)) this.#known.delete(key);
    for (const { id, login } of accounts) {
      const endsAtMs = login.expiresAtSec === null ? null : login.expiresAtSec * 1000;
      if (login.accessToken !== "") this.#known.set(digest(login.accessToken), { accountId: id, endsAtMs });
    }
  }

  has(token: string, nowMs: number): boolean {
    const known = token === "" ? undefined : this.#known.get(digest(token));
    return known !== undefined && !hasEnded(known.endsAtMs, nowMs);
  }
}

function hasEnded(endsAtMs: number | null, nowMs: number): boolean {
  return endsAtMs !== null && endsAtMs <= nowMs;
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
