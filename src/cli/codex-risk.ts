import { mayCodexRenew } from "../codex/renewal-window.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { accountName } from "../store/account-name.ts";
import { processesText } from "../store/obstacle.ts";
import type { Snapshot } from "../store/store.ts";
import type { Context } from "./context.ts";

/** Half a sentence: who may be renewing the login in auth.json at this moment; null when nobody does. */
export function codexAtWork(ctx: Context, { live, active }: Snapshot): string | null {
  if (!live.login || !mayCodexRenew(live.login, ctx.now())) return null;
  const processes = ctx.processes() ?? [];
  if (processes.length === 0) return null;
  const name = active ? accountName(active) : (live.login.email ?? "the login in auth.json");
  return `a running Codex (${processesText(processes)}) may be renewing ${name}`;
}

export function isInUse(error: unknown): error is CodexAuthError {
  return error instanceof CodexAuthError && error.code === "login_in_use";
}
