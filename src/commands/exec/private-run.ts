import { freshUntilMs } from "../../auth/renew/outcome.ts";
import { usableLogin } from "../../auth/renew/usable-login.ts";
import type { Login } from "../../codex/auth-json.ts";
import { overrides } from "../../codex/environment.ts";
import { lentDocument } from "../../codex/login-documents.ts";
import type { Context, Ending } from "../../context.ts";
import { realHomeVariable } from "../../machine/paths.ts";
import { type Account, plainName } from "../../pool/account.ts";
import { accountsNamed } from "../../pool/select.ts";
import type { Launched } from "../../proxy/launch.ts";
import { accountVariable } from "../../store/files/folder-rule.ts";
import type { HomeLeavings, PrivateHome, Snapshot } from "../../store/store.ts";
import { type Invocation, throughProxy } from "./rotated-run.ts";

interface PrivateEnding {
  ending: Ending;
  /** What a person should know afterwards. */
  notes: string[];
}

interface PrivateRun {
  account: Account;
  command: string;
  args: readonly string[];
  login: Login;
  /** The proxy of --rotate. */
  launched: Launched | null;
  isPinned: boolean;
}

/** Runs a program in a private home with the login of one account, which is kept valid meanwhile. */
export async function runPrivately(
  ctx: Context,
  snapshot: Snapshot,
  run: PrivateRun,
): Promise<PrivateEnding> {
  const { account, login } = run;
  const home = await ctx.store.openPrivateHome(account.id, lentDocument(login));
  const isLease = login.kind === "chatgpt" && login.refreshToken !== "";
  const keeper = isLease ? keepLoan(ctx, { accountId: account.id, login, home }) : null;
  const { command, args, env } = invocationOf(ctx, snapshot, home, run);
  let ending: Ending;
  let notes: string[] = [];
  try {
    ending = await ctx.runInherited(command, args, { env, onStart: (pid) => home.occupy(pid) });
  } finally {
    keeper?.stop();
    notes = await close(home);
  }
  const problem = keeper?.problem();
  if (problem) notes.push(`The access token could not be renewed while the command ran: ${textOf(problem)}`);
  return { ending, notes };
}

/** The name of the account is for programs inside; where all of them serve there is none. */
function invocationOf(ctx: Context, snapshot: Snapshot, home: PrivateHome, run: PrivateRun): Invocation {
  const { account, command, args, launched, isPinned } = run;
  const env = privateEnvironment(ctx, snapshot, { account, home });
  if (!launched) return { command, args, env };
  const unnamed = { ...env, [accountVariable]: undefined, CODEX_AUTH_LABEL: undefined };
  return throughProxy({ command, args, env: isPinned ? env : unnamed }, launched);
}

/** What went wrong while tidying up is told, but it is the program's result that counts. */
async function close(home: PrivateHome): Promise<string[]> {
  try {
    return leavingsText(await home.close(), home);
  } catch (error) {
    return [`${home.path} could not be cleared; the next command tries again. ${textOf(error)}`];
  }
}

function leavingsText({ adopted, kept, isOccupied }: HomeLeavings, { path }: PrivateHome): string[] {
  const logins = adopted
    .filter(({ outcome }) => outcome === "added" || outcome === "updated")
    .map(({ account, outcome }) => `A login made inside was ${outcome}: ${plainName(account)}.`);
  const files = kept.map(keptText);
  const occupied = isOccupied ? [`A Codex still runs in ${path}; it is removed when that has ended.`] : [];
  return [...logins, ...files, ...occupied];
}

/** The names that the store gives to what it puts aside end with the name it had. */
function keptText(path: string): string {
  if (/-(auth\.json|[0-9a-f]{12}-\d+(\.owner)?)(-\d+)?$/.test(path))
    return `What was left in the private home cannot be read as a login, so it was kept: ${path}`;
  return `It could not go back to Codex's folder, where something else has its name, so it was kept: ${path}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The environment of a program that runs in a private home. */
function privateEnvironment(
  { env, store }: Pick<Context, "env" | "store">,
  { pool }: Pick<Snapshot, "pool">,
  { account, home }: { account: Account; home: Pick<PrivateHome, "path"> },
): Context["env"] {
  const { codexHome, storeDir } = store.paths;
  const hidden = overrides(env).map(({ name }) => [name, undefined] as const);
  return {
    ...env,
    ...Object.fromEntries(hidden),
    CODEX_HOME: home.path,
    // Links to databases would hide from SQLite which -wal file belongs to them.
    CODEX_SQLITE_HOME: env["CODEX_SQLITE_HOME"] || codexHome,
    CODEX_AUTH_DIR: storeDir,
    [realHomeVariable]: codexHome,
    [accountVariable]: nameInside(account, pool.accounts),
    CODEX_AUTH_LABEL: account.label ?? undefined,
  };
}

/** For prompts, and for codex-auth inside, which an e-mail with several seats would not tell the account. */
function nameInside({ id, label, login }: Account, accounts: readonly Account[]): string {
  const { email } = login;
  return email !== null && accountsNamed(accounts, email).length === 1 ? email : (label ?? id);
}

interface Loan {
  accountId: string;
  /** What the home holds now. */
  login: Login;
  home: PrivateHome;
}

interface LoanKeeper {
  stop: () => void;
  /** Why the last renewal failed; null when it did not. */
  problem: () => unknown;
}

/** Timers stand still while a machine sleeps, so no wait is longer than this. */
const restMs = 60_000;

/** Keeps the access token in a private home valid while its program runs. Codex reads the file again after a 401. */
function keepLoan(
  ctx: Pick<Context, "now" | "store" | "renew" | "schedule">,
  { accountId, login, home }: Loan,
): LoanKeeper {
  let lent = login;
  let problem: unknown = null;
  let isOver = false;
  let cancel = ctx.schedule(delayMs(), renew);

  function delayMs(): number {
    const leftMs = freshUntilMs(lent) - ctx.now();
    return leftMs <= 0 ? restMs : Math.min(leftMs, restMs);
  }

  function renew(): void {
    void lendCurrent()
      .then((delay) => (problem = delay))
      .catch((error: unknown) => (problem = error))
      .finally(() => {
        if (!isOver) cancel = ctx.schedule(delayMs(), renew);
      });
  }

  /** Returns why the token that is lent was not renewed, where it still serves. */
  async function lendCurrent(): Promise<unknown> {
    const { pool } = await ctx.store.read();
    const account = pool.accounts.find(({ id }) => id === accountId);
    if (!account) return null;
    let delay: unknown = null;
    const current = await usableLogin({ ...ctx, onDelay: (why) => (delay = why) }, account);
    if (isOver || current.accessToken === lent.accessToken) return delay;
    await home.lend(lentDocument(current));
    lent = current;
    return delay;
  }

  const stop = () => {
    isOver = true;
    cancel();
  };
  return { stop, problem: () => problem };
}
