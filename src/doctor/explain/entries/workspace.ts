import type { Entry } from "../known-error.ts";

/** Texts about workspaces: which one a login belongs to, what it allows, what its owner decides. */
export const workspaceEntries: readonly Entry[] = [
  {
    id: "workspace_routing",
    title: "Codex cannot find out about the workspace of this login",
    says: /workspace routing (?:discovery|is unavailable)|(?:selected|duplicate) workspace (?:missing|in routing)|workspace backend must use|in routing discovery/i,
    codes: ["workspace_unroutable"],
    explains: ["account_read"],
    cause:
      "Before its first request Codex asks chatgpt.com for the accounts of the login (accounts/check). That failed: the login was refused, its workspace is gone or listed twice, OpenAI has trouble, or chatgpt_base_url is no https address.",
    fix: "codex auth check asks the same question for each account; remove chatgpt_base_url from config.toml; or use another account: codex auth switch <account>",
    checks: ["workspace_unroutable", "credentials", "config", "network"],
    example: "workspace routing discovery failed",
  },
  {
    id: "workspace_login_needed",
    title: "This login belongs to another workspace than the one that is asked for",
    says: /must use workspace account|invalid_workspace_selected|workspace_access_denied/i,
    explains: ["forbidden"],
    cause:
      "The login was made for a personal account or another workspace, or the account has left the workspace that it names.",
    fix: "codex auth list shows what each login belongs to; switch to one of the right workspace (codex auth switch <account>), or sign in and choose the workspace in the browser: codex auth login",
    checks: ["credentials", "config"],
    example: "Must use workspace account",
  },
  {
    id: "account_deactivated",
    title: "The account or its workspace is closed",
    says: /(?:account|workspace) (?:has been|is|was) (?:deactivated|suspended|deleted|disabled)/i,
    codes: ["account_deactivated", "account_suspended", "account_deleted", "deactivated_workspace"],
    explains: ["unauthorized", "forbidden"],
    cause: "OpenAI or the owner of the workspace has closed it. Signing in again does not help.",
    fix: "Use another account: codex auth switch <account>. The owner of the workspace, or OpenAI's support, can tell why.",
    checks: ["credentials"],
    example: "Your OpenAI account has been deactivated, please check your email for more information.",
  },
  {
    id: "codex_not_enabled",
    title: "Codex is not switched on for this workspace or account",
    says: /codex is not enabled for|no eligible chatgpt workspaces|not (?:currently )?authorized to use codex|do not have access to codex/i,
    codes: ["missing_codex_entitlement", "codex_cli_workspace_disabled", "chatgpt_account_missing"],
    cause:
      "The account may sign in to ChatGPT, but its workspace has Codex switched off, or its plan does not include Codex.",
    fix: "Ask the administrator of the workspace to switch Codex on; or sign in with another account or workspace: codex auth login",
    checks: [],
    example:
      "Codex is not enabled for your workspace. Contact your workspace administrator to request access.",
  },
  {
    id: "workspace_policy",
    title: "The policy of the workspace or machine forbids a setting",
    says: /is not in the allowed set|disallowed by requirements|set by (?:cloud requirements|.{0,40}requirements\.toml)|requirements do not permit|requirements layer/i,
    cause:
      "The administrator allows only some values of approval_policy, sandbox_mode and others (cloud requirements, or requirements.toml on this machine), and config.toml, a flag or the app asks for another one.",
    fix: "Set the key that the text names to one of the allowed values in config.toml; or use an account outside that workspace: codex auth switch <account>",
    checks: ["config"],
    example:
      "invalid value for `approval_policy`: `OnRequest` is not in the allowed set [UnlessTrusted] (set by cloud requirements)",
  },
  {
    id: "cloud_config",
    title: "The policies of the workspace could not be loaded",
    says: /cloud (?:config bundle|requirements) .{0,20}(?:\(workspace-managed|workspace-managed)|failed to (?:load|fetch) cloud (?:config bundle|requirements)|workspace-managed policies/i,
    cause:
      "Business, enterprise and edu accounts load the policies of their workspace first; without them Codex does not start.",
    fix: "Check the network (codex auth doctor --live); the login may have been refused: codex auth check",
    checks: ["credentials", "network"],
    example: "Error: Failed to load cloud config bundle (workspace-managed policies).",
  },
  {
    id: "thread_other_account",
    title: "The thread belongs to another account",
    says: /thread was created with a different (?:chatgpt )?account/i,
    cause: "Codex keeps its threads apart by account and workspace.",
    fix: "Switch to the account that started it (codex auth list, codex auth switch <account>) and resume again; or start a new thread.",
    checks: [],
    example:
      "This thread was created with a different ChatGPT account or workspace. Sign in with the original account to resume it.",
  },
];
