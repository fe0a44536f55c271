import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import { livenessOf } from "../../machine/processes.ts";
import { randomHex } from "../../machine/hash.ts";
import { type Account, userKeyOf } from "../../pool/account.ts";
import type { LockHold } from "../../store/locks/lock.ts";
import { field, isRecord, numberField, parseJson, textField } from "../../text/json.ts";
import { type Database, readDocument, replaceDocument, type Statements } from "../database.ts";
import { changeTogether, loadAccounts, Overtaken, writeAccount } from "./documents.ts";
import type { AccountVault } from "./vault.ts";

const kind = "lease";
/** Longer than a request for tokens takes, with what is done before it. */
const leaseMs = 180_000;
/** Later than this after the lease was taken no request is begun. */
const beginMs = 40_000;
const patienceMs = 60_000;
const restMs = 100;
/** How `nextTryMs` counts an hour. */
const attemptsOfAnHour = 3;

export interface LeaseContext {
  readonly database: Database;
  readonly vault: AccountVault;
  /** Of this machine's folder: what a killed renewal has left is there. */
  readonly placeId: string;
  readonly self: () => ProcessIdentity;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The right to renew the accounts of one user, by the database's clock. */
export interface RenewalLease extends LockHold {
  readonly user: string;
  /** So much of it has passed that no request may be begun. */
  isLate(): boolean;
  /** Throws inside a transaction when somebody else has it; whoever wants it waits for the end of the transaction. */
  hold(statements: Statements): Promise<void>;
}

/** Waits up to a minute for whoever renews an account of this user. */
export async function takeLease(ctx: LeaseContext, user: string): Promise<RenewalLease> {
  const owner = randomHex(8);
  for (let waitedMs = 0; ; waitedMs += restMs) {
    const takenAt = performance.now();
    if (await attempt(ctx, user, owner)) return held(ctx, user, { owner, takenAt });
    if (waitedMs >= patienceMs) throw busyError();
    await ctx.sleep(restMs * (0.5 + Math.random()));
  }
}

/** False while somebody else has it. */
async function attempt(ctx: LeaseContext, user: string, owner: string): Promise<boolean> {
  const { database, placeId, self } = ctx;
  const nowMs = await database.freshNow();
  const document = await readDocument(database, kind, user);
  const last = lastHolder(ctx, document === null ? null : parseJson(document.body), nowMs);
  if (last === "holds") return false;
  const version = document?.version ?? 0;
  const body = JSON.stringify({ owner, placeId, process: self(), untilMs: nowMs + leaseMs });
  return await changeTogether(database, async (statements) => {
    if (!(await replaceDocument(statements, { kind, id: user, version, body, changedMs: nowMs })))
      throw new Overtaken();
    if (last === "unknown") await doubtAttempts(ctx, statements, user, nowMs);
  });
}

/**
 * Whoever had the lease last. `ended`: for certain, and all it has left lies in this folder. `unknown`: it was on another
 * machine or in another container, or nobody can tell, and what it began may still be on its way.
 */
function lastHolder(
  { placeId, self }: LeaseContext,
  lease: unknown,
  nowMs: number,
): "holds" | "ended" | "unknown" {
  const isHere = textField(lease, "placeId") === placeId;
  if (textField(lease, "owner") === undefined) return isHere ? "ended" : "unknown";
  const process = field(lease, "process");
  if (isHere && isRecord(process)) {
    const liveness = livenessOf(process as unknown as ProcessIdentity, self());
    if (liveness === "dead") return "ended";
    // It may have sent the token, however long that takes.
    if (liveness === "alive") return "holds";
  }
  return (numberField(lease, "untilMs") ?? 0) > nowMs ? "holds" : "unknown";
}

/**
 * Somebody else has begun to renew and not ended: there may be new tokens on another disk, or on their way. Sent once
 * more the old one would end the login, so it rests for an hour; who has new ones writes them as soon as possible.
 */
async function doubtAttempts(
  { vault }: LeaseContext,
  statements: Statements,
  user: string,
  nowMs: number,
): Promise<void> {
  const { stored } = await loadAccounts(statements, vault);
  for (const { account, version } of stored) {
    const { refresh } = account;
    if (userKeyOf(account) !== user || refresh?.kind !== "intent") continue;
    account.refresh = doubted(account, refresh.fingerprint, nowMs);
    if (!(await writeAccount(statements, vault, { account, version, nowMs }))) throw new Overtaken();
  }
}

function doubted({ refresh }: Account, token: string, nowMs: number): Account["refresh"] {
  const since =
    refresh?.kind === "intent" ? (refresh.before?.since ?? refresh.startedAt) : new Date(nowMs).toISOString();
  return {
    kind: "uncertain",
    fingerprint: token,
    since,
    attempts: attemptsOfAnHour,
    triedAt: new Date(nowMs).toISOString(),
    why: "another gateway began to renew it and did not say how that ended",
  };
}

function held(
  { database, placeId }: LeaseContext,
  user: string,
  { owner, takenAt }: { owner: string; takenAt: number },
): RenewalLease {
  const own = `%"owner":${JSON.stringify(owner)}%`;
  return {
    user,
    isLate: () => performance.now() - takenAt > beginMs,
    hold: async (statements) => {
      const changed = await statements.change(
        `update documents set version = version + 1 where kind = $1 and id = $2 and body like $3`,
        [kind, user, own],
      );
      if (changed !== 1) throw lostError();
    },
    // Whoever wants to write new tokens may: they are newer whoever has the lease.
    assertOwned: () => undefined,
    release: async () => {
      const body = JSON.stringify({ placeId, owner: "", untilMs: 0 });
      await database
        .change(
          `update documents set version = version + 1, body = $3 where kind = $1 and id = $2 and body like $4`,
          [kind, user, body, own],
        )
        // It ends by itself.
        .catch(() => 0);
    },
  };
}

function busyError(): CodexAuthError {
  return new CodexAuthError(
    "store_locked",
    "Another gateway is renewing a login of this user, for more than a minute now.",
    {
      hint: "Nothing was changed. Try again in a few minutes.",
    },
  );
}

function lostError(): CodexAuthError {
  return new CodexAuthError("store_locked", "Another gateway has taken over the renewal of this login.", {
    hint: "Nothing was sent. Try again in a moment.",
  });
}
