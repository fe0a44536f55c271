import { whyUnusable } from "../../pool/state.ts";
import { configArguments } from "../../codex/config/layers.ts";
import { bypassVariables } from "../../codex/environment.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Account } from "../../pool/account.ts";
import { selectAccount } from "../../pool/select.ts";
import type { Launched } from "../../proxy/launch.ts";
import type { Pin } from "../../proxy/options.ts";
import { baseUrlSetting } from "../../reports/rotation-usage.ts";
import { readLoginSettings } from "../../store/config-file.ts";
import { chosenAccount } from "../../store/files/folder-rule.ts";
import type { Snapshot } from "../../store/store.ts";

export interface Invocation {
  command: string;
  args: readonly string[];
  env: Context["env"];
}

/** The same invocation, through the proxy. Only the environment, which other users cannot read, holds the key. */
export function throughProxy({ command, args, env }: Invocation, { proxy, key }: Launched): Invocation {
  // An old Codex (0.63) knows the variable alone, a new one (0.169) the setting alone.
  const through = { ...env, ...bypassVariables(env), OPENAI_BASE_URL: `${proxy.origin}/v1` };
  if (isCodex(command)) return { command, args: ["-c", baseUrlSetting(proxy.port), ...args], env: through };
  return { command, args, env: { ...through, OPENAI_API_KEY: key } };
}

export function isCodex(command: string): boolean {
  return (
    command
      .split(/[/\\]/)
      .at(-1)
      ?.replace(/\.exe$/i, "") === "codex"
  );
}

/** Which account alone may serve a run: the one that was named, else the one that a rule names here. */
export function pinOfRun(ctx: Context, snapshot: Snapshot, named: string | undefined): Pin | undefined {
  if (named !== undefined) return { accountId: selectAccount(snapshot, named).id, source: "--account" };
  const chosen = chosenAccount(ctx, snapshot);
  if (!chosen || chosen.where === null) return undefined;
  return { accountId: chosen.account.id, source: chosen.where };
}

/**
 * Whose login Codex itself holds meanwhile, for all that does not go through the proxy: the one it has now, so that its
 * sessions stay together, or any other that works.
 */
export function heldAccount(ctx: Context, { pool, active }: Snapshot, pin: Pin | undefined): Account {
  const canServe = (account: Account) => whyUnusable(account, ctx.now()) === null;
  const pinned = pool.accounts.find(({ id }) => id === pin?.accountId);
  const held = pinned ?? (active && canServe(active) ? active : pool.accounts.find(canServe));
  if (held) return held;
  throw new CodexAuthError(
    "no_account_ready",
    "No account can be used: none is there, or all need a login.",
    {
      hint: "Add one: codex auth login. What is wrong: codex auth list",
    },
  );
}

/** Another provider would talk past the proxy, silently. */
export function bypassNote(
  ctx: Context,
  { command, args }: Pick<Invocation, "command" | "args">,
): string | null {
  if (!isCodex(command)) return null;
  const { modelProvider } = readLoginSettings(ctx, configArguments(args));
  if (args.some((word) => /^(-c|--config)?=?"?openai_base_url\s*=/.test(word)))
    return "The command names an openai_base_url itself, so nothing goes through the proxy.";
  if (modelProvider === undefined || modelProvider === "openai") return null;
  return `The configuration sets model_provider = "${modelProvider}": requests to it do not go through the proxy.`;
}
