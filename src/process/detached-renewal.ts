import { existsSync } from "node:fs";
import type { RefreshNeed, RefreshOutcome } from "../auth/renew/need.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Store } from "../store/library-store.ts";
import { startRenewal } from "./renewal.ts";

/**
 * Renews access tokens of a store in a process of its own, which finishes what it has sent even when this one is
 * killed: a refresh token works once. For `startRotationProxy`. Throws what the renewal throws, and `internal_error`
 * when the package is not complete.
 */
export function renewDetached({
  paths,
}: Store): (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome> {
  const env = { ...process.env, CODEX_HOME: paths.codexHome, CODEX_AUTH_DIR: paths.storeDir };
  return (accountId, need) => startRenewal(program(), { accountId, need }, env);
}

/** Beside the sources and beside the built library it is at different heights. */
function program(): string {
  const found = ["../../bin/codex-auth", "../../../bin/codex-auth"]
    .map((path) => new URL(path, import.meta.url).pathname)
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new CodexAuthError("internal_error", "The program bin/codex-auth of this package is missing.", {
    hint: "Install codex-auth again.",
  });
}
