import { readClaims } from "../codex/claims.ts";
import type { AuthDocument } from "../codex/auth-json.ts";
import { codexClientId } from "./token-endpoint.ts";
import type { NewTokens } from "./token-endpoint.ts";

/** The auth.json that Codex writes after a login; null when one of the three tokens is missing. */
export function chatgptDocument(
  { id_token: idToken, access_token: accessToken, refresh_token: refreshToken }: NewTokens,
  issuer: string,
  nowMs: number,
): AuthDocument | null {
  if (idToken === undefined || accessToken === undefined || refreshToken === undefined) return null;
  const accountId = readClaims(idToken).accountId ?? readClaims(accessToken).accountId;
  return {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: idToken,
      access_token: accessToken,
      refresh_token: refreshToken,
      oauth_provenance: { issuer, client_id: codexClientId },
      ...(accountId === null ? {} : { account_id: accountId }),
    },
    last_refresh: new Date(nowMs).toISOString(),
  };
}

export function apiKeyDocument(key: string): AuthDocument {
  return { auth_mode: "apikey", OPENAI_API_KEY: key };
}

/** Codex writes no auth_mode here. */
export function accessTokenDocument(token: string): AuthDocument {
  return { OPENAI_API_KEY: null, personal_access_token: token };
}
