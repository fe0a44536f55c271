import { configValue, isTable } from "../codex/config-tree.ts";
import type { ConfigTree } from "../codex/config-tree.ts";

/** The providers of config.toml whose `env_key` is this variable. */
export function providersReading(tree: ConfigTree | null, variable: string): string[] {
  const providers = tree && configValue(tree, ["model_providers"]);
  if (!isTable(providers)) return [];
  return Object.entries(providers)
    .filter(([, provider]) => isTable(provider) && provider["env_key"] === variable)
    .map(([id]) => id);
}
