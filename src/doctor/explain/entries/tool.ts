import type { Entry } from "../known-error.ts";

// The server `codex_apps` is ChatGPT's own and uses the login of Codex: what it says is true of that login.
const unless = /codex_apps|backend-api\/ps\/mcp/i;
const loginWords =
  "invalid_grant|oauth (?:token refresh failed|authorization required)|auth(?:entication)? required|not logged in";
const server = String.raw`mcp (?:client|server) (?:for |named )?`;

/** Texts of MCP servers: programs and services that Codex uses as tools. They have logins of their own. */
export const mcpEntries: readonly Entry[] = [
  {
    id: "mcp_server_login",
    title: "An MCP server wants a login of its own",
    says: new RegExp(
      String.raw`(?:${server}.{0,400}(?:${loginWords}|401|unauthorized|token_expired)|mcp server is not logged in|oauth (?:authorization required|token refresh failed)|\bmcp login\b|configured mcp oauth|enterprise idp).{0,600}`,
      "i",
    ),
    unless,
    cause:
      "The server that the text names has its own sign-in (OAuth), independent of ChatGPT. Your accounts work, and Codex continues without the tools of that server.",
    fix: "codex mcp login <server>, or remove the server from config.toml: codex mcp remove <server>",
    checks: ["config"],
    example:
      "MCP client for `linear` failed to start: error: Auth error: OAuth token refresh failed: Server returned error response: invalid_grant: Grant not found",
  },
  {
    id: "mcp_server_failed",
    title: "An MCP server does not start or does not answer",
    says: new RegExp(
      String.raw`(?:${server}.{0,80}(?:failed to start|timed out)|mcp startup (?:failed|incomplete)|handshaking with mcp server failed|required mcp servers failed|tool call failed for .{0,80}transport closed).{0,600}`,
      "i",
    ),
    unless: new RegExp(`${unless.source}|${loginWords}`, "i"),
    status: /transport channel closed|worker quit with fatal|mcp_servers?\b.{0,80}fail/i,
    cause:
      "The program or address under [mcp_servers.<name>] in config.toml ended, does not exist, answers too late, or writes something that is not MCP to its output. Your login is not the problem.",
    fix: "Run the command of that server by hand to see its error; give it more time with startup_timeout_sec; or remove it: codex mcp remove <server>",
    checks: ["config"],
    example:
      "MCP client for `docs` failed to start: MCP startup failed: handshaking with MCP server failed: connection closed: initialize response",
  },
  {
    id: "codex_apps_unreachable",
    title: "Codex cannot reach the apps of ChatGPT, and continues without them",
    says: /(?:transport channel closed|worker quit with fatal).{0,160}(?:chatgpt\.com\/backend-api|backend-api\/ps\/mcp)|mcp client for \W{0,2}codex_apps\W{0,2} timed out/i,
    isHarmless: true,
    cause:
      "Codex asks chatgpt.com for the apps (connectors) of the account, beside the model. No answer came: this machine cannot reach chatgpt.com, or reaches only a proxy that serves the model.",
    fix: "Nothing, if the model answers. Else this machine does not reach chatgpt.com: codex auth doctor --live. Without apps Codex does not ask: codex --disable apps",
    checks: ["proxy_set", "network"],
    example:
      'worker quit with fatal: Transport channel closed, when Client(HttpRequest(HttpRequest("http/request failed: error sending request for url (https://chatgpt.com/backend-api/ps/mcp)")))',
  },
  {
    id: "mcp_server_invalid",
    title: "An MCP server in config.toml has no command and no url",
    says: /invalid transport|no MCP server named/i,
    cause:
      "The table [mcp_servers.<name>] must have either command (a program) or url (an address), and no key of the other kind; type and headers are keys of other programs.",
    fix: "Complete or remove the table that the text names; codex auth doctor shows its line. For codex_apps there is no table: remove it.",
    checks: ["mcp_server_invalid", "config"],
    example: "Error loading config.toml: invalid transport in `mcp_servers.docs`",
  },
];

/** Texts about what keeps commands of Codex in their place. */
export const sandboxEntries: readonly Entry[] = [
  {
    id: "sandbox_namespace",
    title: "The system does not let Codex build its sandbox",
    says: /bwrap: .{0,200}|failed RTM_NEWADDR|unprivileged user namespaces|create user namespaces|setting up uid map/i,
    explains: ["sandbox", "permission_denied"],
    isInOutput: true,
    cause:
      "On Linux Codex runs commands in a sandbox made by bubblewrap, which needs user namespaces. A container (Docker, CI) or AppArmor on Ubuntu 24.04 forbids them, so no command runs at all. It is not caused by a file or by your login.",
    fix: "In a container that already isolates Codex: codex --sandbox danger-full-access, or start it with --security-opt seccomp=unconfined --cap-add SYS_ADMIN. On Ubuntu: allow it with an AppArmor profile for bwrap, or: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    checks: ["config"],
    example: "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
  },
  {
    id: "sandbox_windows",
    title: "The sandbox of Windows does not start",
    says: /createprocess(?:withlogon|asuser)w failed|windows sandbox(?: failed)?: |helper_unknown_error|spawn setup refresh|setup refresh (?:had errors|failed)/i,
    explains: ["sandbox"],
    isInOutput: true,
    cause:
      "Codex runs commands as a Windows user of its own; that user could not be set up or could not start the shell (a password that ended, a policy, or PowerShell from the Microsoft Store).",
    fix: 'Set sandbox = "unelevated" under [windows] in config.toml and start Codex again; PowerShell from its installer, not from the Store, helps too.',
    checks: ["config"],
    example: "windows sandbox: CreateProcessWithLogonW failed: 1326",
  },
  {
    id: "sandbox_helper_missing",
    title: "bubblewrap is not installed; Codex uses its own",
    says: /could not find bubblewrap/i,
    isHarmless: true,
    cause: "Codex brings its own copy of bubblewrap and uses that.",
    fix: "Nothing has to be done. To end the warning install bubblewrap with the package manager of the system.",
    checks: [],
    example:
      "warning: Codex could not find bubblewrap on PATH. Codex will use the bundled bubblewrap in the meantime.",
  },
  {
    id: "sandbox",
    title: "The sandbox or the approval settings block a command",
    says: /sandbox denied|sandbox (?:error|denial|rejected|mode (?:is|or) )|landlock (?:was not|is not|error|failed)|landlock: sandbox|landlocksandbox|outside of the project; rejected by user approval|seccomp (?:setup|backend|error|failed)|codex-linux-sandbox was|blocked by (?:the )?sandbox|rejected: blocked by policy|blocked by (?:network )?policy|sandbox blocking/i,
    status:
      /\bsandbox\b.{0,40}(?:denied|denies|block(?:s|ed)|rejected|refused|failed)|(?:sandbox|approval) .{0,30}(?:too restrictive)|operation not permitted/i,
    codes: ["sandboxError"],
    isInOutput: true,
    cause: "sandbox_mode and approval_policy (config.toml or flags) decide what Codex may run and write.",
    fix: "codex --sandbox workspace-write, or set sandbox_mode and approval_policy in config.toml",
    checks: ["config"],
    example: "sandbox denied the command",
  },
];
