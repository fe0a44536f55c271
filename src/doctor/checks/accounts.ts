import type { Login } from "../../codex/auth-json.ts";
import { type Account, accountName, nameAmong } from "../../pool/account.ts";
import { movingOf } from "../../pool/moving.ts";
import type { Pool } from "../../pool/pool.ts";
import { endedText, hasEnded, remedyOf } from "../../pool/state.ts";
import type { LiveFile } from "../../store/auth-file.ts";
import { shellWord } from "../../text/shell-words.ts";
import { capitalized } from "../../text/words.ts";
import { type FoundFault, poolCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { duplicates, isBeingRenewed, mergeDuplicates } from "../fixes/pool-entries.ts";

/** Each is an account of its own, with limits of its own; the e-mail alone does not say which one is meant. */
export const seatsOfOneEmail = poolCheck({
  id: "seats_of_one_email",
  area: "credentials",
  severity: "info",
  title: "one e-mail has several seats",
  look: ({ pool }) => {
    const seats = new Map<string, Account[]>();
    for (const account of pool.accounts) {
      const { email, identity } = account.login;
      if (email !== null && identity.kind === "seat")
        seats.set(email, [...(seats.get(email) ?? []), account]);
    }
    return [...seats]
      .filter(([, group]) => new Set(group.map(seatOf)).size > 1)
      .map(([email, group]) => ({
        message: `${email} has ${group.length} seats. They are different accounts, so give them labels to tell them apart.`,
        evidence: group.map((account) => `${account.id}: workspace ${seatOf(account)}, ${label(account)}`),
        command: labelCommand(group),
      }));
  },
});

function seatOf({ login: { identity } }: Account): string {
  return identity.kind === "seat" ? identity.accountId : "";
}

function label(account: Account): string {
  return account.label === null ? "no label" : `label ${account.label}`;
}

/** Labels tell them apart. */
function labelCommand(group: readonly Account[]): string | null {
  const unnamed = group.find((account) => account.label === null);
  return unnamed ? `codex auth label ${shellWord(unnamed.id)} <name>` : null;
}

/** Only one of them can hold the token that is good: a renewal of one spends that of the other. */
export const accountDuplicate = poolCheck({
  id: "account_duplicate",
  area: "credentials",
  severity: "warning",
  title: "one login is in the pool twice",
  look: ({ pool }, facts) =>
    duplicates(pool).flatMap((group) => (group[0] ? [duplicateOf(group[0], group, facts)] : [])),
});

function duplicateOf(
  first: Account,
  group: readonly Account[],
  { ctx, nowMs, paths, snapshot }: Facts,
): FoundFault {
  const name = accountName(first, snapshot?.pool.accounts ?? group);
  const isBusy = isBeingRenewed(group);
  return {
    message: `${name} is in the pool ${group.length} times. When one of them is renewed, the others stop working.`,
    evidence: group.map((account) => dateLine(account.id, account.login)),
    command: isBusy ? `codex auth check ${shellWord(first.id)}` : "codex auth fix",
    fix: isBusy
      ? null
      : {
          does: `Keep ${name} only once, with its newest tokens; older logins are put aside in ${paths.displacedDir}.`,
          apply: () =>
            ctx.store.transaction("fix", (transaction) => mergeDuplicates(transaction, first.id, nowMs)),
        },
  };
}

/** Its move was interrupted: what has begun is ended forwards only. */
export const accountMoving = poolCheck({
  id: "account_moving",
  area: "credentials",
  severity: "warning",
  title: "an account is on its way into a database",
  look: ({ pool }) => movingAccounts(pool),
});

export function movingAccounts(pool: Pool): FoundFault[] {
  return movingOf(pool).map(({ account, place }) => ({
    message: `${accountName(account, pool.accounts)} is on its way into the database ${place}, and until it is there nobody can use it.`,
    command: `codex auth gateway adopt ${shellWord(account.id)}`,
  }));
}

/** The live account is looked at in auth.json; one that needs a new sign-in has its own finding. */
export const accountExpired = poolCheck({
  id: "account_expired",
  area: "credentials",
  severity: "warning",
  title: "an account of the pool has ended and cannot be renewed",
  look: ({ pool, active }, { nowMs }) => {
    const nameOf = nameAmong(pool.accounts);
    return pool.accounts
      .filter((account) => account !== active && !account.flag && hasEnded(account, nowMs))
      .map((account) => ({
        message: `${capitalized(endedText(`of ${nameOf(account)}`))}.`,
        evidence: [`ended: ${isoTime(account.login.expiresAtSec ?? 0)}`],
        command: remedyOf("ended", account),
      }));
  },
});

const shown = 8;

/** The accounts that one can switch to, a line each. */
export function accountLines({ snapshot }: Facts): string[] {
  const accounts = snapshot?.pool.accounts ?? [];
  const nameOf = nameAmong(accounts);
  const lines = accounts.slice(0, shown).map((account) => `in the pool: ${nameOf(account)}`);
  return accounts.length > shown ? [...lines, `and ${accounts.length - shown} more`] : lines;
}

/** With the account that was active last, or the first one; without any, a new login. */
export function switchCommand({ snapshot }: Facts): string {
  const pool = snapshot?.pool;
  const lastId = pool?.activeId ?? pool?.previousId;
  const account = pool?.accounts.find(({ id }) => id === lastId) ?? pool?.accounts[0];
  return account ? `codex auth switch ${shellWord(account.id)}` : "codex auth login --switch";
}

/** "the pool: token of 2026-11-20T11:00:00.000Z", as evidence. */
export function dateLine(place: string, { issuedAtSec }: Login): string {
  const date = issuedAtSec === null ? "that tells no date" : `of ${isoTime(issuedAtSec)}`;
  return `${place}: token ${date}`;
}

/** An ISO time from epoch seconds. */
export function isoTime(sec: number): string {
  return new Date(sec * 1000).toISOString();
}

/** The subject of a sentence. */
export function whereOf({ place, target }: LiveFile): string {
  return place.kind === "file" ? target : "The keyring";
}

/** The same by its short name. */
export function nameOf({ place }: LiveFile): string {
  return place.kind === "file" ? "auth.json" : "The keyring";
}
