import { readConfig } from "./toml.ts";
import { type ConfigPath, type ConfigTree, isTable, withValue } from "./tree.ts";

/**
 * Where a configuration comes from. Later kinds win: a project over the user, the command line over both, and who manages
 * the machine over everybody.
 */
export type LayerKind = "system" | "user" | "profile" | "project" | "command" | "managed" | "requirements";

export interface ConfigLayer {
  kind: LayerKind;
  file: string;
  tree: ConfigTree;
}

/** What a project may not say, because it comes with somebody's files; Codex passes over it. Of Codex 0.171. */
const notForProjects = new Set([
  "openai_base_url",
  "chatgpt_base_url",
  "apps_mcp_product_sku",
  "model_provider",
  "model_providers",
  "notify",
  "profile",
  "profiles",
  "experimental_realtime_webrtc_call_base_url",
  "experimental_realtime_ws_base_url",
  "otel",
]);

/** What a file of requirements sets itself; the rest of it limits what others set. Seen with Codex 0.171. */
const setByRequirements = new Set([
  "chatgpt_base_url",
  "cli_auth_credentials_store",
  "model_provider",
  "model_providers",
]);

/** The part of a layer that counts. */
export function countingTree({ kind, tree }: ConfigLayer): ConfigTree {
  if (kind !== "project" && kind !== "requirements") return tree;
  const counts = (key: string) =>
    kind === "project" ? !notForProjects.has(key) : setByRequirements.has(key);
  const kept = Object.entries(tree).filter(([key]) => counts(key));
  return Object.assign(Object.create(null) as ConfigTree, Object.fromEntries(kept));
}

/** The keys of a layer that Codex passes over because of where they stand. */
export function keysNotForProjects({ kind, tree }: ConfigLayer): string[] {
  return kind === "project" ? Object.keys(tree).filter((key) => notForProjects.has(key)) : [];
}

/** What all layers say together, the first one the weakest. Tables are joined, everything else is replaced. */
export function mergedTree(layers: readonly ConfigLayer[]): ConfigTree {
  return layers.map(countingTree).reduce(joined, Object.create(null) as ConfigTree);
}

function joined(under: ConfigTree, over: ConfigTree): ConfigTree {
  const tree = Object.assign(Object.create(null) as ConfigTree, under);
  for (const [key, value] of Object.entries(over)) {
    const below = tree[key];
    tree[key] = isTable(below) && isTable(value) ? joined(below, value) : value;
  }
  return tree;
}

/** The layer whose value of a key counts; null where none has it. */
export function layerOf(layers: readonly ConfigLayer[], path: ConfigPath): ConfigLayer | null {
  return layers.findLast((layer) => hasKey(countingTree(layer), path)) ?? null;
}

function hasKey(tree: ConfigTree, [first = "", ...rest]: ConfigPath): boolean {
  if (!Object.hasOwn(tree, first)) return false;
  const value = tree[first];
  return rest.length === 0 || (isTable(value) && hasKey(value, rest));
}

/** What the words behind `codex` say about its configuration. */
export interface ConfigArguments {
  /** `-p NAME` */
  profile: string | null;
  /** `-C DIR`: where it works, instead of here. */
  folder: string | null;
  /** Of every `-c key=value`, the last one the strongest. */
  settings: ConfigTree;
  ignoresUser: boolean;
}

export function configArguments(args: readonly string[]): ConfigArguments {
  const end = args.indexOf("--");
  const words = end < 0 ? args : args.slice(0, end);
  const settings = valuesOf(words, "-c", "--config").reduce(withSetting, {});
  return {
    profile: valuesOf(words, "-p", "--profile").at(-1) ?? null,
    folder: valuesOf(words, "-C", "--cd").at(-1) ?? null,
    settings,
    ignoresUser: words.includes("--ignore-user-config"),
  };
}

/** `-c x`, `-cx`, `-c=x`, `--config x` and `--config=x`, as Codex takes them. */
function valuesOf(words: readonly string[], short: string, long: string): string[] {
  return words.flatMap((word, index) => {
    if (word === short || word === long) return words[index + 1] ?? [];
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
    const isAttached = word.startsWith(short) && !word.startsWith("--");
    return isAttached ? word.slice(short.length).replace(/^=/, "") : [];
  });
}

/** What is no value of TOML is text; Codex says itself what has no `=`. */
function withSetting(tree: ConfigTree, word: string): ConfigTree {
  const [, path = "", written = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  if (path === "") return tree;
  const reading = readConfig(`value = ${written.trim()}`);
  const value =
    reading.kind === "tree" ? reading.tree["value"] : written.trim().replace(/^["']+|["']+$/g, "");
  return withValue(tree, path.trim().split("."), value);
}
