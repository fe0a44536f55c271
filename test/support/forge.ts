/** Forged logins: unsigned tokens with the claims that Codex reads. Nothing here is a secret. */
export interface Login {
  email?: string | undefined;
  accountId?: string;
  userId?: string;
  plan?: string;
  /** Seconds from `issuedAt` to the end of the access token. */
  expiresInSec?: number;
  /** Epoch seconds. */
  issuedAt?: number;
  refreshToken?: string;
  lastRefresh?: string;
}

export function forgeJwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.${Buffer.from("sig").toString("base64url")}`;
}

export function forgeTokens(login: Login) {
  const issuedAt = login.issuedAt ?? Math.floor(Date.now() / 1000);
  const accountId = login.accountId ?? "acct-1";
  const userId = login.userId ?? "user-1";
  const times = { iat: issuedAt, exp: issuedAt + (login.expiresInSec ?? 3600) };
  const auth = {
    chatgpt_plan_type: login.plan ?? "plus",
    chatgpt_account_id: accountId,
    chatgpt_user_id: userId,
    user_id: userId,
  };
  const email = login.email ?? "a@example.com";
  return {
    id_token: forgeJwt({ ...times, email, "https://api.openai.com/auth": auth }),
    access_token: forgeJwt({
      ...times,
      "https://api.openai.com/auth": auth,
      "https://api.openai.com/profile": { email },
    }),
    refresh_token: login.refreshToken ?? `rt_${userId}_${accountId}_${issuedAt}`,
    account_id: accountId,
  };
}

/** An auth.json document as `codex login` writes it. */
export function forgeAuthJson(login: Login = {}) {
  return {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: forgeTokens(login),
    last_refresh: login.lastRefresh ?? new Date((login.issuedAt ?? Date.now() / 1000) * 1000).toISOString(),
  };
}

export type AuthJson = ReturnType<typeof forgeAuthJson>;
