import { sha256 } from "../../machine/hash.ts";
import type { GatewayParts } from "../parts.ts";
import { poolAccounts } from "../admin/accounts.ts";

/** Hashes are compared, so that the time that it takes tells nothing of the key; a client's key has another length, and costs none. */
export function isOwner({ ownerKey }: GatewayParts, secret: string): boolean {
  return secret.length === ownerKey?.length && sha256(secret) === sha256(ownerKey);
}

/** Which account was to serve the last ten requests, and why; newest first. */
export function lastDecisions({ rotation, now }: GatewayParts): object {
  const names = new Map(poolAccounts(rotation, now()).map(({ id, name }) => [id, name]));
  const decisions = rotation.counters.decisions().map((each) => {
    const { accountId } = each;
    return Object.assign(
      { accountName: accountId === null ? null : (names.get(accountId) ?? accountId) },
      each,
    );
  });
  return { decisions };
}
