import type { Entry } from "./entry.ts";

/** Texts about who is logged in: renewals, logins, keys, workspaces. */
export const loginEntries: readonly Entry[] = [
  {
    id: "refresh_token_reused",
    title: "The refresh token was already used",
    pattern: /refresh token was already used|refresh_token_reused/i,
    cause:
      "A refresh token works once. Another program, machine or copy of auth.json renewed this login first, so the copy here is dead.",
    fix: "codex auth status shows whether the pool holds a newer token (codex auth fix puts it back); else sign in again: codex auth login. Do not use codex logout: it revokes the login everywhere.",
    checks: ["credentials"],
    example:
      "Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.",
  },
  {
    id: "refresh_token_expired",
    title: "The refresh token has expired",
    pattern: /refresh token has expired|refresh_token_expired/i,
    cause: "The login was not used for so long that its refresh token ended.",
    fix: "Sign in again: codex auth login",
    checks: ["credentials"],
    example:
      "Your access token could not be refreshed because your refresh token has expired. Please log out and sign in again.",
  },
  {
    id: "refresh_token_revoked",
    title: "The refresh token was revoked",
    pattern: /refresh token was revoked|refresh_token_invalidated|refresh token has been invalidated/i,
    cause:
      "The login was ended: by codex logout or codex login (both revoke the login that is in auth.json), a new password, or an administrator.",
    fix: "Sign in again: codex auth login. To change accounts later, use codex auth switch, which revokes nothing.",
    checks: ["credentials"],
    example:
      "Your access token could not be refreshed because your refresh token was revoked. Please log out and sign in again.",
  },
  {
    id: "login_changed_meanwhile",
    title: "Another account was made active while Codex ran",
    pattern: /since logged out or signed in to another account/i,
    cause:
      "This Codex started with another login than the one in auth.json now. A running Codex keeps its account and refuses to go on when its token ends.",
    fix: "Start Codex again; for the background program of the terminal interface: codex app-server daemon restart",
    checks: ["process_on_old_login"],
    example:
      "Your access token could not be refreshed because you have since logged out or signed in to another account. Please sign in again.",
  },
  {
    id: "refresh_save_failed",
    title: "A renewed token could not be saved",
    pattern:
      /hard-linked files|failed to refresh token: (?:is a directory|permission denied|no space|read-only)/i,
    cause:
      "Codex renewed the login but could not write auth.json: it is a hard link, its folder cannot be written, the disk is full, or a folder named auth.json.lock stands in the way. The new token is lost, the old one is used up.",
    fix: "codex auth doctor names the obstacle and what ends it; then sign in again if Codex still gets 401: codex auth login",
    checks: ["credentials", "store"],
    example: "Failed to refresh token: Is a directory (os error 21)",
  },
  {
    id: "refresh_unavailable",
    title: "The token could not be renewed just now",
    pattern: /failed to refresh token: (?:429|5\d\d)/i,
    cause: "The issuer (auth.openai.com) was overloaded or failed. Nothing is wrong with the login.",
    fix: "Wait a few minutes and try again.",
    checks: ["network"],
    example: "Failed to refresh token: 500 Internal Server Error",
  },
  {
    id: "refresh_refused",
    title: "The login can no longer be renewed",
    pattern: /access token could not be refreshed|invalid_grant/i,
    isGeneral: true,
    cause: "The issuer refused the refresh token for good.",
    fix: "Sign in again: codex auth login, or use another account: codex auth switch <account>",
    checks: ["credentials"],
    example: "Your access token could not be refreshed. Please log out and sign in again.",
  },
  {
    id: "unauthorized",
    title: "401: the server refused the credential",
    pattern:
      /\b401\b|\bunauthorized\b|invalid_api_key|(?:incorrect|invalid) api key|api key (?:is )?invalid|token[_ ](?:has )?expired|token_invalidated/i,
    isGeneral: true,
    cause:
      "The request arrived, so the network is fine; the token has ended, was revoked, or none was sent. OPENAI_API_KEY plays no part (Codex 0.169 does not read it), CODEX_API_KEY and CODEX_ACCESS_TOKEN do.",
    fix: "codex auth check asks OpenAI about each account and renews what has ended; codex auth login signs in again. Do not use codex logout first: it revokes the login.",
    checks: ["credentials", "env_override", "url_override", "clock_behind"],
    example: "unexpected status 401 Unauthorized: Missing bearer authentication in header",
  },
  {
    id: "not_logged_in",
    title: "Codex has no login",
    pattern: /not logged in|auth is missing a key|chatgpt auth is missing|authentication required/i,
    cause: "auth.json is missing or holds nothing that can be used.",
    fix: "codex auth switch <account> puts one of the pool in place; without any: codex auth login --switch",
    checks: ["credentials", "config", "codex_home_missing"],
    example: "Not logged in",
  },
  {
    id: "auth_file_broken",
    title: "auth.json cannot be read",
    pattern: /failed to deserialize CLI auth|invalid credential JSON|plan type is required for chatgpt/i,
    cause: "auth.json is torn, empty, or has a field of the wrong type.",
    fix: "codex auth fix, or codex auth switch <account>",
    checks: ["credentials"],
    example:
      "Error checking login status: failed to deserialize CLI auth from file: EOF while parsing a value at line 1 column 0",
  },
  {
    id: "keyring_unavailable",
    title: "The keyring of the system cannot be used",
    pattern: /from keyring|platform secure storage failure|cli_auth_credentials_store/i,
    cause: "config.toml tells Codex to keep its login in the keyring, and no keyring service answers.",
    fix: 'Set cli_auth_credentials_store = "file" in config.toml, then: codex auth switch <account>',
    checks: ["config"],
    example: "failed to load CLI auth from keyring: Platform secure storage failure: no secret service",
  },
  {
    id: "login_restricted",
    title: "config.toml forbids this login, and Codex has deleted it",
    pattern: /login is required, but .{1,80} currently being used|login is restricted to workspace/i,
    cause:
      "forced_login_method or forced_chatgpt_workspace_id in config.toml does not fit the login in auth.json. codex exec then deletes auth.json; the pool still has the login.",
    fix: "Switch to an account that is allowed (codex auth switch <account>), or remove the key from config.toml first.",
    checks: ["config", "credentials"],
    example:
      "Login is restricted to workspace(s) other, but current credentials belong to acct-1. Logging out.",
  },
  {
    id: "device_login_disabled",
    title: "Device codes are not allowed for this workspace",
    pattern:
      /device code login is not enabled|device[- ]?(?:code )?auth(?:entication|orization)? (?:is )?(?:disabled|not enabled|failed)|headless/i,
    cause:
      "An administrator of the workspace has switched device codes off. Codex often fails without saying so on a machine without a browser.",
    fix: "Ask the administrator; or sign in through a pasted address: codex auth login --manual; or with a key: codex auth login --with-api-key; or import an auth.json from a machine with a browser: codex auth import <file>",
    checks: ["login_ports_held"],
    example:
      "device code login is not enabled for this Codex server. Use the browser login or verify the server URL.",
  },
  {
    id: "login_port_in_use",
    title: "The ports for the answer of the browser are in use",
    pattern:
      /address (?:already )?in use|os error (?:98|48|10048)\b|port 127\.0\.0\.1:14\d\d|port 14\d\d (?:is )?(?:already )?in use|EADDRINUSE/i,
    cause:
      "codex login listens on 1455, else (0.169) on 1457, for the answer of the browser. Other programs hold both, often an SSH tunnel. Older versions know 1455 only.",
    fix: "End one of the programs below; or go without a port: codex auth login --device-auth (or --manual)",
    checks: ["login_ports_held"],
    example: "Error logging in: Port 127.0.0.1:1457 is already in use",
  },
  {
    id: "login_cancelled",
    title: "Another login took the place of this one",
    pattern: /login cancelled/i,
    cause: "A second codex login ends the first one that still waits for its browser.",
    fix: "Sign in in one place: codex auth login",
    checks: ["login_ports_held"],
    example: "Error logging in: Login cancelled",
  },
  {
    id: "login_stuck",
    title: "The browser does not come back from signing in",
    pattern:
      /sign in with chatgpt|login (?:is )?stuck|state mismatch|navigate to this url to authenticate|callback/i,
    isGeneral: true,
    cause:
      "After signing in, the browser must reach 127.0.0.1:1455 (or 1457) of the machine on which Codex runs. A firewall, a remote machine, a container or an old tab prevents that.",
    fix: "codex auth login --manual takes the address from the browser by hand; codex auth login --device-auth needs no way back",
    checks: ["login_ports_held", "proxy_catches_loopback"],
    example: "Sign in with ChatGPT",
  },
  {
    id: "workspace_routing",
    title: "Codex cannot find out where the workspace lives",
    pattern: /workspace routing discovery|selected workspace missing|workspace backend must use/i,
    cause:
      "Before its first request Codex asks chatgpt.com for the accounts of the login. That failed: the login was refused, its workspace is gone, or chatgpt_base_url is no https address.",
    fix: "codex auth check asks about each account; remove chatgpt_base_url from config.toml; or use another account: codex auth switch <account>",
    checks: ["credentials", "config", "network"],
    example: "workspace routing discovery failed",
  },
  {
    id: "cloud_config",
    title: "The policies of the workspace could not be loaded",
    pattern: /cloud config bundle|workspace-managed policies/i,
    cause:
      "Business, enterprise and edu accounts load the policies of their workspace first; without them Codex does not start.",
    fix: "Check the network (codex auth doctor --live); the login may have been refused: codex auth check",
    checks: ["credentials", "network"],
    example: "Error: Failed to load cloud config bundle (workspace-managed policies).",
  },
];
