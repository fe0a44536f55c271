import { readdirSync, readFileSync } from "node:fs";
import { entries } from "../src/doctor/explain/explain.ts";
import { checks } from "../src/doctor/index.ts";
import { table } from "./markdown-table.ts";

interface Recorded {
  id: string;
  canMend: boolean;
}

const homes = new URL("../fixtures/homes/", import.meta.url);

/** A row or section of the troubleshooting guide for Codex: what answers it here, and where the guide is out of date. */
export interface GuideRow {
  trouble: string;
  checks: readonly string[];
  explain: readonly string[];
  note: string;
}

/** Every row of the guide's table of errors. */
export const guideErrors: readonly GuideRow[] = [
  row("401 Unauthorized", {
    checks: [
      "login_refused",
      "login_expired",
      "login_flagged",
      "auth_file_older",
      "env_override",
      "clock_behind",
    ],
    explain: [
      "unauthorized",
      "refresh_token_reused",
      "refresh_token_expired",
      "refresh_token_revoked",
      "refresh_token_empty",
      "refresh_refused",
      "api_scopes_missing",
      "mcp_server_login",
    ],
    note: "Do not run `codex logout` and `codex login`: both revoke the login for good. `codex auth check` renews it, `codex auth login` signs in again.",
  }),
  row("429 Too Many Requests / rate limit", {
    checks: ["login_refused"],
    explain: [
      "usage_limit",
      "too_many_requests",
      "quota_exceeded",
      "plan_without_codex",
      "workspace_credits",
      "spend_cap",
      "device_code_limited",
    ],
    note: "`codex auth forecast` shows the resets of all accounts, `codex auth switch --auto` takes another one.",
  }),
  row("Address in use (os error 98)", {
    checks: ["login_ports_held"],
    explain: ["login_port_in_use", "login_cancelled"],
    note: "Codex 0.169 takes 1457 when 1455 is held, and says `Port 127.0.0.1:1457 is already in use` when both are.",
  }),
  row("Reconnecting loop / stream disconnected", {
    checks: [
      "network_unreachable",
      "network_intercepted",
      "websocket_blocked",
      "proxy_dead",
      "base_url_dead",
      "proxy_catches_loopback",
      "ca_file_unusable",
    ],
    explain: [
      "reconnecting",
      "waiting_for_network",
      "local_proxy",
      "login_unreachable",
      "server_error",
      "connection_timeout",
      "name_lookup",
      "tls_untrusted",
      "ca_file",
    ],
    note: "`waiting for network` never ends while the address refuses connections.",
  }),
  row("Headless / remote login fails", {
    checks: ["login_ports_held"],
    explain: ["device_login_disabled", "login_stuck"],
    note: "`codex auth login --manual` needs neither device codes nor a way back from the browser.",
  }),
  row('Login stuck on "Sign in with ChatGPT"', {
    checks: ["login_ports_held", "proxy_catches_loopback"],
    explain: ["login_stuck"],
    note: "The callback goes to 127.0.0.1, not to `localhost`.",
  }),
  row("Invalid model setting", {
    checks: ["model_unknown", "config_value_invalid"],
    explain: ["model_unknown"],
    note: "Codex 0.169 starts with any name, and the server decides; only an empty one, or one that is no text, stops it.",
  }),
  row("Sandbox blocking commands", {
    checks: ["sandbox_mode_invalid", "approval_policy_invalid", "config_value_invalid", "key_ignored"],
    explain: ["sandbox", "sandbox_namespace", "sandbox_windows", "setting_unknown_value", "setting_retired"],
    note: "A wrong `sandbox_mode` stops Codex at its start.",
  }),
  row("Config file prevents startup", {
    checks: [
      "config_unreadable",
      "config_typo",
      "config_duplicate_key",
      "config_encoding",
      "config_value_invalid",
      "legacy_profile",
      "wire_api_retired",
      "provider_reserved",
      "provider_unknown",
      "provider_nameless",
      "mcp_server_invalid",
      "named_file_missing",
    ],
    explain: [
      "config_broken",
      "legacy_profile",
      "provider_reserved",
      "provider_unknown",
      "provider_key_missing",
      "setting_unknown_value",
      "mcp_server_invalid",
    ],
    note: "`codex auth doctor` shows line and column, so that the file need not be given up.",
  }),
  row('WSL: "migration N was previously applied but has been modified"', {
    checks: ["migration_modified", "codex_home_on_windows"],
    explain: ["migration_modified"],
    note: "`codex exec` runs on silently without its database.",
  }),
];

/** Every section of the guide. */
export const guideSections: readonly GuideRow[] = [
  row("General triage: three questions", {
    checks: ["network_unreachable", "network_intercepted", "network_server_error"],
    explain: ["unauthorized", "forbidden", "too_many_requests", "reconnecting"],
    note: "`codex auth doctor --live` asks all three services; any answer, 401 too, means that the network is fine.",
  }),
  row("401 Unauthorized: token expired", {
    checks: ["login_refused", "login_expired", "openai_key_ignored"],
    explain: ["unauthorized", "not_logged_in"],
    note: "A stale `OPENAI_API_KEY` is no cause: Codex 0.169 does not read it. `CODEX_API_KEY` and `CODEX_ACCESS_TOKEN` are.",
  }),
  row("Headless and remote servers", {
    checks: ["login_ports_held"],
    explain: ["device_login_disabled"],
    note: "A copied auth.json shares its refresh token, which works once: `codex auth import` it and use it in one place.",
  }),
  row('Login stuck on the "Sign in with ChatGPT" screen', {
    checks: ["login_ports_held"],
    explain: ["login_stuck"],
    note: "",
  }),
  row("Rate limiting: 429", {
    checks: ["login_refused"],
    explain: ["usage_limit", "too_many_requests", "overloaded"],
    note: "",
  }),
  row("Port conflict", {
    checks: ["login_ports_held"],
    explain: ["login_port_in_use"],
    note: "The holder is named, an SSH tunnel recognised.",
  }),
  row("Invalid model setting", {
    checks: ["model_unknown"],
    explain: ["model_unknown"],
    note: "A warning, not a refusal to start: the name is compared with the list of models that Codex fetched last.",
  }),
  row("Broken config file", {
    checks: ["config_unreadable", "config_typo", "config_duplicate_key", "config_encoding"],
    explain: ["config_broken"],
    note: "`codex auth fix` corrects simple typing errors and keys that are there twice; the rest of the file stays.",
  }),
  row("Sandbox blocking commands", {
    checks: ["sandbox_mode_invalid", "approval_policy_invalid"],
    explain: ["sandbox"],
    note: "`codex auth fix` never makes either of them looser.",
  }),
  row("WSL migration conflict", {
    checks: ["migration_modified", "codex_home_on_windows"],
    explain: ["migration_modified"],
    note: "The database and the number of the migration are named.",
  }),
  row("Logs and /feedback", {
    checks: [],
    explain: [],
    note: "`codex auth doctor --bundle FILE` writes a support file without secrets; `/feedback` sends Codex's own.",
  }),
  row("FAQ: a 401 or a Reconnecting loop?", {
    checks: ["network_unreachable", "login_refused"],
    explain: ["unauthorized", "reconnecting"],
    note: "",
  }),
  row("FAQ: API key and ChatGPT login at once?", {
    checks: ["login_ambiguous", "env_override", "openai_key_ignored"],
    explain: ["unauthorized"],
    note: "Both in auth.json are normal after a login with the browser: `auth_mode` decides.",
  }),
  row("FAQ: which method does Codex use?", {
    checks: ["env_override", "not_logged_in"],
    explain: ["not_logged_in"],
    note: "`codex auth status` says it. auth.json has no field `accessToken`.",
  }),
  row("FAQ: does the quota come back by itself?", {
    checks: [],
    explain: ["usage_limit"],
    note: "Yes; `codex auth forecast` shows when.",
  }),
  row("FAQ: my error is not in the table", {
    checks: [],
    explain: [],
    note: "`codex auth explain` names the nearest entries and says when it does not know.",
  }),
];

/** docs/troubleshooting.md. Written by `npm run docs`; a test compares. */
export function troubleshootingPage(): string {
  const head = ["trouble", "checks of `doctor`", "ids of `explain`", "note"];
  return `${[
    "# Troubleshooting",
    'When Codex shows an error: `codex auth explain "<the error>"`. When something is odd: `codex auth doctor`, with `--live` to ask OpenAI too, and `codex auth fix` for what can be fixed safely. This page is written from `src/doctor` by `npm run docs`.',
    "## The troubleshooting guide, row by row",
    "What answers each row of the table of errors in the troubleshooting guide for Codex. The notes correct it for Codex 0.169.",
    table(head, guideErrors.map(cells)),
    "And each of its sections:",
    table(head, guideSections.map(cells)),
    "## What `explain` knows",
    table(
      ["id", "for example", "trouble", "what to do"],
      entries.map(({ id, example, title, fix }) => [`\`${id}\``, code(example), title, plain(fix)]),
    ),
    "## What `doctor` looks for",
    table(
      ["id", "area", "fault", "at worst usually", "asked with", "ended by `fix`"],
      checks.map(({ id, area, title, severity, isLive }) => [
        `\`${id}\``,
        area,
        plain(title),
        severity,
        isLive ? "`--live`" : "",
        fixedBy(id),
      ]),
    ),
  ].join("\n\n")}\n`;
}

/** Of which at least one finding carries a fix: seen in the homes with a fault, or by the tests of --live. */
const fixable = new Set(
  readdirSync(homes, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("findings.json"))
    .flatMap((name) => JSON.parse(readFileSync(new URL(name, homes), "utf8")) as Recorded[])
    .flatMap(({ id, canMend }) => (canMend ? [id] : [])),
);
const fixableLive = new Set(["login_flagged", "login_refused", "refresh_interrupted", "renewal_unclear"]);

function fixedBy(id: string): string {
  if (fixableLive.has(id)) return "with `--live`";
  return fixable.has(id) ? "yes" : "";
}

function cells({ trouble, checks: found, explain, note }: GuideRow): string[] {
  return [plain(trouble), found.map(code).join(", "), explain.map(code).join(", "), note];
}

function row(trouble: string, rest: Omit<GuideRow, "trouble">): GuideRow {
  return { trouble, ...rest };
}

/** A text with backquotes in it keeps them; at its ends they need a space. */
function code(text: string): string {
  if (!text.includes("`")) return `\`${text}\``;
  return /^`|`$/.test(text) ? `\`\` ${text} \`\`` : `\`\`${text}\`\``;
}

/** Angle brackets and stars mean something in Markdown. */
function plain(text: string): string {
  return text.replaceAll(/[<*_]/g, "\\$&");
}
