import { checkLogin } from "../../auth/allowed-login.ts";
import { isSameIdentity, type Login } from "../../codex/auth-json.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type Account, plainName, newAccount } from "../../pool/account.ts";
import { adoptNewLogin, findAccount } from "../../pool/adopt.ts";
import { refuseTakenLabel } from "../../pool/select.ts";
import { reportOf } from "../../reports/account.ts";
import type { Transaction } from "../../store/store.ts";
import { safe } from "../../text/safe-text.ts";

interface Wish {
  /** The account that was to be renewed. */
  asked: Account | null;
  label: string | null;
  makesLive: boolean;
  /** Takes the login also when it belongs to another account than `asked`. */
  takesOther: boolean;
}

const outcomeWords = { added: "added", updated: "renewed", kept: "renewed", same: "unchanged" } as const;

/**
 * Puts a new login into the pool: an unknown account is added, a known one keeps all but its tokens. A login is too
 * dear to be thrown away because it cannot have the label or be made live: that is told when it is safe.
 */
export async function addLogin(ctx: Context, login: Login, wish: Wish) {
  const snapshot = await ctx.store.read();
  const known = findAccount(snapshot.pool, login);
  const candidate = known ?? newAccount(login, ctx.now());
  if (wish.asked && !wish.takesOther) await requireSameAccount(ctx, wish.asked, candidate);
  const restriction = wish.makesLive ? complaintOf(() => checkLogin(ctx, candidate, snapshot)) : null;
  const makesLive = wish.makesLive && !restriction;
  const add = (asLive: boolean) => {
    const change = (transaction: Transaction) =>
      enter(ctx, transaction, login, { label: wish.label, makesLive: asLive });
    return ctx.store.transaction("login", change);
  };
  let refusal: CodexAuthError | null = null;
  const { problem, ...report } = await add(makesLive).catch((error: unknown) => {
    if (!makesLive) throw error;
    refusal = asTold(error);
    return add(false);
  });
  const trouble = restriction ?? refusal ?? problem;
  if (!trouble) return report;
  const message = `The login was ${report.outcome} as account ${report.account.row}, but: ${trouble.message}`;
  throw new CodexAuthError(trouble.code, message, trouble.hint === undefined ? {} : { hint: trouble.hint });
}

function enter(
  ctx: Context,
  transaction: Transaction,
  login: Login,
  { label, makesLive }: Pick<Wish, "label" | "makesLive">,
) {
  const current = transaction.active?.login ?? transaction.live.login;
  const isLive = current !== null && isSameIdentity(current.identity, login.identity);
  const { account, outcome, displaced } = adoptNewLogin(transaction.pool, login, ctx.now());
  if (displaced) transaction.keepDisplaced(displaced);
  const problem =
    complaintOf(() => setLabel(transaction, account, label)) ??
    // A new login of the account that is there replaces whatever a Codex may be renewing of the old one.
    (makesLive || isLive ? complaintOf(() => transaction.activate(account, { ignoresCodex: isLive })) : null);
  return {
    account: reportOf(transaction, account, ctx.now(), ctx.store.usage()),
    outcome: outcomeWords[outcome],
    switched: makesLive && problem === null,
    problem,
  };
}

function setLabel({ pool }: Transaction, account: Account, label: string | null): void {
  refuseTakenLabel(pool.accounts, account, label);
  account.label = label ?? account.label;
}

async function requireSameAccount(ctx: Context, asked: Account, found: Account): Promise<void> {
  if (isSameIdentity(asked.login.identity, found.login.identity)) return;
  const message = `${seatText(found)} signed in, not ${seatText(asked)}.`;
  if (ctx.stdin.isTerminal && ctx.stderr.isTerminal) {
    const answer = await ctx.prompt(safe`${message} Keep it as an account of its own? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  }
  throw new CodexAuthError("login_other_account", message, {
    hint: "Nothing was changed. Sign out in the browser first, or keep whoever signs in with --yes.",
  });
}

/** Two seats of one e-mail differ in their workspace. */
function seatText(account: Account): string {
  const { identity } = account.login;
  const name = plainName(account);
  return identity.kind === "seat" ? `${name} in workspace ${identity.accountId}` : name;
}

function complaintOf(act: () => unknown): CodexAuthError | null {
  try {
    act();
    return null;
  } catch (error) {
    return asTold(error);
  }
}

function asTold(error: unknown): CodexAuthError {
  if (error instanceof CodexAuthError) return error;
  throw error;
}
