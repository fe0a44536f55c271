import type { Login } from "../../codex/auth-json.ts";
import { loginRestriction } from "../../codex/login-restriction.ts";
import { salvageLogin } from "../../codex/salvage-login.ts";
import { decodedText } from "../../codex/text-encoding.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { accountName } from "../../store/account-name.ts";
import { adopt } from "../../store/adopt.ts";
import type { Draft, Snapshot } from "../../store/store.ts";
import type { Account } from "../../store/account.ts";
import type { Scene } from "../scene.ts";

/** What can be put into an auth.json that Codex cannot use: what is left in it, or else the account that was active. */
export interface LostLogin {
  name: string;
  login: Login;
  /** It was read from the damaged file itself. */
  isSalvaged: boolean;
}

export function lostLogin({ snapshot, live, config, nowMs }: Scene): LostLogin | null {
  const salvaged = live && salvagedLogin(live, nowMs);
  const account = snapshot && activeBefore(snapshot);
  const login = salvaged ?? account?.login;
  // Codex would delete it again.
  if (!login || !snapshot || (config.settings && loginRestriction(config.settings, login))) return null;
  if (salvaged) return { name: salvaged.email ?? salvaged.kind, login, isSalvaged: true };
  return account ? { name: accountName(account), login, isSalvaged: false } : null;
}

/** The mend: nothing is done when somebody has written auth.json meanwhile. */
export async function bringBackLogin({ fx, nowMs }: Scene): Promise<void> {
  await fx.store.transaction("fix", (draft) => {
    const { state } = draft.live;
    if (state === "login" || state === "missing") return;
    const salvaged = salvagedLogin(draft.live, nowMs);
    const account = salvaged ? taken(draft, salvaged, nowMs) : activeBefore(draft);
    if (!account) throw new CodexAuthError("account_not_found", "The pool no longer knows the account.");
    draft.activate(account, { replaceBroken: true });
  });
}

function salvagedLogin({ state, bytes }: Draft["live"], nowMs: number): Login | null {
  return state === "broken" && bytes ? salvageLogin(decodedText(bytes).text, nowMs) : null;
}

function taken(draft: Draft, login: Login, nowMs: number): Account {
  const { account, displaced } = adopt(draft.pool, login, { nowMs, tie: "login" });
  if (displaced) draft.park(displaced);
  return account;
}

/** Where auth.json holds no login, the pool calls nobody active, and the one before is the last that was. */
function activeBefore({ pool, live }: Pick<Snapshot, "pool" | "live">): Account | null {
  const id = live.state === "broken" ? pool.activeId : (pool.activeId ?? pool.previousId);
  return pool.accounts.find((account) => account.id === id) ?? null;
}
