import type { Login } from "./auth-json.ts";
import type { LoginSettings } from "./config-toml.ts";

/**
 * Why config.toml forbids a login, in a sentence without its end; null when it does not. `codex exec` deletes
 * auth.json when it meets a login that these two keys forbid.
 */
export function loginRestriction(settings: LoginSettings, { kind, identity }: Login): string | null {
  const { forcedLoginMethod, forcedWorkspaceIds } = settings;
  const method = kind === "apiKey" ? "api" : "chatgpt";
  if ((forcedLoginMethod === "api" || forcedLoginMethod === "chatgpt") && forcedLoginMethod !== method) {
    return `forced_login_method = "${forcedLoginMethod}" allows no ${kind === "apiKey" ? "API key" : "ChatGPT login"}`;
  }
  if (!forcedWorkspaceIds || identity.kind !== "seat" || forcedWorkspaceIds.includes(identity.accountId))
    return null;
  return `forced_chatgpt_workspace_id allows only ${forcedWorkspaceIds.join(", ")}, not ${identity.accountId}`;
}
