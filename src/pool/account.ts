import { type AuthDocument, type Identity, keptLogin, type Login } from "../codex/auth-json.ts";
import { sha256 } from "../machine/hash.ts";
import type { Flag, RefreshMark } from "./marks.ts";

/** What pool.json holds of one account. */
export interface AccountFields {
  /** Ours, stable, not secret: derived from the identity. */
  id: string;
  label: string | null;
  /** ISO time since when it is out of selection; null when in use. */
  pausedAt: string | null;
  /** ISO time. */
  addedAt: string;
  /** The whole auth.json document, verbatim. */
  auth: AuthDocument;
  /** Fingerprints of refresh tokens that are known to be used up, newest last. */
  spent: string[];
  flag: Flag | null;
  refresh: RefreshMark | null;
  /** Keys of a later version. */
  extra: Record<string, unknown>;
}

/** One login that we keep. Its tokens are decoded at first use: most commands look at few of many accounts. */
export class Account {
  readonly id: string;
  label: string | null;
  pausedAt: string | null;
  readonly addedAt: string;
  spent: string[];
  flag: Flag | null;
  refresh: RefreshMark | null;
  readonly extra: Record<string, unknown>;
  #auth: AuthDocument;
  #login: Login | null = null;

  constructor({ id, label, pausedAt, addedAt, auth, spent, flag, refresh, extra }: AccountFields) {
    this.id = id;
    this.label = label;
    this.pausedAt = pausedAt;
    this.addedAt = addedAt;
    this.spent = spent;
    this.flag = flag;
    this.refresh = refresh;
    this.extra = extra;
    this.#auth = auth;
  }

  get auth(): AuthDocument {
    return this.#auth;
  }

  set auth(document: AuthDocument) {
    this.#auth = document;
    this.#login = null;
  }

  get login(): Login {
    this.#login ??= keptLogin(this.#auth);
    return this.#login;
  }
}

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

/**
 * How a sentence names an account of a pool: its label and e-mail, or whatever it has; one without a label that shares its
 * e-mail has its plan and row. For a whole list there is `nameAmong`.
 */
export function accountName(account: Account, accounts: readonly Account[]): string {
  return nameAmong(accounts)(account);
}

/** The same where its row stands beside it, where no pool is at hand, and in documents. */
export function plainName(account: Account): string {
  const name = seatName(account);
  return account.label === null ? name : `${account.label} (${name})`;
}

/** E-mail, workspace id, or what kind of key it is. */
export function seatName({ login, id }: Account): string {
  const { email, identity, kind } = login;
  return email ?? (identity.kind === "seat" ? identity.accountId : `${kindNames[kind]} ${id}`);
}

const kindNames = {
  chatgpt: "login",
  apiKey: "API key",
  accessToken: "access token",
  agentIdentity: "agent identity",
  bedrock: "Bedrock key",
  headers: "headers login",
};

/** The same in a pool; one that shares its e-mail and has no label has its plan and row. For a whole list, ask once. */
export function nameAmong(accounts: readonly Account[]): (account: Account) => string {
  let names: ((id: string) => string) | null = null;
  return (account) => {
    if (account.label !== null) return plainName(account);
    const name = (names ??= accountNames(accounts))(account.id);
    // One that is none of them.
    return name === account.id ? plainName(account) : name;
  };
}

export function accountNames(accounts: readonly Account[]): (id: string) => string {
  return sentenceNames(
    accounts.map((account, index) => ({
      id: account.id,
      row: index + 1,
      label: account.label,
      name: seatName(account),
      email: account.login.email,
      plan: account.login.plan,
    })),
  );
}

interface Named {
  readonly id: string;
  readonly row: number;
  readonly label: string | null;
  readonly name: string;
  readonly email: string | null;
  readonly plan: string | null;
}

/** Names for sentences: the label, else the e-mail; with its plan and row where an e-mail has several seats. */
export function sentenceNames(accounts: readonly Named[]): (id: string) => string {
  const seats = new Map<string, number>();
  for (const { email } of accounts) if (email !== null) seats.set(email, (seats.get(email) ?? 0) + 1);
  const names = new Map(
    accounts.map(({ id, row, label, name, email, plan }) => {
      const isShared = email !== null && (seats.get(email) ?? 0) > 1;
      return [id, label ?? (isShared ? seatText({ name, plan, row }) : name)];
    }),
  );
  return (id) => names.get(id) ?? id;
}

/** An account that its name alone does not tell from another. */
export function seatText({ name, plan, row }: Pick<Named, "name" | "plan" | "row">): string {
  return `${name} (${plan === null ? "" : `${plan}, `}row ${row})`;
}
