import { lentLogin, mayCodexRenew } from "../../codex/login-documents.ts";
import { codexProcesses } from "../../machine/codex-processes.ts";
import { sha256 } from "../../machine/hash.ts";
import type { Paths } from "../../machine/paths.ts";
import { accountName } from "../../pool/account.ts";
import { findAccount } from "../../pool/adopt.ts";
import type { PendingLogin } from "../auth-file.ts";
import type { Obstacle, StoreContext } from "../context.ts";
import type { WorkingTransaction } from "./transaction.ts";

interface Leaving {
  transaction: WorkingTransaction;
  paths: Paths;
  ctx: StoreContext;
}

/**
 * A running Codex that may be renewing the login in auth.json, which this change would replace: Codex throws new tokens
 * away when the file is no longer the one that it read.
 */
export function codexInTheWay({ transaction, paths, ctx }: Leaving): Obstacle | null {
  const { live, isAuthLocked, ignoresCodex } = transaction;
  if (isAuthLocked || ignoresCodex || !live.login) return null;
  if (!mayCodexRenew(live.login, ctx.now())) return null;
  const processes = (ctx.processes ?? (() => codexProcesses(paths.codexHome)))() ?? [];
  if (processes.length === 0) return null;
  // Not the active one, which is the account that is switched to by now.
  const leaving = findAccount(transaction.pool, live.login);
  const name = leaving
    ? accountName(leaving, transaction.pool.accounts)
    : (live.login.email ?? "the login in auth.json");
  return { kind: "codex", name, processes };
}

/** The login without its refresh token, to lie in auth.json for the moment between the last look and the change. */
export interface Loan {
  lease: PendingLogin;
  hash: string;
  /** What lies there now. */
  back: PendingLogin;
}

/** Null where no Codex would renew the login in auth.json, so that nothing has to be lent. */
export function stageLoan({ transaction, ctx }: Leaving): Loan | null {
  const { live, isAuthLocked, ignoresCodex } = transaction;
  if (isAuthLocked || ignoresCodex || !live.login || !live.bytes) return null;
  if (!mayCodexRenew(live.login, ctx.now())) return null;
  const { place, bytes, login } = live;
  // Copies and no hard links: Codex does not save over a file that has several names.
  const back = place.stage(bytes.toString("utf8"));
  const text = place.textOf(lentLogin(login.document));
  return { lease: place.stage(text), hash: sha256(text), back };
}

/**
 * From here on a Codex that starts finds no refresh token. Looks for one that started before: it may have read the
 * token, so it gets its file back as it was, and `codex` is returned. `changed`: somebody else has written the file.
 */
export function lend(leaving: Leaving, loan: Loan): Obstacle | "changed" | null {
  loan.lease.place();
  const codex = codexInTheWay(leaving);
  if (!isLentStill(leaving, loan)) return "changed";
  if (codex) loan.back.place();
  return codex;
}

export function isLentStill({ transaction }: Pick<Leaving, "transaction">, { hash }: Loan): boolean {
  const { bytes } = transaction.live.place.read();
  return bytes !== null && sha256(bytes) === hash;
}
