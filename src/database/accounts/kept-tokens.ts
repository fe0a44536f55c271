import { type AuthDocument, keptLogin, type Login } from "../../codex/auth-json.ts";
import type { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type Account, fingerprint } from "../../pool/account.ts";
import { replaceLogin } from "../../pool/adopt.ts";
import type { FleetFiles } from "../../store/fleet-files.ts";
import { field, isRecord, numberField, parseJson } from "../../text/json.ts";
import { adoptedMsOf, type SeenTokens, standingOf } from "./seen-tokens.ts";
import type { AccountVault } from "./vault.ts";

/** Tokens that came from the issuer to this machine. */
export interface Kept {
  /** Null for tokens in hand. */
  readonly path: string | null;
  readonly accountId: string;
  readonly spent: string;
  readonly login: Login;
  /** Null for tokens in hand, which belong to what is there now. */
  readonly adoptedMs: number | null;
}

const kind = "tokens";

export function keepTokens(
  files: FleetFiles,
  vault: AccountVault,
  tokens: { accountId: string; spent: string; document: AuthDocument; adoptedMs: number },
): CodexAuthError | null {
  const { accountId, spent, document, adoptedMs } = tokens;
  const sealed = vault.seal(kind, accountId, JSON.stringify({ spent, adoptedMs, document }));
  return files.keep(vault.storeId, { accountId, spent, sealed });
}

/** What a killed renewal has left, and the newest tokens that this machine got. What is torn stays for a person. */
export function readKept(files: FleetFiles, vault: AccountVault): Kept[] {
  return files.kept(vault.storeId).flatMap(({ path, accountId, spent, sealed }) => {
    const value = parseJson(vault.open(kind, accountId, sealed) ?? "");
    const document = field(value, "document");
    const adoptedMs = numberField(value, "adoptedMs");
    if (!isRecord(document) || adoptedMs === undefined || field(value, "spent") !== spent) return [];
    return [{ path, accountId, spent, login: keptLogin(document), adoptedMs }];
  });
}

/** Takes tokens into the account that the database has. Returns the files that are of no use any more. */
export function takeKept(accounts: readonly Account[], kept: readonly Kept[], seen: SeenTokens): string[] {
  return kept.flatMap((each) => {
    const account = accounts.find(({ id }) => id === each.accountId);
    if (!account || (each.adoptedMs !== null && each.adoptedMs !== adoptedMsOf(account))) return [];
    const token = fingerprint(each.login.refreshToken);
    if (fingerprint(account.login.refreshToken) === token) return [];
    if (mayTake(account, each, seen)) {
      take(account, each);
      return [];
    }
    return isSuperseded(account, token, seen) && each.path !== null ? [each.path] : [];
  });
}

function mayTake(account: Account, { login, spent }: Kept, seen: SeenTokens): boolean {
  const standing = standingOf(seen, account);
  if (standing === "left") return false;
  const tokens = seen.get(account.id)?.tokens ?? [];
  const token = fingerprint(login.refreshToken);
  const isNewest = !tokens.includes(token) || tokens.at(-1) === token;
  const isNext = fingerprint(account.login.refreshToken) === spent;
  // The database was set back by more than one renewal, and this machine made the last one.
  return isNewest && (isNext || (standing === "older" && tokens.includes(token)));
}

function take(account: Account, { login, spent }: Kept): void {
  const old = fingerprint(account.login.refreshToken);
  // Some issuers leave the refresh token as it is.
  for (const each of [spent, old])
    if (each !== fingerprint(login.refreshToken) && !account.spent.includes(each)) account.spent.push(each);
  replaceLogin(account, login);
  account.refresh = null;
  account.flag = null;
}

function isSuperseded(account: Account, token: string, seen: SeenTokens): boolean {
  const tokens = seen.get(account.id)?.tokens ?? [];
  const now = tokens.indexOf(fingerprint(account.login.refreshToken));
  return account.spent.includes(token) || (tokens.includes(token) && tokens.indexOf(token) < now);
}
