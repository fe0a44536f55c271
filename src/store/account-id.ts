import type { AuthDocument, Identity, Login } from "../codex/auth-json.ts";
import { sha256 } from "./hash.ts";
import { Account } from "./account.ts";

/** Derived from the identity, so that the same login gets the same id on every machine and after every import. */
export function accountIdOf(identity: Identity): string {
  const parts =
    identity.kind === "seat" ? ["seat", identity.userId, identity.accountId] : ["secret", identity.secret];
  return sha256(JSON.stringify(parts)).slice(0, 12);
}

/** Names the lock under which the seats of one user are renewed, one after the other. */
export function userKeyOf({ id, login }: Account): string {
  return login.identity.kind === "seat" ? sha256(login.identity.userId).slice(0, 12) : id;
}

/** How logs and files outside the pool name a refresh token. */
export function fingerprint(refreshToken: string): string {
  return sha256(refreshToken).slice(0, 16);
}

export function newAccount(login: Login, nowMs: number): Account {
  const addedAt = new Date(nowMs).toISOString();
  const id = accountIdOf(login.identity);
  const fresh = { label: null, pausedAt: null, spent: [], flag: null, refresh: null, extra: {} };
  return new Account({ ...fresh, id, addedAt, auth: repaired(login) });
}

/**
 * An older Codex that renews A while another program makes B live writes A's tokens under B's account_id.
 * The claims tell whose tokens they are.
 */
export function repaired(login: Login): AuthDocument {
  const tokens = login.document["tokens"];
  if (login.identity.kind !== "seat" || typeof tokens !== "object" || tokens === null) return login.document;
  if (!("account_id" in tokens) || tokens.account_id === login.identity.accountId) return login.document;
  return { ...login.document, tokens: { ...tokens, account_id: login.identity.accountId } };
}
