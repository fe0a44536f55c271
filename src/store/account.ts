import { keptLogin } from "../codex/auth-json.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import type { Flag, RefreshMark } from "./refresh-mark.ts";

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
