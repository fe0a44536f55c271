import { isValid } from "../../auth/refresh-outcome.ts";
import type { Account } from "../../store/account.ts";
import type { Snapshot } from "../../store/store.ts";
import type { BackendRequest } from "../../upstream/ask-backend.ts";
import { backendOf } from "../../upstream/backend.ts";
import type { Scene } from "../scene.ts";

const timeoutMs = 10_000;

/**
 * The accounts that a live check may ask about: with the token that they have, since a refresh token is not spent for
 * a look. One whose token has ended by the clock is left out: that is no fault, Codex renews it when it needs it.
 */
export function askedAccounts({ pool }: Snapshot, { nowMs }: Scene): Account[] {
  return pool.accounts.filter(
    ({ login, pausedAt, flag }) =>
      login.kind === "chatgpt" && pausedAt === null && flag === null && isValid(login, nowMs),
  );
}

export function backendRequest({ fx, config, nowMs }: Scene, { login }: Account): BackendRequest {
  const { identity, accessToken } = login;
  const accountId = identity.kind === "seat" ? identity.accountId : null;
  const baseUrl = backendOf(fx.env, config.settings?.chatgptBaseUrl);
  return { baseUrl, accessToken, accountId, nowMs, timeoutMs };
}
