import { leaseOf } from "../codex/lease.ts";
import { mayCodexRenew } from "../codex/renewal-window.ts";
import { accountName } from "./account-name.ts";
import { findAccount } from "./adopt.ts";
import { authFileText, readLiveFile } from "./auth-file.ts";
import { placeFile, stageFile } from "./atomic-write.ts";
import type { PendingFile } from "./atomic-write.ts";
import { codexProcesses } from "./codex-processes.ts";
import type { WorkingDraft } from "./draft.ts";
import { sha256 } from "./hash.ts";
import type { Obstacle } from "./obstacle.ts";
import type { Paths } from "./paths.ts";
import type { StoreEffects } from "./store-effects.ts";

interface Leaving {
  draft: WorkingDraft;
  paths: Paths;
  effects: StoreEffects;
}

/**
 * A running Codex that may be renewing the login in auth.json, which this change would replace: Codex throws new tokens
 * away when the file is no longer the one that it read.
 */
export function codexInTheWay({ draft, paths, effects }: Leaving): Obstacle | null {
  const { live, isAuthLocked, ignoresCodex } = draft;
  if (isAuthLocked || ignoresCodex || !live.login) return null;
  if (!mayCodexRenew(live.login, effects.now())) return null;
  const processes = (effects.processes ?? (() => codexProcesses(paths.codexHome)))() ?? [];
  if (processes.length === 0) return null;
  // Not the active one, which is the account that is switched to by now.
  const leaving = findAccount(draft.pool, live.login);
  const name = leaving ? accountName(leaving) : (live.login.email ?? "the login in auth.json");
  return { kind: "codex", name, processes };
}

/** The login without its refresh token, to lie in auth.json for the moment between the last look and the change. */
export interface Loan {
  lease: PendingFile;
  hash: string;
  /** What lies there now. */
  back: PendingFile;
}

/** Null where no Codex would renew the login in auth.json, so that nothing has to be lent. */
export function stageLoan({ draft, effects }: Leaving): Loan | null {
  const { live, isAuthLocked, ignoresCodex } = draft;
  if (isAuthLocked || ignoresCodex || !live.login || !live.bytes) return null;
  if (!mayCodexRenew(live.login, effects.now())) return null;
  const { fs } = effects;
  // Copies and no hard links: Codex does not save over a file that has several names.
  const back = stageFile(fs, live.target, live.bytes);
  const text = authFileText(leaseOf(live.login.document));
  return { lease: stageFile(fs, live.target, text), hash: sha256(text), back };
}

/**
 * From here on a Codex that starts finds no refresh token. Looks for one that started before: it may have read the
 * token, so it gets its file back as it was, and `codex` is returned. `changed`: somebody else has written the file.
 */
export function lend(leaving: Leaving, loan: Loan): Obstacle | "changed" | null {
  const { effects } = leaving;
  placeFile(effects.fs, loan.lease);
  const codex = codexInTheWay(leaving);
  if (!isLentStill(leaving, loan)) return "changed";
  if (codex) placeFile(effects.fs, loan.back);
  return codex;
}

export function isLentStill(
  { draft, effects: { fs } }: Pick<Leaving, "draft" | "effects">,
  { hash }: Loan,
): boolean {
  const { bytes } = readLiveFile(fs, draft.live.target);
  return bytes !== null && sha256(bytes) === hash;
}
