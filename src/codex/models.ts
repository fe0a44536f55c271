import { configString, type ConfigTree, configValue, isTable } from "./config/tree.ts";

/** The names of the models in a models_cache.json; none when it cannot be understood. */
export function modelsInCache(text: string): string[] {
  try {
    const document: unknown = JSON.parse(text);
    const models = hasField(document, "models") ? document["models"] : [];
    return Array.isArray(models) ? models.flatMap(slugOf) : [];
  } catch {
    return [];
  }
}

function slugOf(model: unknown): string[] {
  return hasField(model, "slug") && typeof model["slug"] === "string" ? [model["slug"]] : [];
}

function hasField<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === "object" && value !== null && name in value;
}

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

/** A provider that no login of auth.json reaches. */
interface OtherProvider {
  id: string;
  /** What it takes instead, as half a sentence. */
  instead: string;
}

/** The chosen provider where Codex sends it no login; null where it sends that of auth.json. */
export function providerWithoutLogin(tree: ConfigTree): OtherProvider | null {
  const id = chosenProvider(tree);
  if (id === "openai" || !isKnownProvider(tree, id)) return null;
  const table = ["model_providers", id];
  const value = (key: string) => configValue(tree, [...table, key]);
  if (value("requires_openai_auth") === true && !isTable(value("auth"))) return null;
  return { id, instead: insteadOf(tree, table) };
}

function insteadOf(tree: ConfigTree, table: readonly string[]): string {
  const variable = configString(tree, [...table, "env_key"]);
  if (variable !== undefined) return `it takes its key from ${variable}`;
  if (configString(tree, [...table, "experimental_bearer_token"]) !== undefined)
    return "it has a token of its own";
  if (isTable(configValue(tree, [...table, "auth"]))) return "a command of its own gives it a token";
  if (table[1] === "amazon-bedrock" || isTable(configValue(tree, [...table, "aws"])))
    return "it uses a login of AWS";
  return "it gets none";
}
