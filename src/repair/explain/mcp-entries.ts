import type { Entry } from "./entry.ts";

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
      "The server that the text names has its own sign-in (OAuth), apart from ChatGPT. Your accounts are fine, and turns go on without its tools.",
    fix: "codex mcp login <server>, or remove the server from config.toml: codex mcp remove <server>",
    checks: ["config"],
    example:
      "MCP client for `linear` failed to start: error: Auth error: OAuth token refresh failed: Server returned error response: invalid_grant: Grant not found",
  },
  {
    id: "mcp_server_failed",
    title: "An MCP server does not start or does not answer",
    says: new RegExp(
      String.raw`(?:${server}.{0,80}(?:failed to start|timed out)|mcp startup (?:failed|incomplete)|handshaking with mcp server failed|required mcp servers failed).{0,600}`,
      "i",
    ),
    unless: new RegExp(`${unless.source}|${loginWords}`, "i"),
    status: /transport channel closed|worker quit with fatal|mcp_servers?\b.{0,80}fail/i,
    cause:
      "The program or address under [mcp_servers.<name>] in config.toml ended, is not there, answers too late, or writes something else than the protocol to its output. The login has no part in it.",
    fix: "Run the command of that server by hand to see its error; give it more time with startup_timeout_sec; or remove it: codex mcp remove <server>",
    checks: ["config"],
    example:
      "MCP client for `docs` failed to start: MCP startup failed: handshaking with MCP server failed: connection closed: initialize response",
  },
  {
    id: "codex_apps_unreachable",
    title: "Codex cannot reach the apps of ChatGPT; turns go on without them",
    says: /(?:transport channel closed|worker quit with fatal).{0,160}(?:chatgpt\.com\/backend-api|backend-api\/ps\/mcp)|mcp client for \W{0,2}codex_apps\W{0,2} timed out/i,
    isHarmless: true,
    cause:
      "Codex asks chatgpt.com for the apps (connectors) of the account, beside the model. No answer came: this machine does not reach chatgpt.com, or only a proxy for the model.",
    fix: "Nothing, if the model answers. Else this machine does not reach chatgpt.com: codex auth doctor --live. Without apps Codex does not ask: codex --disable apps",
    checks: ["proxy_set", "network"],
    example:
      'worker quit with fatal: Transport channel closed, when Client(HttpRequest(HttpRequest("http/request failed: error sending request for url (https://chatgpt.com/backend-api/ps/mcp)")))',
  },
  {
    id: "mcp_server_invalid",
    title: "An MCP server in config.toml has no command and no url",
    says: /invalid transport/i,
    cause:
      "The table [mcp_servers.<name>] must have either command (a program) or url (an address), and no key of the other kind; type and headers are keys of other programs.",
    fix: "Complete or remove the table that the text names; codex auth doctor shows its line. For codex_apps there is no table: remove it.",
    checks: ["mcp_server_invalid", "config"],
    example: "Error loading config.toml: invalid transport in `mcp_servers.docs`",
  },
];
