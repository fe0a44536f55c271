import type { AuthDocument } from "../../codex/auth-json.ts";
import type { Account } from "../../store/account.ts";
import { adopt } from "../../store/adopt.ts";
import { refuseUnreplaceable } from "../../store/auth-file.ts";
import type { Scene } from "../scene.ts";

/**
 * Changes fields of the live login, in the pool and in auth.json at once. The login is taken into the pool first, and
 * where the pool has newer tokens, those are written.
 */
export async function rewriteLive(
  { fx, nowMs }: Scene,
  change: (account: Account) => AuthDocument,
): Promise<void> {
  await fx.store.transaction("fix", (draft) => {
    const { login } = draft.live;
    if (!login) return;
    refuseUnreplaceable(draft.live);
    const account = draft.active ?? adopt(draft.pool, login, { nowMs, tie: "login" }).account;
    account.auth = change(account);
    if (draft.active) draft.renewLive(account);
    else draft.activate(account);
  });
}
