// Longer than 250 lines: one transaction, from what it finds to what it leaves.
import { isSameIdentity, readAuthDocument } from "../codex/auth-json.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { leaseOf } from "../codex/lease.ts";
import { fingerprint } from "./account-id.ts";
import { adopt, findAccount, replaceLogin } from "./adopt.ts";
import type { Adoption } from "./adopt.ts";
import { isReplaceable, isSameVersion, refuseUnreplaceable } from "./auth-file.ts";
import type { LiveFile } from "./auth-file.ts";
import type { Account } from "./account.ts";
import { sha256 } from "./hash.ts";
import { MustWait, renewalOf } from "./obstacle.ts";
import type { Obstacle } from "./obstacle.ts";
import { poolText } from "./pool-file.ts";
import type { Pool } from "./pool-file.ts";
import type { Liveness, ProcessIdentity } from "./process-identity.ts";
import type { Rescue } from "./rescue.ts";
import type { Draft } from "./store.ts";

/** What auth.json is to become; null leaves it alone. */
export type Target = { kind: "login"; document: AuthDocument } | { kind: "absent" } | null;

interface DraftSources {
  pool: Pool;
  live: LiveFile;
  rescues: readonly Rescue[];
  /** Logins that commands made in private homes which have ended. */
  strays: readonly Login[];
  nowMs: number;
  livenessOf: (process: ProcessIdentity) => Liveness;
  /** Whether nobody holds the lock under which this account is renewed. */
  isRefreshUnlocked: (account: Account) => boolean;
}

/** One attempt at a transaction: fresh state, the adoption that comes before anything else, and what was asked for. */
export class WorkingDraft implements Draft {
  readonly pool: Pool;
  readonly live: LiveFile;
  readonly rescues: readonly Rescue[];
  /** Accounts whose refresh was killed, so that nobody knows whether the token is spent. */
  readonly interrupted: readonly Account[];
  /** Codex's auth.lock is held by this process already. */
  isAuthLocked = false;
  /** What a running Codex may be renewing is given up. */
  ignoresCodex = false;
  active: Account | null;
  adoption: Adoption | null = null;
  readonly foldedBack: readonly Adoption[];
  target: Target = null;
  parked: AuthDocument[] = [];
  /** A command brought a login that lost: it is kept even when nothing else changes. What lost in auth.json is still there. */
  mustPark = false;
  /** What a backup of this transaction holds; null when none was asked for. */
  backupText: string | null = null;
  /** A switch counts as a change, and in `revision`, even to the account that is active already. */
  isSwitch = false;
  replacesBrokenLogin = false;
  replacesBrokenPool = false;
  readonly #nowMs: number;
  readonly #livenessOf: DraftSources["livenessOf"];

  constructor({ pool, live, rescues, strays, nowMs, livenessOf, isRefreshUnlocked }: DraftSources) {
    this.pool = pool;
    this.live = live;
    this.#nowMs = nowMs;
    this.#livenessOf = livenessOf;
    this.active = this.#findActive();
    if (this.active) this.#adoptLive();
    this.#settleProjection();
    this.rescues = rescues.filter((rescue) => !isInFlight(pool, rescue, livenessOf));
    for (const rescue of this.rescues) this.#takeRescue(rescue);
    this.foldedBack = strays.map((login) => this.#takeStray(login));
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
    this.target = { kind: "login", document: leaseOf(account.auth) };
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
    return isAlive ? renewalOf(account) : null;
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

  park(document: AuthDocument): void {
    this.parked.push(document);
    this.mustPark = true;
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
    if (isSameIdentity(account.login.identity, old.identity)) this.parked.push(old.document);
    else this.#adoptLive();
  }

  #adoptLive(): void {
    if (!this.live.login) return;
    this.adoption = adopt(this.pool, this.live.login, { nowMs: this.#nowMs, tie: "login" });
    if (this.adoption.displaced) this.parked.push(this.adoption.displaced);
    // An unknown login that is about to be overwritten becomes the account to come back to.
    if (this.adoption.outcome === "added") this.#setActive(this.adoption.account.id);
  }

  /**
   * A command that died between its two renames has promised an auth.json. While the file is untouched since then,
   * keep the promise; when somebody else wrote it, theirs counts.
   */
  #settleProjection(): void {
    const { projection, activeId, accounts } = this.pool;
    this.pool.projection = null;
    // Without a file before, a promise not kept and a logout since then look the same: keep neither.
    // Nor one that cannot be kept.
    if (!projection?.before || this.live.isMounted) return;
    const { bytes } = this.live;
    const isLent = bytes !== null && projection.lent === sha256(bytes);
    if (!isLent && !isSameVersion(projection.before, this.live.version)) return;
    if (activeId === null) this.target = { kind: "absent" };
    const promised = accounts.find(({ id }) => id === activeId);
    if (!promised) return;
    this.target = { kind: "login", document: promised.auth };
    this.active = promised;
  }

  /** New tokens that a refresh has just got, or that one got which was killed before it could save them. */
  #takeRescue({ accountId, spent, login }: Rescue): void {
    const account = this.pool.accounts.find(({ id }) => id === accountId);
    if (!account) return this.park(login.document);
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
      this.park(login.document);
    }
    this.renewLive(account);
  }

  #takeStray(login: Login): Adoption {
    const adoption = adopt(this.pool, login, { nowMs: this.#nowMs, tie: "login" });
    if (adoption.displaced) this.park(adoption.displaced);
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
  { accountId }: Rescue,
  livenessOf: DraftSources["livenessOf"],
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
