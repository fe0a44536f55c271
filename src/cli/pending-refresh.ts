import type { Account } from "../store/account.ts";
import { awaitCodexRefresh } from "../store/codex-refresh.ts";
import type { Snapshot } from "../store/store.ts";
import type { Context } from "./context.ts";

/** Codex renews a token in its last five minutes. */
const refreshWindowMs = 5 * 60_000;

/**
 * A Codex whose account is switched in the middle of its own refresh throws the new token away. So while the
 * outgoing token is about to be renewed and a Codex of this home runs, waits up to ten seconds for the new one.
 */
export async function awaitPendingRefresh(
  ctx: Context,
  { active, live }: Snapshot,
  chosen: Account,
): Promise<void> {
  const expiresAtSec = live.login?.expiresAtSec ?? null;
  if (expiresAtSec === null || expiresAtSec * 1000 - ctx.now() > refreshWindowMs) return;
  if (live.login?.refreshToken === "" || active?.id === chosen.id) return;
  if ((ctx.processes() ?? []).length === 0) return;
  ctx.stderr.write(
    "A running Codex may be renewing its token; waiting up to 10 s for it (--now skips this).\n",
  );
  await awaitCodexRefresh(ctx);
}
