import { configString, configValue, isTable, type ConfigTree } from "./config-tree.ts";

/** Names that Codex keeps for itself; `amazon-bedrock` may be adjusted, the others may not be defined. */
export const reservedProviders = ["openai", "ollama", "lmstudio"] as const;

const builtIn = new Set<string>([...reservedProviders, "amazon-bedrock"]);

/** Where the built-in providers of this machine listen. */
const localPorts: Record<string, number> = { ollama: 11_434, lmstudio: 1234 };

/** The providers that config.toml defines. */
export function definedProviders(tree: ConfigTree): string[] {
  const providers = configValue(tree, ["model_providers"]);
  return isTable(providers) ? Object.keys(providers).filter((id) => isTable(providers[id])) : [];
}

/** The one that Codex asks. */
export function chosenProvider(tree: ConfigTree): string {
  return configString(tree, ["model_provider"]) ?? "openai";
}

export function isKnownProvider(tree: ConfigTree, id: string): boolean {
  return builtIn.has(id) || definedProviders(tree).includes(id);
}

/** The key that says where the chosen provider is, and what it says; null where Codex knows that by itself. */
export function providerBaseUrl(tree: ConfigTree): { path: string[]; url: string } | null {
  const id = chosenProvider(tree);
  const path = id === "openai" ? ["openai_base_url"] : ["model_providers", id, "base_url"];
  const url = configString(tree, path);
  if (url !== undefined) return { path, url };
  const port = Object.hasOwn(localPorts, id) ? localPorts[id] : undefined;
  return port === undefined ? null : { path: ["model_provider"], url: `http://127.0.0.1:${port}/v1` };
}
