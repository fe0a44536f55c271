import { configSchema } from "./schema.ts";
import { type ConfigTree, configValue, isTable, withValue } from "./tree.ts";
import { configFaults } from "./values.ts";

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
  const known = Object.keys(configSchema().fields);
  return [...Object.keys(tree).flatMap((key) => ignoredAtTop(key, known)), ...ignoredInServers(tree)];
}

function ignoredAtTop(key: string, known: readonly string[]): IgnoredKey[] {
  const successor = retired.get(key);
  if (successor !== undefined) return [{ path: [key], instead: successor, belongs: null, isRetired: true }];
  if (known.includes(key)) return [];
  const place = Object.hasOwn(misplaced, key) ? misplaced[key] : undefined;
  if (place) return [{ path: [key], ...place, isRetired: false }];
  const meant = known.find((each) => isNear(each, key));
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

/** Codex would start with the value of a key under another name. */
export function isTakenAs(tree: ConfigTree, path: readonly string[], name: string): boolean {
  const renamed = [...path.slice(0, -1), name];
  const faults = configFaults(withValue({}, renamed, configValue(tree, path)));
  return !faults.some((fault) => renamed.every((key, index) => fault.path[index] === key));
}
