import type { Login } from "../../codex/auth-json.ts";
import { lentDocument } from "../../codex/login-documents.ts";
import type { PrivateHome } from "../../store/store.ts";
import { freshUntilMs } from "./outcome.ts";
import { usableLogin } from "./usable-login.ts";
import type { Context } from "../../context.ts";

interface Loan {
  accountId: string;
  /** What the home holds now. */
  login: Login;
  home: PrivateHome;
}

export interface LoanKeeper {
  stop: () => void;
  /** Why the last renewal failed; null when it did not. */
  problem: () => unknown;
}

/** Timers stand still while a machine sleeps, so no wait is longer than this. */
const restMs = 60_000;

/** Keeps the access token in a private home valid while its program runs. Codex reads the file again after a 401. */
export function keepLoan(
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
