import { isFreshEnough, isValid } from "../../auth/renew/outcome.ts";
import { usableLogin } from "../../auth/renew/usable-login.ts";
import { type Login, readAuthDocument } from "../../codex/auth-json.ts";
import { isDangling } from "../../machine/path-kind.ts";
import { type Account, nameAmong } from "../../pool/account.ts";
import { findAccount } from "../../pool/adopt.ts";
import { nextTryMs, renewalTrouble, troubleText } from "../../pool/renewal-trouble.ts";
import { endedText, flagText, notRenewable, remedyOf, stateWords } from "../../pool/state.ts";
import type { Snapshot } from "../../store/store.ts";
import { isRecord } from "../../text/json.ts";
import { shellWord } from "../../text/shell-words.ts";
import { capitalized } from "../../text/words.ts";
import { fileCheck, type Fix, type FoundFault, poolCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { accountLines, isoTime, switchCommand } from "./accounts.ts";

/** Accounts that need a new sign-in: a person has to do something. */
export const loginFlagged = poolCheck({
  id: "login_flagged",
  area: "credentials",
  severity: "warning",
  title: "an account needs a new sign-in",
  // `list` uses this file too, and tests nothing.
  look: async ({ pool }, facts) => {
    if (!pool.accounts.some(({ flag }) => flag)) return [];
    const { flaggedAccounts } = await import("../../auth/probe/flags.ts");
    const found = flaggedAccounts(pool.accounts, facts.nowMs).filter(({ test }) => test !== "none");
    const testable = new Set(found.map(({ account }) => account));
    return flagged(pool.accounts, pool.accounts, (named) =>
      testable.has(named.account) ? testing(named, facts) : null,
    );
  },
});

/** Those of `accounts` that are looked at. `fixFor` makes the fix where a test could put the account back into use. */
export function flagged(
  looked: readonly Account[],
  accounts: readonly Account[],
  fixFor: (named: NamedAccount) => Fix | null = () => null,
): FoundFault[] {
  const nameOf = nameAmong(accounts);
  return looked.flatMap((account) => {
    if (!account.flag) return [];
    const { reason, since } = account.flag;
    const name = nameOf(account);
    const message = `${name}: ${stateWords.flagged} since ${since} (${flagText(reason)}).`;
    return [{ message, command: remedyOf(reason, account), fix: fixFor({ account, name }) }];
  });
}

function testing({ account, name }: NamedAccount, facts: Facts): Fix {
  return {
    isLive: true,
    does: `Test ${name}, and put it back into use when OpenAI takes its login.`,
    apply: async () => (await import("../fixes/retest.ts")).retest(facts, account.id),
  };
}

const soonMs = 24 * 3_600_000;

/** An account whose refresh token was refused needs a new sign-in, which is a finding of its own. */
export const loginExpired = fileCheck({
  id: "login_expired",
  area: "credentials",
  severity: "error",
  title: "the access token in auth.json has ended, or will soon, and cannot be renewed",
  look: ({ login, place }, { nowMs, snapshot }) => {
    const expiresAtSec = login?.expiresAtSec ?? null;
    // A renewal lends auth.json a login without its refresh token, which is in the pool.
    if (expiresAtSec === null || login?.refreshToken || snapshot?.active?.login.refreshToken) return [];
    const leftMs = expiresAtSec * 1000 - nowMs;
    if (leftMs > soonMs) return [];
    const command = wayOut(snapshot);
    const evidence = [`ends: ${isoTime(expiresAtSec)}`];
    if (leftMs <= 0) {
      const message = `${capitalized(endedText(`in ${place.name}`))}.`;
      return [{ message, evidence, command }];
    }
    const message = `The access token in ${place.name} ends within a day and ${notRenewable}.`;
    return [{ message, evidence, command, severity: "warning" }];
  },
});

/** An account that may serve instead; without one, a new login. */
function wayOut(snapshot: Snapshot | null): string {
  const isReady = ({ id, flag, pausedAt, login }: Account) =>
    id !== snapshot?.active?.id && !flag && pausedAt === null && login.refreshToken !== "";
  const other = snapshot?.pool.accounts.find(isReady);
  return other ? `codex auth switch ${shellWord(other.id)}` : "codex auth login --switch";
}

/**
 * A key beside tokens is normal: a login with the browser stores both, and auth_mode says which one counts. Only
 * without auth_mode does the key win, whatever the person logged in with last.
 */
export const loginAmbiguous = fileCheck({
  id: "login_ambiguous",
  area: "credentials",
  severity: "warning",
  title: "auth.json holds a key and a ChatGPT login, and does not say which one counts",
  look: ({ login }, { snapshot }) => {
    const hidden = login && hiddenLogin(login);
    if (!login || !hidden) return [];
    const winner = login.kind === "apiKey" ? "the API key" : "the access token";
    const message = `auth.json holds ${winner} and the ChatGPT login of ${hidden.email ?? "somebody"}, but no auth_mode: Codex uses ${winner}.`;
    const evidence = ["auth_mode: missing", "to use ChatGPT instead: the command below"];
    return [{ message, evidence, command: chatgptCommand(hidden, snapshot) }];
  },
});

/** The tokens that Codex does not use. */
export function hiddenLogin({ kind, document }: Login): Login | null {
  const mode = document["auth_mode"] ?? null;
  if (mode !== null || kind === "chatgpt" || !isRecord(document["tokens"])) return null;
  const reading = readAuthDocument({ ...document, auth_mode: "chatgpt" });
  return reading.kind === "login" ? reading.login : null;
}

function chatgptCommand(hidden: Login, snapshot: Snapshot | null): string {
  const account = snapshot && findAccount(snapshot.pool, hidden);
  return account ? `codex auth switch ${shellWord(account.id)}` : "codex auth login --switch";
}

/** No mend: a person may have logged out. */
export const notLoggedIn = fileCheck({
  id: "not_logged_in",
  area: "credentials",
  severity: "error",
  title: "there is no auth.json",
  look: ({ state, target, place }, facts) => {
    const isFile = place.kind === "file";
    // A link that leads nowhere has a check of its own.
    if (state !== "missing" || (isFile && isDangling(facts.ctx.fs, facts.paths.authFile))) return [];
    const what = isFile ? `${target} does not exist` : "The keyring holds no login for this CODEX_HOME";
    const message = `${what}, so Codex is not logged in.`;
    return [{ message, evidence: accountLines(facts), command: switchCommand(facts) }];
  },
});

/** Nothing is wrong: it explains the first pause of the next Codex, and why a machine without a network fails. */
export const renewalDue = fileCheck({
  id: "renewal_due",
  area: "credentials",
  severity: "info",
  title: "the access token in auth.json has ended and will be renewed",
  look: ({ login, place }, { nowMs, snapshot }) => {
    const { expiresAtSec, refreshToken } = login ?? {};
    if (!expiresAtSec || !refreshToken || expiresAtSec * 1000 > nowMs || snapshot?.active?.flag) return [];
    const message = `The access token in ${place.name} has ended; Codex renews it at its next start.`;
    return [{ message, evidence: [`ended: ${isoTime(expiresAtSec)}`], command: "codex auth check" }];
  },
});

/**
 * Renewals that were killed, so that nobody knows whether the token is spent. Mended only when the account needs a
 * renewal anyway: an issuer that sees a spent token again may end the access token too, which is still good.
 */
export const refreshInterrupted = poolCheck({
  id: "refresh_interrupted",
  area: "credentials",
  severity: "warning",
  title: "a renewal was interrupted",
  look: ({ interrupted, pool }, { nowMs, ctx }) => {
    const nameOf = nameAmong(pool.accounts);
    return interrupted.map((account) => {
      const isGood = isFreshEnough(account.login, { kind: "expiring" }, nowMs);
      const named = { account, name: nameOf(account) };
      return interruptedRenewal(named, isGood ? null : renewing(named, ctx, "renewal was interrupted"));
    });
  },
});

interface NamedAccount {
  readonly account: Account;
  readonly name: string;
}

/** `why` stands after "whose". */
function renewing({ account, name }: NamedAccount, ctx: Facts["ctx"], why: string): Fix {
  return {
    isLive: true,
    does: `Renew ${name}, whose ${why}.`,
    apply: async () => void (await usableLogin(ctx, account, { kind: "expiring", isAsked: true })),
  };
}

export function interruptedRenewal({ account, name }: NamedAccount, fix: Fix | null = null): FoundFault {
  const { refresh, id } = account;
  const when = refresh?.kind === "intent" ? ` at ${refresh.startedAt}` : "";
  const message = `A renewal of ${name} was interrupted${when}. The next renewal shows whether its refresh token still works.`;
  return { message, command: `codex auth check ${shellWord(id)}`, fix };
}

/**
 * Renewals that had no answer, or that the issuer did not serve. Mended only when the account needs a renewal anyway:
 * an issuer that sees a spent token again may end the access token too, which is still good.
 */
export const renewalUnclear = poolCheck({
  id: "renewal_unclear",
  area: "credentials",
  severity: "warning",
  title: "a renewal had no answer, or was not served",
  look: ({ pool }, { nowMs, ctx }) => unclearRenewals(pool.accounts, nowMs, ctx),
});

/** Without `ctx` as what is told only. */
export function unclearRenewals(
  accounts: readonly Account[],
  nowMs: number,
  ctx: Facts["ctx"] | null = null,
): FoundFault[] {
  const nameOf = nameAmong(accounts);
  return accounts.flatMap((account): FoundFault[] => {
    const trouble = account.flag === null ? renewalTrouble(account) : null;
    if (trouble === null) return [];
    const name = nameOf(account);
    const about = `${name}: ${troubleText(trouble)}.`;
    const { expiresAtSec } = account.login;
    if (expiresAtSec !== null && isValid(account.login, nowMs)) {
      const message = `${about} Its access token serves until ${isoTime(expiresAtSec)}.`;
      return [{ message, command: null }];
    }
    const nextMs = nextTryMs(trouble, nowMs);
    const next = nextMs <= nowMs ? "at its next use" : `at ${new Date(nextMs).toISOString()}`;
    const message = `${about} It is tried again ${next}.`;
    const fix = ctx && renewing({ account, name }, ctx, "last renewal brought no token");
    return [{ message, command: `codex auth check ${shellWord(account.id)}`, fix }];
  });
}
