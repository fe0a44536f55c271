import type { Env } from "../../codex/environment.ts";
import { type ConfigNode, configSchema } from "../../codex/config/schema.ts";
import { isTable } from "../../codex/config/tree.ts";
import { apiErrors } from "../../errors/api-errors.ts";
import { commandErrors } from "../../errors/command-errors.ts";
import { placeOf, timeOr, wordOr } from "./shape.ts";

/** Variables that Codex, codex-auth, Node or the network read. */
const names = `CODEX_HOME CODEX_SQLITE_HOME CODEX_API_KEY CODEX_ACCESS_TOKEN CODEX_CA_CERTIFICATE
  CODEX_REFRESH_TOKEN_URL_OVERRIDE CODEX_AUTH_DIR CODEX_AUTH_ACCOUNT CODEX_AUTH_BACKEND CODEX_AUTH_CODEX_BIN
  CODEX_AUTH_INVOKED_AS CODEX_AUTH_ISSUER CODEX_AUTH_REAL_HOME CODEX_AUTH_ROTATION_LOG OPENAI_API_KEY
  OPENAI_BASE_URL AZURE_OPENAI_API_KEY HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy
  no_proxy SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED NODE_PATH
  XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR CI HOME LANG LC_ALL LC_CTYPE PATH SHELL TERM TMPDIR
  TMUX WSL_DISTRO_NAME WSL_INTEROP SUDO_UID SUDO_USER SSH_CONNECTION SSH_TTY SSH_CLIENT SSH_AUTH_SOCK`.split(
  /\s+/,
);
/** Of these some more may matter than we know; a name may be a secret too, so they are counted. */
const families = ["CODEX_", "OPENAI_", "AZURE_", "NODE_", "SSL_", "_PROXY", "_proxy"];

const locale = /^(?:C|POSIX|[a-z]{2}(?:_[A-Z]{2})?)(?:\.(?:UTF-?8|utf-?8|ISO-?8859-\d{1,2}))?$/;
const toggle = /^(?:0|1|true|false|yes|no|on|off)$/i;
const terminals =
  /^(?:dumb|linux|vt100|vt220|ansi|(?:xterm|screen|tmux|rxvt-unicode)(?:-(?:16|88|256)color)?)$/;

/** What a variable may say out loud. */
const choices: Record<string, RegExp> = {
  CI: toggle,
  LANG: locale,
  LC_ALL: locale,
  LC_CTYPE: locale,
  TERM: terminals,
  NODE_TLS_REJECT_UNAUTHORIZED: toggle,
  CODEX_AUTH_INVOKED_AS: /^(?:npx )?codex auth$/,
};

/** The variables that matter, with what may be told of their values, and the number of others of the kind. */
export function environmentOutline(env: Env, platform: string): { variables: object; others: object } {
  const home = env["HOME"] ?? "";
  const isSet = (name: string) => env[name] !== undefined;
  const tell = (name: string) => {
    const value = env[name] ?? "";
    if (name === "PATH")
      return value.split(platform === "win32" ? ";" : ":").map((each) => placeOf(each, home));
    return choices[name]?.test(value) ? value : placeOf(value, home);
  };
  const others = Object.keys(env).filter((name) => isSet(name) && !names.includes(name));
  const counts = families.map((family): [string, number] => [
    family.startsWith("_") ? `*${family}` : `${family}*`,
    others.filter((name) => (family.startsWith("_") ? name.endsWith(family) : name.startsWith(family)))
      .length,
  ]);
  return {
    variables: Object.fromEntries(names.filter(isSet).map((name) => [name, tell(name)])),
    others: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  };
}

/** Words of our catalog and of the servers, by which a line can be told. */
const codes = new Set([
  ...Object.keys(commandErrors),
  ...Object.keys(apiErrors),
  ...`refresh_token_reused refresh_token_expired refresh_token_invalidated invalid_grant token_expired
  token_invalidated token_revoked app_session_terminated account_session_expired account_auth_invalidated
  account_deactivated account_suspended account_deleted access_denied invalid_client unsupported_grant_type
  usage_limit_reached rate_limit_exceeded insufficient_quota`.split(/\s+/),
]);
const level = /\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR)\b/i;
const stamp = /^"?(\d{4}-\d\d-\d\dT[\d:.]{1,24}Z)/;
const status = /\b[1-5]\d\d\b/g;
const word = /[a-z][a-z_]{3,40}/g;

interface LogLine {
  at: string | null;
  level: string | null;
  /** Codes and three-digit numbers in it that we know. */
  codes: string[];
  statuses: number[];
  length: number;
}

/** A line of a log without its words: when, how grave, which known codes, how long. */
export function logOutline(line: string): LogLine {
  const text = line.slice(0, 10_000);
  return {
    at: timeOr(stamp.exec(text)?.[1] ?? null),
    level: level.exec(text)?.[0].toUpperCase() ?? null,
    codes: [...new Set(text.match(word) ?? [])].filter((each) => codes.has(each)),
    statuses: [...new Set(text.match(status) ?? [])].map(Number).filter((each) => statuses.has(each)),
    length: line.length,
  };
}

/** Answers of HTTP that a login meets. */
const statuses = new Set([
  200, 201, 302, 400, 401, 402, 403, 404, 407, 408, 409, 422, 426, 429, 500, 502, 503, 504,
]);

/** Names that Codex and codex-auth give. */
const fileNames = new Set(
  `auth.json auth.lock auth.json.lock config.toml installation_id models_cache.json history.jsonl version.json
  .sandbox_migration log codex-login.log codex-tui.log sessions archived_sessions shell_snapshots skills prompts rules
  memories AGENTS.md AGENTS.override.md instructions.md thread-writer-locks mcp-oauth-locks app-server-control
  app-server-daemon packages tmp worktrees cache .credentials.json internal_storage.json codex-auth pool.json
  limits.json names prompt proxied-sessions rotation.json rotation.log backups locks parked rescue homes code-cache store.lock
  state_5.sqlite logs_2.sqlite goals_1.sqlite memories_1.sqlite queue_1.sqlite thread_history_1.sqlite
  memories_v2_1.sqlite`.split(/\s+/),
);
const database = /^(.+\.sqlite)(-wal|-shm)$/;

const time = String.raw`\d{8}T\d{9}Z`;
/** Names that we make of fixed words, times and numbers. What else stands in them is not told. */
const patterns: readonly [RegExp, string][] = [
  [new RegExp(`^auth\\.json\\.broken-${time}$`), "auth.json.broken-<time>"],
  [new RegExp(`^config\\.toml\\.broken-${time}$`), "config.toml.broken-<time>"],
  [new RegExp(`^pool\\.json\\.broken-${time}$`), "pool.json.broken-<time>"],
  [new RegExp(`^exec-${time}-`), "exec-<time>-…"],
  [new RegExp(`^[0-9a-f]{12}-${time}-`), "<id>-<time>-…"],
  [/^refresh-\w+\.lock$/, "refresh-<id>.lock"],
  [/^\..+\.[0-9a-f]{16}\.codex-auth-tmp$/, "….codex-auth-tmp"],
  [/^.+\.config\.toml$/, "….config.toml"],
  [/^(?:state|logs|goals|memories|queue|thread_history)_\d{1,2}\.sqlite$/, "<database>_<n>.sqlite"],
];
const endings = /\.(?:json|jsonl|toml|sqlite|log|lock|md|txt|sh|bak|old|tmp|yaml|yml)$/;

/** A path below CODEX_HOME, of names that we know; of others only the length and a common ending. */
export function fileLabel(path: string): string {
  return path.split("/").map(nameLabel).join("/");
}

function nameLabel(name: string): string {
  if (fileNames.has(name)) return name;
  const [, base = "", suffix = ""] = database.exec(name) ?? [];
  if (fileNames.has(base)) return `${base}${suffix}`;
  const known = patterns.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  return `[name, ${name.length} characters${endings.exec(name)?.[0].replace(".", ", .") ?? ""}]`;
}

/** Choices that Codex does not check, or whose list the server makes. */
const otherWords = `minimal xhigh max ultra flex fast priority default openai ollama lmstudio amazon-bedrock`;
/** A name of a model made of words that OpenAI uses; what somebody adds to it is not told. */
const modelName =
  /^(?:gpt-\d(?:\.\d{1,2})?|gpt-4o|gpt-oss|o\d)(?:-(?:codex|mini|max|nano|pro|latest|spark))*$/;

/** The settings of config.toml: keys and words that Codex knows, switches, and of anything else what kind it is. */
export function outlineOf(tree: unknown): unknown {
  const known: ConfigNode = { table: configSchema() };
  const words = new Set([...otherWords.split(" "), ...choicesIn(known)]);
  return outline(tree, known, (value) => words.has(value) || modelName.test(value));
}

type IsKnown = (value: string) => boolean;

function outline(value: unknown, known: ConfigNode | undefined, isKnown: IsKnown): unknown {
  if (isTable(value)) return tableOutline(value, known, isKnown);
  if (Array.isArray(value)) return value.map((each) => outline(each, known?.items, isKnown));
  if (typeof value === "string") return wordOr(value, isKnown);
  if (typeof value === "boolean" || value === null || value === undefined) return value;
  if (value instanceof Date) return "[time]";
  if (typeof value !== "number" && typeof value !== "bigint") return "[unknown]";
  const isNumber = known?.integer !== undefined || known?.float === true;
  return isNumber ? Number(value) : `[number, ${String(value).length} characters]`;
}

function tableOutline(
  table: Record<string, unknown>,
  known: ConfigNode | undefined,
  isKnown: IsKnown,
): object {
  const fields = known?.table?.fields ?? {};
  const others = known?.table?.others;
  const entries = Object.entries(table).map(([key, child], index): [string, unknown] => {
    const isField = Object.hasOwn(fields, key);
    const name = isField ? key : `[name ${index + 1}, ${key.length} characters]`;
    const below = isField ? fields[key] : typeof others === "object" ? others : undefined;
    return [name, outline(child, below, isKnown)];
  });
  return Object.fromEntries(entries);
}

function choicesIn({ text, items, table }: ConfigNode): string[] {
  const own = Array.isArray(text) ? (text as string[]) : [];
  const below = [
    ...Object.values(table?.fields ?? {}),
    ...(typeof table?.others === "object" ? [table.others] : []),
    ...(items ? [items] : []),
  ];
  return [...own, ...below.flatMap(choicesIn)];
}
