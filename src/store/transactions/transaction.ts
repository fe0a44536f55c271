// Longer than 250 lines: one transaction, from what it finds to what it leaves.
import { type AuthDocument, isSameIdentity, type Login, readAuthDocument } from "../../codex/auth-json.ts";
import { lentLogin } from "../../codex/login-documents.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { sha256 } from "../../machine/hash.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import type { Liveness } from "../../machine/processes.ts";
import { type Account, fingerprint } from "../../pool/account.ts";
import { adopt, type Adoption, findAccount, replaceLogin } from "../../pool/adopt.ts";
import { type Pool, poolText } from "../../pool/pool.ts";
import { isReplaceable, isSameVersion, type LiveFile, refuseUnreplaceable } from "../auth-file.ts";
import { MustWait, type Obstacle, renewalOf } from "../context.ts";
import type { UnsavedTokens } from "../files/aside.ts";
import type { Transaction } from "../store.ts";

/** What auth.json is to become; null leaves it alone. */
export type Target = { kind: "login"; document: AuthDocument } | { kind: "absent" } | null;

interface TransactionSources {
  pool: Pool;
  live: LiveFile;
  unsaved: readonly UnsavedTokens[];
  /** Logins that commands made in private homes which have ended. */
  strays: readonly Login[];
  nowMs: number;
  livenessOf: (process: ProcessIdentity) => Liveness;
  /** Whether nobody holds the lock under which this account is renewed. */
  isRefreshUnlocked: (account: Account) => boolean;
}

/** One attempt at a transaction: fresh state, the adoption that comes before anything else, and what was asked for. */
export class WorkingTransaction implements Transaction {
  readonly pool: Pool;
  readonly live: LiveFile;
  readonly unsaved: readonly UnsavedTokens[];
  /** Accounts whose refresh was killed, so that nobody knows whether the token is spent. */
  readonly interrupted: readonly Account[];
  /** Codex's auth.lock is held by this process already. */
  isAuthLocked = false;
  /** What a running Codex may be renewing is given up. */
  ignoresCodex = false;
  active: Account | null;
  adoption: Adoption | null = null;
  readonly returned: readonly Adoption[];
  target: Target = null;
  displaced: AuthDocument[] = [];
  /** A command brought a login that lost: it is kept even when nothing else changes. What lost in auth.json is still there. */
  mustKeepDisplaced = false;
  /** What a backup of this transaction holds; null when none was asked for. */
  backupText: string | null = null;
  /** A switch counts as a change, and in `revision`, even to the account that is active already. */
  isSwitch = false;
  replacesBrokenLogin = false;
  replacesBrokenPool = false;
  readonly #nowMs: number;
  readonly #livenessOf: TransactionSources["livenessOf"];

  constructor({ pool, live, unsaved, strays, nowMs, livenessOf, isRefreshUnlocked }: TransactionSources) {
    this.pool = pool;
    this.live = live;
    this.#nowMs = nowMs;
    this.#livenessOf = livenessOf;
    this.active = this.#findActive();
    if (this.active) this.#adoptLive();
    this.#settleProjection();
    this.unsaved = unsaved.filter((each) => !isInFlight(pool, each, livenessOf));
    for (const each of this.unsaved) this.#takeUnsaved(each);
    this.returned = strays.map((login) => this.#takeStray(login));
    this.interrupted = pool.accounts.filter((account) => {
      if (account.refresh?.kind !== "intent") return false;
      const liveness = livenessOf(account.refresh.process);
      // Another machine, or one that does not tell who it is: then the lock tells.
      return liveness === "dead" || (liveness === "unknown" && isRefreshUnlocked(account));
    });
    if (this.active && this.interrupted.includes(this.active)) this.renewLive(this.active);
    if (live.state !== "broken" && this.active?.id !== pool.activeId)
      this.#setActive(this.active?.id ?? null);
  }

  activate(account: Account, { replaceBroken = false, ignoresCodex = false } = {}): void {
    this.ignoresCodex = ignoresCodex;
    refuseUnreplaceable(this.live);
    const reading = readAuthDocument(account.auth);
    if (reading.kind !== "login") throw damagedError(account);
    if (this.live.state === "broken" && !replaceBroken) throw brokenError(this.live);
    this.replacesBrokenLogin = this.live.state === "broken";
    // What a person has just signed in with is not lost to the older login in the file, whatever the clock says.
    if (!this.active && this.live.login) this.#makeWay(account, this.live.login);
    this.target = { kind: "login", document: account.auth };
    this.isSwitch = true;
    this.#setActive(account.id);
    this.active = account;
  }

  renewLive(account: Account): void {
    if (this.active?.id === account.id && isReplaceable(this.live)) {
      this.target = { kind: "login", document: account.auth };
    }
  }

  lendLive(account: Account): void {
    this.target = { kind: "login", document: lentLogin(account.auth) };
  }

  awaitRenewal(account: Account): void {
    const renewal = this.#renewalNow(account);
    if (renewal) throw new MustWait(renewal);
  }

  /** Whose renewal holds Codex's lock, most likely. */
  renewalUnderWay(): Obstacle | null {
    return (
      this.pool.accounts.map((account) => this.#renewalNow(account)).find((each) => each !== null) ?? null
    );
  }

  #renewalNow(account: Account): Obstacle | null {
    const isAlive =
      account.refresh?.kind === "intent" && this.#livenessOf(account.refresh.process) === "alive";
    return isAlive ? renewalOf(account, this.pool.accounts) : null;
  }

  deactivate({ ignoresCodex = false } = {}): void {
    this.ignoresCodex = ignoresCodex;
    refuseUnreplaceable(this.live);
    if (this.live.state === "broken") throw brokenError(this.live);
    this.target = { kind: "absent" };
    this.#setActive(null);
    this.active = null;
  }

  /** Last step before the write: an import may have made the live login known, with older tokens than it has. */
  settleActive(): void {
    if (this.target !== null || this.live.state === "broken") return;
    const wasKnown = this.active !== null;
    this.active = this.#findActive();
    if (this.active && !wasKnown) this.#adoptLive();
    this.#setActive(this.active?.id ?? null);
  }

  keepDisplaced(document: AuthDocument): void {
    this.displaced.push(document);
    this.mustKeepDisplaced = true;
  }

  backUp(): void {
    // With what Codex has renewed meanwhile: the token in pool.json may be used up by now.
    this.backupText ??= poolText(this.pool);
  }

  #findActive(): Account | null {
    const { login } = this.live;
    return login && (findAccount(this.pool, login) ?? null);
  }

  #makeWay(account: Account, old: Login): void {
    if (isSameIdentity(account.login.identity, old.identity)) this.displaced.push(old.document);
    else this.#adoptLive();
  }

  #adoptLive(): void {
    if (!this.live.login) return;
    this.adoption = adopt(this.pool, this.live.login, { nowMs: this.#nowMs, tie: "login" });
    if (this.adoption.displaced) this.displaced.push(this.adoption.displaced);
    // An unknown login that is about to be overwritten becomes the account to come back to.
    if (this.adoption.outcome === "added") this.#setActive(this.adoption.account.id);
  }

  /**
   * A command that died between its two renames has promised an auth.json. While the file is untouched since then,
   * keep the promise; when somebody else wrote it, theirs counts.
   */
  #settleProjection(): void {
    const { projection, activeId, accounts } = this.pool;
    if (this.live.refusal) return;
    this.pool.projection = null;
    // Without a file before, a promise not kept and a logout since then look the same: keep neither.
    // Nor one that cannot be kept.
    if (!projection?.before || this.live.isMounted) return;
    if (!this.#isLent(projection.lent) && !isSameVersion(projection.before, this.live.version)) return;
    if (activeId === null) this.target = { kind: "absent" };
    const promised = accounts.find(({ id }) => id === activeId);
    if (!promised) return;
    this.target = { kind: "login", document: promised.auth };
    this.active = promised;
  }

  /** Whether auth.json holds what was to lie there for a moment. Without a refresh token: to hash every login is slow. */
  #isLent(lent: string | undefined): boolean {
    const { bytes, login } = this.live;
    if (lent === undefined || bytes === null || login?.refreshToken !== "") return false;
    return sha256(bytes) === lent;
  }

  /** New tokens that a refresh has just got, or that one got which was killed before it could save them. */
  #takeUnsaved({ accountId, spent, login }: UnsavedTokens): void {
    const account = this.pool.accounts.find(({ id }) => id === accountId);
    if (!account) return this.keepDisplaced(login.document);
    if (isOtherSeat(account.login, login))
      return void adopt(this.pool, login, { nowMs: this.#nowMs, tie: "login" });
    // Some issuers leave the refresh token as it is.
    const isSpent = fingerprint(login.refreshToken) !== spent;
    if (isSpent && !account.spent.includes(spent)) account.spent.push(spent);
    if (fingerprint(account.login.refreshToken) === spent) {
      replaceLogin(account, login);
      account.refresh = null;
      account.flag = null;
    } else if (account.login.refreshToken !== login.refreshToken) {
      this.keepDisplaced(login.document);
    }
    this.renewLive(account);
  }

  #takeStray(login: Login): Adoption {
    const adoption = adopt(this.pool, login, { nowMs: this.#nowMs, tie: "login" });
    if (adoption.displaced) this.keepDisplaced(adoption.displaced);
    if (adoption.outcome === "updated") this.renewLive(adoption.account);
    return adoption;
  }

  #setActive(id: string | null): void {
    const { activeId, previousId, accounts } = this.pool;
    if (id === activeId) return;
    this.pool.activeId = id;
    this.pool.activeSince = new Date(this.#nowMs).toISOString();
    const isKnown = accounts.some((account) => account.id === activeId);
    this.pool.previousId = activeId !== null && isKnown ? activeId : previousId === id ? null : previousId;
  }
}

function damagedError({ id, label }: Account): CodexAuthError {
  const message = `The login of ${label ?? id} in the pool is damaged, and Codex would refuse it.`;
  const hint = `Take it in again from its auth.json: codex auth remove ${id}, then codex auth import <file>`;
  return new CodexAuthError("pool_unreadable", message, { hint });
}

/** The process that got these tokens is about to save them itself, and holds locks that we would wait for. */
function isInFlight(
  { accounts }: Pool,
  { accountId }: UnsavedTokens,
  livenessOf: TransactionSources["livenessOf"],
): boolean {
  const mark = accounts.find(({ id }) => id === accountId)?.refresh;
  return mark?.kind === "intent" && livenessOf(mark.process) === "alive";
}

/** An issuer that answers with another seat than asked for: a login of its own, and the old one stays as it is. */
function isOtherSeat(a: Login, b: Login): boolean {
  return a.identity.kind === "seat" && b.identity.kind === "seat" && !isSameIdentity(a.identity, b.identity);
}

function brokenError(live: LiveFile): CodexAuthError {
  const message = `${live.target} cannot be read: ${live.problem}.`;
  const hint =
    "To keep it aside as auth.json.broken-<time> and go on: codex auth switch <account> --replace-broken";
  return new CodexAuthError("auth_file_unreadable", message, { hint });
}
