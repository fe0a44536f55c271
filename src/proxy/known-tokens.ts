import { createHash } from "node:crypto";
import type { Account } from "../store/account.ts";

/**
 * The access tokens that accounts of the pool have had while the proxy runs. Codex shows the token of its own login
 * with every request, and whoever has such a token could ask OpenAI without us: so it opens the door as our key does,
 * and no secret has to stand in a command line. A token that was renewed meanwhile stays known, because a running Codex
 * goes on with it. Only digests are kept.
 */
export class KnownTokens {
  readonly #digests = new Set<string>();

  note(accounts: Iterable<Account>): void {
    for (const { login } of accounts)
      if (login.accessToken !== "") this.#digests.add(digest(login.accessToken));
  }

  has(token: string): boolean {
    return token !== "" && this.#digests.has(digest(token));
  }
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
