import type { Login } from "./auth-json.ts";
import type { LoginSettings } from "./config-toml.ts";

/**
 * Why config.toml forbids a login, in a sentence without its end; null when it does not. `codex exec` deletes
 * auth.json when it meets a login that these two keys forbid.
 */
export function loginRestriction(settings: LoginSettings, login: Login): string | null {
  return methodRestriction(settings, login) ?? workspaceRestriction(settings, login);
}

/** Keys of any provider count as "api". */
function methodRestriction({ forcedLoginMethod, files }: LoginSettings, { kind }: Login): string | null {
  const method = kind === "apiKey" || kind === "bedrock" ? "api" : "chatgpt";
  if (forcedLoginMethod !== "api" && forcedLoginMethod !== "chatgpt") return null;
  if (forcedLoginMethod === method) return null;
  const what = method === "api" ? "no API key" : "no ChatGPT login";
  return `forced_login_method = "${forcedLoginMethod}"${inFile(files, "forced_login_method")} allows ${what}`;
}

/** A ChatGPT login that names no workspace is in none that is allowed. */
function workspaceRestriction(
  { forcedWorkspaceIds, files }: LoginSettings,
  { kind, identity }: Login,
): string | null {
  if (!forcedWorkspaceIds || kind !== "chatgpt") return null;
  const workspace = identity.kind === "seat" ? identity.accountId : null;
  if (workspace !== null && forcedWorkspaceIds.includes(workspace)) return null;
  const found = workspace === null ? "and this login names no workspace" : `not ${workspace}`;
  return `forced_chatgpt_workspace_id${inFile(files, "forced_chatgpt_workspace_id")} allows only ${forcedWorkspaceIds.join(", ")}, ${found}`;
}

/** Said only where it is another file than the one that everybody thinks of. */
function inFile(files: LoginSettings["files"], key: string): string {
  const file = files[key];
  return file === undefined ? "" : ` in ${file}`;
}
