import type { Entry } from "../known-error.ts";

const vaguer = ["unauthorized", "refresh_refused", "reconnecting"];

/** Texts about the login that is there: its renewal, its file, what restricts it. */
export const loginEntries: readonly Entry[] = [
  {
    id: "refresh_token_reused",
    title: "The refresh token was already used",
    says: /refresh token (?:was already used|has already been used|can only be used once)|refresh_token 已被/i,
    codes: ["refresh_token_reused"],
    explains: vaguer,
    cause:
      "A refresh token works once. Another program, machine or copy of auth.json renewed this login first, so the copy here is dead.",
    fix: "codex auth status shows whether the pool holds a newer token (codex auth fix puts it back); else sign in again: codex auth login",
    checks: ["credentials"],
    example:
      "Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.",
  },
  {
    id: "refresh_token_expired",
    title: "The refresh token has expired",
    says: /refresh token (?:has|is) expired/i,
    codes: ["refresh_token_expired"],
    explains: vaguer,
    cause: "The login was not used for a long time, so its refresh token expired.",
    fix: "Sign in again: codex auth login",
    checks: ["credentials"],
    example:
      "Your access token could not be refreshed because your refresh token has expired. Please log out and sign in again.",
  },
  {
    id: "refresh_token_revoked",
    title: "The refresh token was revoked",
    says: /refresh token (?:was|has been) (?:revoked|invalidated)/i,
    codes: [
      "refresh_token_invalidated",
      "refresh_token_revoked",
      "app_session_terminated",
      "account_session_expired",
      "account_auth_invalidated",
    ],
    explains: vaguer,
    cause:
      "Something ended the login: signing in or out with Codex itself (both revoke the login in auth.json), a new password, or an administrator.",
    fix: "Sign in again: codex auth login. To change accounts later, use codex auth switch, which revokes nothing.",
    checks: ["credentials"],
    example:
      "Your access token could not be refreshed because your refresh token was revoked. Please log out and sign in again.",
  },
  {
    id: "refresh_token_empty",
    title: "The login has no refresh token, so it cannot be renewed",
    says: /(?:invalid ['"`]?refresh_token['"`]?: empty string|no refresh[ _]token|refresh[ _]token is (?:missing|empty))/i,
    explains: vaguer,
    cause:
      "auth.json holds an empty refresh_token. Either codex auth exec lent this login to a command, or another tool made it without a refresh token. When its access token ends, it cannot be renewed.",
    fix: "codex auth status shows whether the pool holds the whole login (codex auth switch <account> puts it in place); else sign in again: codex auth login",
    checks: ["credentials"],
    example:
      "Failed to refresh token: 400 Bad Request: Invalid 'refresh_token': empty string. Expected a string with minimum length 1, but got an empty string instead.",
  },
  {
    id: "login_changed_meanwhile",
    title: "Another account was made active while Codex ran",
    says: /since logged out or signed in to another account|(?:account )?credentials changed (?:during|before) refresh/i,
    explains: vaguer,
    cause:
      "This Codex started with another login than the one that is in auth.json now. A running Codex keeps its account, and stops when its token ends.",
    fix: "Restart Codex. To restart its daemon: codex app-server daemon restart",
    checks: ["process_on_old_login"],
    example:
      "Your access token could not be refreshed because you have since logged out or signed in to another account. Please sign in again.",
  },
  {
    id: "refresh_save_failed",
    title: "A renewed token could not be saved",
    says: /hard-linked files|(?:EBUSY|EROFS|EACCES).{0,160}auth\.json|auth\.json\b.{0,80}(?:resource busy|device or resource busy)|failed to (?:refresh|save|persist) tokens?: .{0,80}(?:is a directory|permission denied|no space|read-only|resource busy|os error (?:1|13|16|21|28|30|122)\b)/i,
    explains: [...vaguer, "permission_denied", "folder_in_the_way", "disk_full"],
    cause:
      "Codex renewed the login but could not write auth.json. The new token is lost, and the old one is used up. Possible reasons: auth.json is a mount of its own (in a container) or a hard link, its folder is read-only, the disk is full, or there is a folder named auth.json.lock.",
    fix: "codex auth doctor names the reason and how to fix it. If Codex still gets 401 after that, sign in again: codex auth login",
    checks: ["credentials", "store"],
    example: "Failed to refresh token: Is a directory (os error 21)",
  },
  {
    id: "refresh_unavailable",
    title: "The token could not be renewed just now",
    says: /(?:failed to refresh token|token refresh failed): (?:status[=: ]*)?(?:429|5\d\d)\b/i,
    explains: ["unauthorized"],
    cause: "The login server (auth.openai.com) was overloaded or failed. Your login is not the problem.",
    fix: "Wait a few minutes and try again.",
    checks: ["network"],
    example: "Failed to refresh token: 500 Internal Server Error",
  },
  {
    id: "refresh_refused",
    title: "The login can no longer be renewed",
    says: /refresh[_ ]token is invalid/i,
    status:
      /(?:failed to refresh token|token refresh failed|token 刷新失败)[: -]*(?:status[=: ]*)?40[013]\b|access token could not be refreshed|session could not be refreshed|invalid_grant|invalid refresh token/i,
    explains: ["unauthorized"],
    cause: "The login server refused the refresh token for good.",
    fix: "Sign in again: codex auth login, or use another account: codex auth switch <account>",
    checks: ["credentials"],
    example: "Your access token could not be refreshed. Please log out and sign in again.",
  },
  {
    id: "api_scopes_missing",
    title: "The key or login may not call the API that it is sent to",
    says: /missing scopes?: ?[a-z.]{3,40}|insufficient permissions for this operation/i,
    explains: ["unauthorized"],
    cause:
      "Codex sent a ChatGPT login to api.openai.com, which accepts only API keys (a provider in config.toml has base_url = https://api.openai.com/v1 and requires_openai_auth). Or the API key does not have the scope.",
    fix: "Remove model_provider or that base_url from config.toml to use the ChatGPT login; or give the key the scope that the text names, at platform.openai.com",
    checks: ["config", "env_override"],
    example:
      "unexpected status 401 Unauthorized: You have insufficient permissions for this operation. Missing scopes: api.responses.write.",
  },
  {
    id: "unauthorized",
    title: "401: the server refused the credential",
    says: /authentication token (?:has been invalidated|has expired|is expired)|invalidated oauth token|incorrect api key|personal access token is (?:invalid|expired|revoked)/i,
    status:
      /\bunauthorized\b|(?:incorrect|invalid) api key|api key (?:is )?invalid|token (?:has )?expired|please try signing in again|(?:status|http|error|code|failed|failed:)["']?[^\w,]{0,3}401\b|http_status_401\b|^401$/i,
    codes: ["token_expired", "token_invalidated", "token_revoked", "invalid_api_key"],
    cause:
      "The request arrived, so the network works. The token has expired or was revoked, or no token was sent. Codex does not read OPENAI_API_KEY, but it reads CODEX_API_KEY and CODEX_ACCESS_TOKEN.",
    fix: "codex auth check asks OpenAI about each account and renews what has ended; codex auth login signs in again.",
    checks: ["credentials", "env_override", "url_override", "clock_behind"],
    example: "unexpected status 401 Unauthorized: Missing bearer authentication in header",
  },
  {
    id: "not_logged_in",
    title: "Codex has no login",
    says: /not logged in|auth is missing a key|chatgpt auth is missing|(?<!proxy )authentication required|(?:token|auth) data is not available|(?:chatgpt|api key) login is required$/i,
    explains: ["unauthorized", "account_read"],
    cause: "auth.json is missing, or there is no usable login in it.",
    fix: "Make an account of the pool active: codex auth switch <account>. If the pool is empty: codex auth login --switch",
    checks: ["credentials", "config", "codex_home_missing"],
    example: "Not logged in",
  },
  {
    id: "auth_file_broken",
    title: "auth.json cannot be read",
    says: /failed to deserialize CLI auth|invalid credential JSON|(?:plan type is|email and plan type are) required for chatgpt|credential (?:storage is unavailable|read failed)/i,
    explains: ["account_read", "not_logged_in"],
    cause: "auth.json is incomplete or empty, or a field that Codex needs (email, plan) is missing.",
    fix: "codex auth fix, or codex auth switch <account>",
    checks: ["credentials"],
    example:
      "Error checking login status: failed to deserialize CLI auth from file: EOF while parsing a value at line 1 column 0",
  },
  {
    id: "account_read",
    title: "The terminal interface cannot find out who is signed in",
    status: /account\/(?:read|rateLimits\/read) failed/i,
    cause:
      "Before it starts, the terminal interface asks chatgpt.com about the account in auth.json, even if another provider serves the model. Either the login no longer works, or it has no account (an API key), or chatgpt.com does not answer. codex exec does not ask.",
    fix: "codex auth check asks as Codex does; then codex auth switch <account>. With a provider of your own: remove requires_openai_auth = true from its table in config.toml.",
    checks: ["credentials", "config", "network"],
    example: "Error: account/read failed during TUI bootstrap",
  },
  {
    id: "keyring_unavailable",
    title: "The keyring of the system cannot be used",
    says: /from keyring|platform secure storage failure|cli_auth_credentials_store|auth from encrypted auth storage/i,
    cause:
      "config.toml tells Codex to keep its login in the keyring, but the keyring is locked or does not answer.",
    fix: "Unlock it, or keep the login in auth.json from now on: codex auth switch <account> --use-file-store",
    checks: ["config"],
    example: "failed to load CLI auth from keyring: Platform secure storage failure: no secret service",
  },
  {
    id: "login_restricted",
    title: "config.toml forbids this login, and Codex has deleted it",
    says: /login is required, but .{1,80}currently being used|login is restricted to (?:a specific )?workspace/i,
    cause:
      "forced_login_method or forced_chatgpt_workspace_id in config.toml does not fit the login in auth.json. codex exec then deletes auth.json; the pool still has the login.",
    fix: "Switch to an account that is allowed (codex auth switch <account>), or remove the key from config.toml first.",
    checks: ["config", "credentials"],
    example:
      "Login is restricted to workspace(s) other, but current credentials belong to acct-1. Logging out.",
  },
  {
    id: "login_method_disabled",
    title: "This way of signing in is not allowed",
    says: /(?:chatgpt|api key|access token|device code) login is disabled/i,
    cause:
      "forced_login_method in config.toml, or the administrator of the workspace, allows another kind of login only; the text names it.",
    fix: "Sign in that way: codex auth login (ChatGPT), or codex auth login --with-api-key; or remove forced_login_method from config.toml.",
    checks: ["config"],
    example: "API key login is disabled by this workspace. Sign in with ChatGPT to continue.",
  },
];
