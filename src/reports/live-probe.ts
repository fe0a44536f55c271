import { recordProbes } from "../auth/probe/flags.ts";
import { asInvoked } from "../program/invocation.ts";
import { type Probe, probeAccount, type ProbeContext, type ProbeOptions } from "../auth/probe/probe.ts";
import type { Context } from "../context.ts";
import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import { backendOf } from "../openai/backend.ts";
import type { Account } from "../pool/account.ts";
import { startProgress } from "../program/passing-line.ts";
import { readLoginSettings } from "../store/config-file.ts";
import { appendHistory } from "../store/files/quota.ts";
import { safe } from "../text/safe-text.ts";

const mostAtOnce = 4;
/** Between two renewals: a pool's tokens must not reach the issuer in one burst. */
const renewalPauseMs = 250;

/** Where usage is asked for. config.toml is not read when the environment decides. */
function backendBase(ctx: Pick<Context, "env" | "fs" | "store" | "cwd" | "platform">): string {
  const isOverridden = Boolean(ctx.env["CODEX_AUTH_BACKEND"]);
  return backendOf(ctx.env, isOverridden ? undefined : readLoginSettings(ctx).chatgptBaseUrl);
}

/** Whether there is anything to ask about a login: only ChatGPT logins have windows. */
export function hasUsage({ login }: Account): boolean {
  return login.kind === "chatgpt";
}

/**
 * Asks upstream about accounts, a few at a time, and writes down what is learned about their quotas. Their flags are
 * left to the caller. In the order of `accounts`.
 */
export async function probeAccounts(
  ctx: Context,
  accounts: readonly Account[],
  options: ProbeOptions = {},
): Promise<Probe[]> {
  if (accounts.length === 0) return [];
  const { fetch, now, store } = ctx;
  const asked: ProbeContext = { fetch, now, store, renew: inTurn(ctx), baseUrl: backendBase(ctx) };
  const progress = startProgress(ctx.stderr, "Checked", accounts.length);
  const probes = await mapSome(accounts, mostAtOnce, async (account) => {
    const probe = await probeAccount(asked, account, options);
    progress.step();
    return probe;
  }).finally(() => progress.end());
  const poolSize = (await store.read()).pool.accounts.length;
  await store.updateUsage((usage) => {
    const steps = recordProbes(usage, probes, poolSize);
    appendHistory(ctx.fs, store.paths.historyFile, steps, now());
  });
  return probes;
}

/** Renewals one after another, with a pause in between. */
function inTurn({ renew, sleep }: Context): Context["renew"] {
  let last: Promise<unknown> | null = null;
  return (accountId, need) => {
    const before = last?.then(() => sleep(renewalPauseMs)) ?? Promise.resolve();
    const turn = before.then(() => renew(accountId, need));
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** As `Promise.all` over `map`, with only so many under way. */
async function mapSome<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Says on standard error when a token that still serves could not be renewed. */
export function withDelays(ctx: Context): Context & { onDelay: (problem: CodexAuthError) => void } {
  const onDelay = ({ message, hint }: CodexAuthError) =>
    ctx.stderr.write(
      safe`${message} The old one serves until it ends.` + (hint ? safe`\n${asInvoked(ctx, hint)}\n` : "\n"),
    );
  return { ...ctx, onDelay };
}
