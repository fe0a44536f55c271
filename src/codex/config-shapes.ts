/**
 * What Codex 0.169 accepts as the value of a key; with any other it does not start. `list` holds text only; integers
 * reach from 0 to `max`, or to the same below 0 when signed.
 */
export type ConfigShape =
  | {
      kind:
        | "text"
        | "word"
        | "flag"
        | "table"
        | "list"
        | "number"
        | "text or list"
        | "flag or table"
        | "flag or list";
    }
  | { kind: "integer"; max: number; isSigned: boolean }
  | { kind: "choice"; choices: readonly string[]; mayBeTable: boolean };

export interface ShapedKey {
  /** `*` stands for any one key. */
  pattern: readonly string[];
  shape: ConfigShape;
}

const plain = {
  text: `model review_model model_provider instructions developer_instructions compact_prompt service_tier
    model_instructions_file model_catalog_json experimental_compact_prompt_file default_permissions profile
    chatgpt_base_url openai_base_url sqlite_home log_dir
    mcp_oauth_callback_url js_repl_node_path oss_provider apps_mcp_product_sku tui.theme profiles.*.model
    mcp_servers.*.command mcp_servers.*.url mcp_servers.*.cwd mcp_servers.*.bearer_token_env_var
    model_providers.*.name model_providers.*.base_url model_providers.*.env_key
    model_providers.*.env_key_instructions model_providers.*.experimental_bearer_token
    model_providers.*.http_headers.* model_providers.*.env_http_headers.* model_providers.*.query_params.*
    mcp_servers.*.env.* mcp_servers.*.http_headers.* mcp_servers.*.env_http_headers.* mcp_servers.*.oauth_resource
    shell_environment_policy.set.* memories.extract_model memories.consolidation_model otel.environment
    audio.microphone audio.speaker auto_review.policy experimental_realtime_ws_base_url
    experimental_realtime_ws_model`,
  /** Text that may not be empty. */
  word: "model_reasoning_effort plan_mode_reasoning_effort",
  flag: `allow_login_shell allow_symlinked_codex_home hide_agent_reasoning show_raw_agent_reasoning
    include_permissions_instructions include_apps_instructions include_environment_context
    include_collaboration_mode_instructions suppress_unstable_features_warning check_for_update_on_startup
    disable_paste_burst experimental_use_unified_exec_tool analytics.enabled feedback.enabled tui.animations
    sandbox_workspace_write.network_access sandbox_workspace_write.exclude_slash_tmp
    sandbox_workspace_write.exclude_tmpdir_env_var shell_environment_policy.ignore_default_excludes
    mcp_servers.*.enabled mcp_servers.*.required mcp_servers.*.supports_parallel_tool_calls
    model_providers.*.requires_openai_auth model_providers.*.supports_websockets apps.*.enabled plugins.*.enabled
    shell_environment_policy.experimental_use_profile tui.show_tooltips tui.vim_mode_default otel.log_user_prompt
    agents.interrupt_message memories.use_memories memories.generate_memories skills.bundled.enabled
    skills.include_instructions notice.hide_full_access_warning notice.hide_world_writable_warning
    notice.hide_rate_limit_model_nudge ghost_snapshot.disable_warnings`,
  table: `auto_review shell_environment_policy sandbox_workspace_write model_providers mcp_servers profiles
    history tui orchestrator cloud projects tools tool_suggest skills features apps plugins marketplaces
    memories hooks permissions agents desktop ghost_snapshot analytics feedback otel windows notice audio
    realtime responses_api_metadata shell_environment_policy.set mcp_servers.*.env mcp_servers.*.http_headers
    model_providers.*.query_params model_providers.*.http_headers model_providers.*.env_http_headers
    profiles.* projects.* apps.* plugins.* marketplaces.* permissions.* mcp_servers.*.env_http_headers
    mcp_servers.*.oauth mcp_servers.*.tools model_providers.*.auth model_providers.*.aws skills.bundled tui.keymap
    notice.model_migrations`,
  list: `notify project_doc_fallback_filenames js_repl_node_module_dirs project_root_markers
    sandbox_workspace_write.writable_roots shell_environment_policy.include_only
    shell_environment_policy.exclude mcp_servers.*.args mcp_servers.*.enabled_tools
    mcp_servers.*.disabled_tools mcp_servers.*.scopes tui.status_line tui.terminal_title`,
  number: "mcp_servers.*.startup_timeout_sec mcp_servers.*.tool_timeout_sec",
  "text or list": "forced_chatgpt_workspace_id",
  "flag or table": "features.* tools.web_search",
  "flag or list": "tui.notifications",
} as const;

const u64 = Number.MAX_SAFE_INTEGER;

const integers: Record<string, { max: number; isSigned?: boolean }> = {
  model_context_window: { max: u64, isSigned: true },
  model_auto_compact_token_limit: { max: u64, isSigned: true },
  model_post_turn_compact_threshold_percent: { max: 255 },
  mcp_oauth_callback_port: { max: 65_535 },
  mcp_optional_startup_grace_ms: { max: u64 },
  project_doc_max_bytes: { max: u64 },
  tool_output_token_limit: { max: u64 },
  background_terminal_max_timeout: { max: u64 },
  thread_unload_delay_secs: { max: u64 },
  "history.max_bytes": { max: u64 },
  "mcp_servers.*.startup_timeout_ms": { max: u64 },
  "model_providers.*.request_max_retries": { max: u64 },
  "model_providers.*.stream_max_retries": { max: u64 },
  "model_providers.*.stream_idle_timeout_ms": { max: u64 },
  "model_providers.*.websocket_connect_timeout_ms": { max: u64 },
  "agents.max_threads": { max: u64 },
  "agents.max_depth": { max: 2_147_483_647, isSigned: true },
  "agents.job_max_runtime_seconds": { max: u64 },
  "memories.max_raw_memories_for_consolidation": { max: u64 },
  "memories.max_rollouts_per_startup": { max: u64 },
  "memories.max_rollout_age_days": { max: u64, isSigned: true },
  "memories.min_rollout_idle_hours": { max: u64, isSigned: true },
  "memories.max_unused_days": { max: u64, isSigned: true },
  "ghost_snapshot.ignore_large_untracked_files": { max: u64, isSigned: true },
  "ghost_snapshot.ignore_large_untracked_dirs": { max: u64, isSigned: true },
};

/** `untrusted` is parsed and then refused: see retiredApprovalPolicy. */
const approvalPolicies = "untrusted on-failure on-request never";
const sandboxModes = "read-only workspace-write danger-full-access";

const choices: Record<string, string> = {
  sandbox_mode: sandboxModes,
  "profiles.*.sandbox_mode": sandboxModes,
  approval_policy: approvalPolicies,
  "profiles.*.approval_policy": approvalPolicies,
  approvals_reviewer: "user auto_review guardian_subagent",
  forced_login_method: "chatgpt api",
  cli_auth_credentials_store: "file keyring auto ephemeral",
  mcp_oauth_credentials_store: "auto file keyring",
  model_auto_compact_token_limit_scope: "total body_after_prefix",
  model_reasoning_summary: "auto concise detailed none",
  model_verbosity: "low medium high",
  personality: "none friendly pragmatic",
  file_opener: "vscode vscode-insiders windsurf cursor none",
  web_search: "disabled cached indexed live",
  "history.persistence": "save-all none",
  "tui.notification_method": "auto osc9 osc777 bel",
  "tui.notification_condition": "unfocused always",
  "tui.alternate_screen": "auto always never",
  "tui.session_picker_view": "comfortable dense",
  "windows.sandbox": "elevated unelevated mxc",
  "mcp_servers.*.default_tools_approval_mode": "auto prompt writes approve",
  "shell_environment_policy.inherit": "core all none",
  "projects.*.trust_level": "trusted untrusted",
  "model_providers.*.wire_api": "responses",
};

/** Every key whose shape was measured. */
export function shapedKeys(): ShapedKey[] {
  return [
    ...Object.entries(plain).flatMap(([kind, keys]) =>
      words(keys).map((key) => shaped(key, { kind: kind as keyof typeof plain })),
    ),
    ...Object.entries(integers).map(([key, { max, isSigned = false }]) =>
      shaped(key, { kind: "integer", max, isSigned }),
    ),
    ...Object.entries(choices).map(([key, written]) =>
      shaped(key, { kind: "choice", choices: words(written), mayBeTable: key.endsWith("approval_policy") }),
    ),
  ];
}

function shaped(key: string, shape: ConfigShape): ShapedKey {
  return { pattern: key.split("."), shape };
}

function words(text: string): string[] {
  return text.split(/\s+/);
}
