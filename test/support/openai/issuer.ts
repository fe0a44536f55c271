import { forgeAuthJson, forgeTokens, type Login } from "../forge.ts";

export type RefreshAnswer =
  | { kind: "renewed"; tokens: ReturnType<typeof forgeTokens> }
  | { kind: "reused" }
  | { kind: "unknown" };

/** One login: every refresh token it ever had, the newest last. */
interface Family {
  login: Login;
  tokens: string[];
}

/** Issues refresh tokens that work once, as OpenAI's do, and counts every try to use one again. */
export class FakeIssuer {
  /** Life of the access tokens that a refresh returns. */
  accessTokenSec = 3600;
  refreshes = 0;
  reuses = 0;
  readonly #families: Family[] = [];

  /** A new login, as the auth.json document that Codex would have written. */
  issue(login: Login) {
    const family: Family = { login, tokens: [] };
    this.#families.push(family);
    return forgeAuthJson({ ...login, refreshToken: nextToken(family) });
  }

  refresh(token: string): RefreshAnswer {
    const family = this.#families.find(({ tokens }) => tokens.includes(token));
    if (!family) return { kind: "unknown" };
    if (family.tokens.at(-1) !== token) {
      this.reuses += 1;
      return { kind: "reused" };
    }
    this.refreshes += 1;
    const { issuedAt: _, lastRefresh: __, ...who } = family.login;
    const login = { ...who, expiresInSec: this.accessTokenSec, refreshToken: nextToken(family) };
    return { kind: "renewed", tokens: forgeTokens(login) };
  }

  /** The only refresh token of an e-mail address that still works. */
  newestToken(email: string): string | undefined {
    return this.tokensOf(email).at(-1);
  }

  /** All of them, the newest last. */
  tokensOf(email: string): readonly string[] {
    return this.#families.find(({ login }) => login.email === email)?.tokens ?? [];
  }
}

function nextToken({ login, tokens }: Family): string {
  const token = `rt_${login.accountId ?? "acct-1"}_${login.userId ?? "user-1"}_${tokens.length + 1}`;
  tokens.push(token);
  return token;
}
