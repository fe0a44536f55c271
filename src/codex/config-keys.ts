import { configValue, isTable, type ConfigTree } from "./config-tree.ts";

/** Every key that Codex 0.169 reads at the top of a config.toml; it ignores all others. */
export const knownKeys: readonly string[] =
  `allow_login_shell allow_symlinked_codex_home agents analytics approval_policy approvals_reviewer
  apps apps_mcp_product_sku audio auto_review background_terminal_max_timeout chatgpt_base_url
  check_for_update_on_startup cli_auth_credentials_store cloud compact_prompt default_permissions desktop
  developer_instructions disable_paste_burst experimental_compact_prompt_file
  experimental_realtime_start_instructions experimental_realtime_webrtc_call_base_url
  experimental_realtime_ws_backend_prompt experimental_realtime_ws_base_url experimental_realtime_ws_model
  experimental_realtime_ws_startup_context experimental_thread_store experimental_thread_store_endpoint
  experimental_use_unified_exec_tool features feedback file_opener forced_chatgpt_workspace_id
  forced_login_method ghost_snapshot hide_agent_reasoning history hooks include_apps_instructions
  include_collaboration_mode_instructions include_environment_context include_permissions_instructions
  instructions js_repl_node_module_dirs js_repl_node_path log_dir marketplaces mcp_enterprise_managed_auth
  mcp_oauth_callback_port mcp_oauth_callback_url mcp_oauth_credentials_store mcp_optional_startup_grace_ms
  mcp_servers memories model model_auto_compact_token_limit model_auto_compact_token_limit_scope
  model_catalog_json model_context_window model_instructions_file model_post_turn_compact_threshold_percent
  model_provider model_providers model_reasoning_effort model_reasoning_summary model_verbosity notice notify
  openai_base_url orchestrator oss_provider otel permissions personality plan_mode_reasoning_effort plugins
  profile profiles project_doc_fallback_filenames project_doc_max_bytes project_root_markers projects realtime
  responses_api_metadata review_model sandbox_mode sandbox_workspace_write service_tier
  shell_environment_policy show_raw_agent_reasoning skills sqlite_home suppress_unstable_features_warning
  thread_unload_delay_secs tool_output_token_limit tool_suggest tools tui web_search windows`.split(/\s+/);

/** Keys of older versions, with what is there instead; null when nothing is. */
const retired = new Map<string, string | null>([
  ["preferred_auth_method", "forced_login_method"],
  ["experimental_instructions_file", "model_instructions_file"],
  ["disable_response_storage", null],
  ["model_supports_reasoning_summaries", null],
  ["experimental_use_freeform_apply_patch", null],
  ["experimental_sandbox_command_assessment", null],
  ["commit_attribution", null],
  ["zsh_path", null],
]);

export interface IgnoredKey {
  path: string[];
  /** The key that was probably meant, or that took its place. */
  instead: string | null;
  /** Where a key of that name counts, as part of a sentence. */
  belongs: string | null;
  isRetired: boolean;
}

/** Keys of other clients, and of Codex itself, where they do nothing. */
const misplaced: Record<string, { instead: string | null; belongs: string | null }> = {
  network_access: { instead: null, belongs: "below [sandbox_workspace_write]" },
  approval_mode: { instead: "approval_policy", belongs: null },
};

/** Under an MCP server: what Codex reads at the top, and the names that other clients have. */
const ofServers: Record<string, string> = {
  headers: "http_headers",
  environment: "env",
  disabled: "enabled",
};

/** Keys that Codex passes over: those it once had, those in a wrong place, and those that look like a slip of the pen. */
export function ignoredKeys(tree: ConfigTree): IgnoredKey[] {
  return [...Object.keys(tree).flatMap(ignoredAtTop), ...ignoredInServers(tree)];
}

function ignoredAtTop(key: string): IgnoredKey[] {
  const successor = retired.get(key);
  if (successor !== undefined) return [{ path: [key], instead: successor, belongs: null, isRetired: true }];
  if (knownKeys.includes(key)) return [];
  const place = Object.hasOwn(misplaced, key) ? misplaced[key] : undefined;
  if (place) return [{ path: [key], ...place, isRetired: false }];
  const meant = knownKeys.find((each) => isNear(each, key));
  return meant === undefined ? [] : [{ path: [key], instead: meant, belongs: null, isRetired: false }];
}

function ignoredInServers(tree: ConfigTree): IgnoredKey[] {
  const servers = configValue(tree, ["mcp_servers"]);
  if (!isTable(servers)) return [];
  return Object.entries(servers).flatMap(([server, table]) =>
    Object.keys(isTable(table) ? table : {}).flatMap((key): IgnoredKey[] => {
      const path = ["mcp_servers", server, key];
      const instead = Object.hasOwn(ofServers, key) ? (ofServers[key] ?? null) : null;
      if (instead !== null) return [{ path, instead, belongs: null, isRetired: false }];
      const belongs = "at the top of the file, before the first table";
      return topOnly.test(key) ? [{ path, instead: null, belongs, isRetired: false }] : [];
    }),
  );
}

/** What says where Codex goes, with which login, and what it may do. */
const topOnly =
  /^(?:(?:openai|chatgpt)_base_url|forced_\w+|cli_auth_credentials_store|model(?:_provider|_reasoning_effort)?|sandbox_mode|approval_policy)$/;

/** One letter too many, too few, other or swapped with its neighbour; `-` and capitals count as nothing. */
function isNear(wanted: string, written: string): boolean {
  const a = bare(wanted);
  const b = bare(written);
  if (a === b) return true;
  if (a.length < 5 || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const rest = [a.slice(start), b.slice(start)] as const;
  return (
    rest[0].slice(1) === rest[1].slice(1) ||
    rest[0].slice(1) === rest[1] ||
    rest[0] === rest[1].slice(1) ||
    (rest[0].slice(2) === rest[1].slice(2) && rest[0][0] === rest[1][1] && rest[0][1] === rest[1][0])
  );
}

function bare(key: string): string {
  return key.toLowerCase().replaceAll(/[-_ .]/g, "");
}
