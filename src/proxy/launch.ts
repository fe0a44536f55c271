import { whyUnusable } from "../pool/state.ts";
import { loginRestriction } from "../codex/config/toml.ts";
import { unusableProxy, wayTo } from "../codex/environment.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { randomHex } from "../machine/hash.ts";
import { backendOf } from "../openai/backend.ts";
import { type Account, accountName } from "../pool/account.ts";
import { readLoginSettings } from "../store/config-file.ts";
import type { Snapshot } from "../store/store.ts";
import type { Pin, RotationProxy } from "./options.ts";

export interface LaunchOptions {
  /** 0: a free one. */
  port?: number;
  pin?: Pin | undefined;
  /** How many proxies of other runs began before this one. */
  neighbours?: () => number;
  /** Serves WebSockets; else Codex is told to take HTTP, which it does without a word. */
  webSocket?: boolean | undefined;
}

/** A running proxy, and the key for clients that are not Codex. */
export interface Launched {
  proxy: RotationProxy;
  key: string;
}

/** Starts the rotation proxy in this process, over the accounts of the store. */
export async function launchProxy(ctx: Context, options: LaunchOptions): Promise<Launched> {
  const { port = 0, pin, webSocket = false, neighbours } = options;
  const backend = backendOf(ctx.env, readLoginSettings(ctx).chatgptBaseUrl);
  const snapshot = await ctx.store.read();
  requireAllowed(ctx, snapshot, pin);
  requireQuota(snapshot, pin);
  requireWay(ctx, backend);
  const { startRotationProxy } = await import("./rotation-proxy.ts");
  const { transformRequestBody } = await import("../compat/transform-request-body.ts");
  // It begins as the keys of OpenAI do: clients ask for that, and our redactor knows it.
  const key = `sk-rotation-${randomHex(24)}`;
  const proxy = await startRotationProxy({
    key,
    port,
    backend,
    store: ctx.store,
    agents: await ctx.agents(),
    renew: ctx.renew,
    now: ctx.now,
    webSocket: webSocket ? "forward" : "refuse",
    transformBody: (body) => transformRequestBody({ body, codexInstructions: "" }),
    ...(pin && { pin }),
    ...(neighbours && { neighbours }),
  });
  return { proxy, key };
}

/** Every request would fail, and none may go past the proxy that the person asks for. */
function requireWay({ env }: Context, backend: string): void {
  const way = wayTo(env, backend);
  if (way.kind !== "unsupported") return;
  const { message, fix } = unusableProxy(env, way);
  throw new CodexAuthError("network_unreachable", message, { hint: `Name one that Codex takes: ${fix}` });
}

/** An account that is paused or limited may serve later; a key has no plan, and never serves. */
function requireQuota({ pool }: Snapshot, pin: Pin | undefined): void {
  const account = pool.accounts.find(({ id }) => id === pin?.accountId);
  if (!account || account.login.kind === "chatgpt" || account.login.kind === "accessToken") return;
  const message = `${accountName(account, pool.accounts)} cannot serve: it has no quota of a plan.`;
  const hint = "Choose one with a plan: codex auth list. With this one: codex auth exec <account> -- codex";
  throw new CodexAuthError("no_account_ready", message, { hint });
}

/** Where config.toml allows some accounts only, requests must not wander to the others. */
function requireAllowed(ctx: Context, { pool }: Snapshot, pin: Pin | undefined): void {
  const settings = readLoginSettings(ctx);
  const taking = (account: Account) =>
    pin ? account.id === pin.accountId : whyUnusable(account, ctx.now()) === null;
  for (const account of pool.accounts.filter(taking)) {
    const restriction = loginRestriction(settings, account.login);
    if (restriction === null) continue;
    const message = `The configuration of Codex forbids ${accountName(account, pool.accounts)}: ${restriction.reason}.`;
    const hint =
      "Take it out of rotation: codex auth pause <account>. Or let one account serve: --account, --pin";
    throw new CodexAuthError("login_restricted", message, { hint });
  }
}
