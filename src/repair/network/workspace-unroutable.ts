import { workspaceFailure } from "../../auth/probe-failure.ts";
import { accountName } from "../../store/account-name.ts";
import type { BackendRequest } from "../../upstream/ask-backend.ts";
import { readUsage } from "../../upstream/usage.ts";
import { findWorkspace } from "../../upstream/workspace.ts";
import { poolCheck } from "../check.ts";
import type { Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { askedAccounts, backendRequest } from "./asked-accounts.ts";

/**
 * Asks what Codex asks before its first request. A login that the usage endpoint refuses too is the finding
 * `login_refused`, and a network that does not answer is another one.
 */
export const workspaceUnroutable = poolCheck({
  id: "workspace_unroutable",
  area: "network",
  severity: "warning",
  title: "OpenAI does not say where the workspace of an account is, so Codex does not start with it",
  isLive: true,
  look: async (snapshot, scene) => {
    const seen: Sighting[] = [];
    for (const account of askedAccounts(snapshot, scene)) {
      const request = backendRequest(scene, account);
      const failure = workspaceFailure(await findWorkspace(scene.fx.fetch, request), account);
      if (failure === null) continue;
      // No answer at all: whether OpenAI can be reached is another finding.
      if (failure.answer !== null && failure.httpStatus === null) break;
      if (failure.httpStatus === 401 && (await isRefused(scene, request))) continue;
      seen.push({
        severity: account.id === snapshot.active?.id ? "error" : "warning",
        message: `${accountName(account)}: ${failure.message}`,
        evidence: failure.requestId === null ? [] : [`request ${failure.requestId}`],
        fix: failure.hint,
      });
    }
    return seen;
  },
});

async function isRefused({ fx }: Scene, request: BackendRequest): Promise<boolean> {
  const answer = await readUsage(fx.fetch, request);
  return answer.kind === "failure" && answer.failure.diagnostics.httpStatus === 401;
}
