import { refreshAccount, type RefreshContext } from "../auth/renew/refresh.ts";
import type { RefreshNeed, RefreshOutcome } from "../auth/renew/need.ts";
import { reopenAccounts } from "../database/accounts/open-accounts.ts";
import type { SharedPool } from "../database/accounts/shared-pool.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { RenewalJob, RenewalMessage } from "./renewal.ts";
import type { Context } from "../context.ts";

type RenewalContext = Omit<RefreshContext, "isCancelled"> & Pick<Context, "databaseDrivers">;

/** The other side: does one job from standard input and prints one message. */
export async function runRenewal(ctx: RenewalContext): Promise<void> {
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);
  let isCancelled = false;
  const job = await readJob(() => (isCancelled = true));
  const message = await work(ctx, () => isCancelled, job);
  process.stdout.on("error", () => undefined);
  process.stdout.write(JSON.stringify(message), () => process.exit(0));
}

async function work(
  ctx: RenewalContext,
  isCancelled: () => boolean,
  { accountId, need, shared }: RenewalJob,
): Promise<RenewalMessage> {
  try {
    if (!shared) return { outcome: await refreshAccount({ ...ctx, isCancelled }, accountId, need) };
    const store = await reopenAccounts({ ...ctx, paths: ctx.store.paths }, shared);
    return { outcome: await renewShared({ ...ctx, store, isCancelled }, accountId, need) };
  } catch (error) {
    if (!(error instanceof CodexAuthError))
      return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    const { code, message, hint } = error;
    return { error: { code, message, hint } };
  }
}

/** An account of a database is renewed by the clock of the database: all that is noted there is dated by it. */
export function renewShared(
  ctx: RefreshContext & { store: SharedPool },
  accountId: string,
  need: RefreshNeed,
): Promise<RefreshOutcome> {
  const { store } = ctx;
  const isCancelled = () => ctx.isCancelled() || store.isLate();
  return refreshAccount({ ...ctx, now: () => store.now(), isCancelled }, accountId, need);
}

/** The first line of standard input. Its end means that the command has gone. */
function readJob(onEnd: () => void): Promise<RenewalJob> {
  return new Promise((resolve) => {
    let text = "";
    process.stdin.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(JSON.parse(text) as RenewalJob);
    });
    process.stdin.on("end", onEnd);
    process.stdin.on("error", onEnd);
  });
}
