import { chosenProvider, isKnownProvider } from "./providers.ts";
import { configString, configValue, isTable, type ConfigTree } from "./config-tree.ts";

/** A provider that no login of auth.json reaches. */
export interface OtherProvider {
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
