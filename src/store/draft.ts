import type { AuthDocument } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { adopt } from "./adopt.ts";
import type { Adoption } from "./adopt.ts";
import { accountIdOf } from "./account-id.ts";
import { isSameVersion, refuseHardLink } from "./auth-file.ts";
import type { LiveFile } from "./auth-file.ts";
import type { Account, Pool } from "./pool-file.ts";
import type { Draft } from "./store.ts";

/** What auth.json is to become; null leaves it alone. */
export type Target = { kind: "login"; account: Account } | { kind: "absent" } | null;

/** One attempt at a transaction: fresh state, the adoption that comes before anything else, and what was asked for. */
export class WorkingDraft implements Draft {
  readonly pool: Pool;
  readonly live: LiveFile;
  active: Account | null;
  adoption: Adoption | null = null;
  target: Target = null;
  parked: AuthDocument[] = [];
  wantsBackup = false;
  replacesBrokenLogin = false;
  replacesBrokenPool = false;
  readonly #nowMs: number;

  constructor(pool: Pool, live: LiveFile, nowMs: number) {
    this.pool = pool;
    this.live = live;
    this.#nowMs = nowMs;
    this.active = this.#findActive();
    if (this.active) this.#adoptLive();
    this.#settleProjection();
    if (live.state !== "broken" && this.active?.id !== pool.activeId)
      this.#setActive(this.active?.id ?? null);
  }

  activate(account: Account, { replaceBroken = false } = {}): void {
    refuseHardLink(this.live);
    if (this.live.state === "broken" && !replaceBroken) throw brokenError(this.live);
    this.replacesBrokenLogin = this.live.state === "broken";
    if (!this.active && this.live.login) this.#adoptLive();
    this.target = { kind: "login", account };
    this.#setActive(account.id);
    this.active = account;
  }

  deactivate(): void {
    refuseHardLink(this.live);
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
  }

  backUp(): void {
    this.wantsBackup = true;
  }

  #findActive(): Account | null {
    const { login } = this.live;
    if (!login) return null;
    const id = accountIdOf(login.identity);
    return this.pool.accounts.find((account) => account.id === id) ?? null;
  }

  #adoptLive(): void {
    if (!this.live.login) return;
    this.adoption = adopt(this.pool, this.live.login, this.#nowMs);
    if (this.adoption.displaced) this.park(this.adoption.displaced);
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
    if (!projection?.before || !isSameVersion(projection.before, this.live.version)) return;
    if (projection.afterSha256 === null) this.target = { kind: "absent" };
    const promised = accounts.find(({ id }) => id === activeId);
    if (!promised) return;
    this.target = { kind: "login", account: promised };
    this.active = promised;
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

function brokenError(live: LiveFile): CodexAuthError {
  const message = `${live.target} cannot be read: ${live.problem}.`;
  const hint =
    "To keep it aside as auth.json.broken-<time> and go on: codex auth switch <account> --replace-broken";
  return new CodexAuthError("auth_file_unreadable", message, { hint });
}
