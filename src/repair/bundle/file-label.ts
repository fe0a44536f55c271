/** Names that Codex and codex-auth give. */
const names = new Set(
  `auth.json auth.lock auth.json.lock config.toml installation_id models_cache.json history.jsonl version.json
  .sandbox_migration log codex-login.log codex-tui.log sessions archived_sessions shell_snapshots skills prompts rules
  memories AGENTS.md AGENTS.override.md instructions.md thread-writer-locks mcp-oauth-locks app-server-control
  app-server-daemon packages tmp worktrees cache .credentials.json internal_storage.json codex-auth pool.json
  limits.json proxied-sessions rotation.json rotation.log backups locks parked rescue homes code-cache store.lock
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
  if (names.has(name)) return name;
  const [, base = "", suffix = ""] = database.exec(name) ?? [];
  if (names.has(base)) return `${base}${suffix}`;
  const known = patterns.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  return `[name, ${name.length} characters${endings.exec(name)?.[0].replace(".", ", .") ?? ""}]`;
}
